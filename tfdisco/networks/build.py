"""Networks of a configuration, by an explicit table."""

from tfdisco.networks.stylegan import networks as stylegan
from tfdisco.networks.stylegan2 import discriminator as stylegan2_discriminator
from tfdisco.networks.stylegan2 import generator as stylegan2

GENERATORS = {'stylegan2': stylegan2.Generator, 'stylegan': stylegan.Generator}
DISCRIMINATORS = {'stylegan2': stylegan2_discriminator.Discriminator,
                  'stylegan': stylegan.Discriminator}


def build_generator(config, input_size, factor_sizes=None):
    """The generator of a `config.NetworkConfig` for inputs [B, input_size]; see `BaseGenerator`."""
    return GENERATORS[config.arch](config, input_size, factor_sizes)


def build_discriminator(config):
    """The discriminator of a `config.NetworkConfig`."""
    return DISCRIMINATORS[config.arch](config)
