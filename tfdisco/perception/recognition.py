"""Whose face a picture shows: the paper's deep identity feature f_id (Eq. 2)."""

import os

import tensorflow as tf

from tfdisco.perception import frozen_graph, importers, network, published, resize
from tfdisco.perception.backbone import BLOCKS, INPUT_SIZE, WIDTHS, Backbone
from tfdisco.perception.dlib_descriptor import DlibDescriptor
from tfdisco.perception.layers import ConvUnit, DenseUnit
from tfdisco.perception.mobile_face_net import MobileFaceNet
from tfdisco.shapes import check_positive, check_shape

CHANNELS, SIZE = 64, 128  # of the last map, and of the identity vector
SHARE = 0.8  # of the picture's width: the face without most of hair and background
# What of a picture that is: top, left, bottom, right from its middle, in its widths.
BOX = (-SHARE / 2, -SHARE / 2, SHARE / 2, SHARE / 2)


def crop(images, size, box=BOX):
    """The part of aligned pictures [B, H, W, 3] that recognition sees: [B, size, size, 3]."""
    height, width = (tf.cast(edge, tf.float32) for edge in resize.size(images))
    top, left, bottom, right = (width * edge for edge in box)
    return resize.resample(images, (0.5 * height + top, 0.5 * width + left,
                                    0.5 * height + bottom, 0.5 * width + right), size, size)


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class RecognitionNetwork(network.PerceptionNetwork):
    """Images [B, S, S, 3] in [-1, 1], of `crop`, to unit vectors [B, size].

    The cosine of two vectors, their product, is high if both pictures show one person.
    """

    KIND = 'recognition'
    BOX = BOX
    STRANGERS = 0.0  # mean cosine of two people

    def __init__(self, size=SIZE, widths=WIDTHS, blocks=BLOCKS, channels=CHANNELS,
                 input_size=INPUT_SIZE, frozen=False, **kwargs):
        """See the class.

        Args:
          size: of the vector.
          widths, blocks: of the `Backbone`.
          channels: of the last map once it is reduced.
          input_size: pixels of a side of the images.
          frozen: as in `layers.Unit`.
          **kwargs: of the Keras model.

        Raises:
          ValueError: if a size is not positive.
        """
        super().__init__(input_size, frozen, **kwargs)
        for name, value in (('size', size), ('channels', channels), ('input_size', input_size)):
            check_positive(name, value)
        self.size, self._channels = size, channels
        self.backbone = Backbone(widths, blocks, frozen)
        side = -(-input_size // 2 ** len(widths))
        self._reduce = ConvUnit(widths[-1], channels, size=1, frozen=frozen)
        self._vector = DenseUnit(side * side * channels, size, relu=False, frozen=frozen)
        self.built = True

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        return {**self.backbone.units, 'reduce': self._reduce, 'vector': self._vector}

    @property
    def config(self):
        """See `PerceptionNetwork`."""
        return {'size': self.size, 'widths': list(self.backbone.widths),
                'blocks': list(self.backbone.counts), 'channels': self._channels,
                'input_size': self.input_size}

    def call(self, images, training=None):
        check_shape('images', images, ['B', self.input_size, self.input_size, 3])
        maps = self.backbone(tf.cast(images, self.precision), training=training)
        values = tf.cast(self._reduce(maps[-1], training=training), tf.float32)
        _, height, width, channels = values.shape
        values = self._vector(tf.reshape(values, [-1, height * width * channels]),
                              training=training)
        return tf.math.l2_normalize(values, axis=-1)


class Recognition:
    """Frozen: pictures to unit identity vectors, differentiable in the pictures.

    Attributes:
      network: the frozen network, one of `NETWORKS`.
    """

    NETWORKS = {kind.KIND: kind for kind in (RecognitionNetwork, DlibDescriptor, MobileFaceNet)}

    def __init__(self, frozen):
        """Takes a frozen network."""
        self.network = frozen

    @classmethod
    def load(cls, name):
        """Loads weights.

        Args:
          name: 'built-in', 'dlib' or 'mobilefacenet' (as imported by
            scripts/import_weights.py), or a path; a frozen graph (.pb) becomes a
            `published.FaceNetRecognition`, which is called alike.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not one of a network of `NETWORKS`.
        """
        if os.fspath(name).endswith(frozen_graph.ENDING):
            return published.load_recognition(name)
        if name in importers.PACKAGES:
            path = importers.imported(name)
            if not path.exists():
                raise FileNotFoundError(f'recognition: expected imported weights in {path}, got '
                                        f'none; get them with {importers.PACKAGES[name].advice}')
            name = path
        return cls(network.load(name, cls.NETWORKS))

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1], framed as in `face3d.framing` -> [B, D]."""
        return self.network(crop(images, self.network.input_size, self.network.BOX))

    def similarity(self, first, second):
        """How alike two identities [B, D] are: [B], 1 for one picture, about 0 for two people.

        The cosine, moved and stretched by what the cosine of two people is on average, so
        that a margin such as the paper's 0.3 (Eq. 2) means the same with every network.
        """
        strangers = self.network.STRANGERS
        return (tf.reduce_sum(first * second, axis=-1) - strangers) / (1.0 - strangers)
