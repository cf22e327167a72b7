"""What networks see in pictures, for the perceptual term: maps of several sizes."""

import os

import tensorflow as tf

from tfdisco.perception import resize
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition, RecognitionNetwork, crop

BUILT_IN = 'built-in'
# Of VGG16, as LPIPS takes them (Zhang et al. 2018).
VGG_LAYERS = ('block1_conv2', 'block2_conv2', 'block3_conv3', 'block4_conv3', 'block5_conv3')
VGG_MEAN = (103.939, 116.779, 123.68)  # blue, green, red from 0 to 255
VGG_SIDE = 128  # pixels of a side: larger ones take longer, and the generators here are small


class Trunks:
    """Maps of the backbones of the recognition and the parsing network that ship.

    One has learned what tells people apart, the other where skin, hair and background meet.
    """

    def __init__(self, recognition=None, parsing=None):
        """Takes `RecognitionNetwork` and `ParsingNetwork`, or loads the built-in ones."""
        recognition = recognition or Recognition.load(BUILT_IN).network
        if not isinstance(recognition, RecognitionNetwork):
            raise ValueError("features: expected a recognition network of tfdisco's own, got "
                             f'{type(recognition).__name__}')
        self._recognition = recognition
        self._parsing = parsing or Parsing.load(BUILT_IN).network

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> list of [B, h, w, C]."""
        return [*self._recognition.backbone(crop(images, self._recognition.input_size)),
                *self._parsing.backbone(resize.to_square(images, self._parsing.input_size))]


class VGG16:
    """Maps of VGG16 (Simonyan and Zisserman 2015), from a file that the user has."""

    def __init__(self, path, side=VGG_SIDE):
        """Reads Keras' published weights without top.

        Args:
          path: of vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5.
          side: pixels of a side that pictures are brought to.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not that network's.
        """
        if not os.path.isfile(path):
            raise FileNotFoundError(f'features: expected a file, got none at {path}')
        try:
            network = tf.keras.applications.VGG16(include_top=False, weights=os.fspath(path))
        except Exception as error:  # h5py and Keras raise anything over another file
            raise ValueError(f'features: {path}: expected Keras\' weights of VGG16 without top '
                             f'(.h5), got a file that cannot be read ({error})') from error
        network.trainable = False
        self._network = tf.keras.Model(
            network.input, [network.get_layer(name).output for name in VGG_LAYERS])
        self._side = side

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> list of [B, h, w, C]."""
        values = 127.5 * (resize.to_square(images, self._side) + 1.0)
        return self._network(tf.reverse(values, [-1]) - tf.constant(VGG_MEAN))


def load(name=BUILT_IN):
    """'built-in' (`Trunks`), or the path of a file of `VGG16`."""
    return Trunks() if name == BUILT_IN else VGG16(name)
