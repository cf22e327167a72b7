"""What all layers of this project have in common."""

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
