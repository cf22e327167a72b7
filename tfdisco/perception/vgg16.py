"""VGG16, by whose maps pictures are compared (LPIPS), from a file that the user has."""

import os

import tensorflow as tf

from tfdisco.perception import resize

# Of VGG16, as LPIPS takes them (Zhang et al. 2018).
LAYERS = ('block1_conv2', 'block2_conv2', 'block3_conv3', 'block4_conv3', 'block5_conv3')
MEAN = (103.939, 116.779, 123.68)  # blue, green, red from 0 to 255
SIDE = 128  # pixels of a side: larger ones take longer, and the generators here are small


class VGG16:
    """Maps of VGG16 (Simonyan and Zisserman 2015), from a file that the user has.

    size: channels of the last map.
    """

    size = 512

    def __init__(self, path, side=SIDE):
        """Reads Keras' published weights without top.

        Args:
          path: of vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5.
          side: pixels of a side that pictures are brought to.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not that network's.
        """
        if not os.path.isfile(path):
            raise FileNotFoundError(f'vgg16: expected a file, got none at {path}')
        try:
            network = tf.keras.applications.VGG16(include_top=False, weights=os.fspath(path))
        except Exception as error:  # h5py and Keras raise anything over another file
            raise ValueError(f'vgg16: {path}: expected Keras\' weights of VGG16 without top '
                             f'(.h5), got a file that cannot be read ({error})') from error
        network.trainable = False
        self._network = tf.keras.Model(
            network.input, [network.get_layer(name).output for name in LAYERS])
        self._side = side

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> list of [B, h, w, C]."""
        values = 127.5 * (resize.to_square(images, self._side) + 1.0)
        return self._network(tf.reverse(values, [-1]) - tf.constant(MEAN))
