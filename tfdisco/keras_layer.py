"""What all layers, and all networks, of this project have in common."""

import tensorflow as tf


class Layer(tf.keras.layers.Layer):
    """A layer whose constructor makes all of its weights, and that takes inputs as they are.

    Keras would cast them to float32, the type of the weights, and so undo half precision
    silently.
    """

    def __init__(self, **kwargs):
        """Takes the arguments of the Keras layer."""
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape=None):
        self.built = True  # nothing is left to make


class Model(tf.keras.Model):
    """A network whose constructor makes all of its weights, and that Keras saves and loads.

    A subclass is registered by a name of its own, adds its constructor's arguments to
    `get_config`, and sets `built` once it has made its weights.

    Example:
      network.save('network.keras')
      network = tf.keras.models.load_model('network.keras')  # its module is imported
    """

    def build(self, input_shape=None):
        self.built = True  # nothing is left to make

    def get_config(self):
        # Keras 2 leaves out both.
        return {**super().get_config(), 'name': self.name, 'trainable': self.trainable}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
