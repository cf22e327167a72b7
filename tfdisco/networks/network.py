"""What generators and discriminators have in common: the configuration they are made of."""

import dataclasses

from tfdisco.keras_layer import Model
from tfdisco.networks.config import NetworkConfig


class ConfiguredNetwork(Model):
    """A network whose constructor takes a `config.NetworkConfig` first and makes all weights.

    Attributes:
      config: the `config.NetworkConfig`.
    """

    def __init__(self, config, **kwargs):
        """Takes a `config.NetworkConfig` and arguments of the Keras model."""
        super().__init__(**kwargs)
        self.config = config

    def get_config(self):
        return {**super().get_config(), 'config': dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config):
        return super().from_config({**config, 'config': NetworkConfig(**config['config'])})
