"""Aligned pictures to w+ in one look: offsets from the w of the coefficients that are read.

Small steps are learned best (Tov et al. 2021): the coefficients say most of a face, and what
the network adds is of few directions a layer.
"""

import os

import tensorflow as tf

from tfdisco.perception import network, resize
from tfdisco.perception.backbone import BLOCKS, INPUT_SIZE, WIDTHS, Backbone
from tfdisco.perception.layers import ConvUnit, DenseUnit
from tfdisco.shapes import check_positive, check_shape

CHANNELS, HIDDEN = 48, 192  # of the last map, and units of the layer behind it
BUILT_IN = 'built-in'
KIND = 'encoder'
ADVICE = 'train one with scripts/train_encoder.py'


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class EncoderNetwork(network.PerceptionNetwork):
    """Images [B, S, S, 3] in [-1, 1] to offsets [B, num_ws, w_size], in deviations of w.

    Attributes:
      generator: the fingerprint of the generator whose w it gives, see `face_file`.
    """

    KIND = KIND

    def __init__(self, num_ws, w_size, generator='', widths=WIDTHS, blocks=BLOCKS,
                 channels=CHANNELS, hidden=HIDDEN, input_size=INPUT_SIZE, frozen=False, **kwargs):
        """See the class.

        Args:
          num_ws, w_size: of the generator.
          generator: see the class.
          widths, blocks: of the `Backbone`.
          channels: of the last map once it is reduced.
          hidden: units of the layer behind it.
          input_size: pixels of a side of the images.
          frozen: as in `layers.Unit`.
          **kwargs: of the Keras model.

        Raises:
          ValueError: if a size is not positive.
        """
        super().__init__(input_size, frozen, **kwargs)
        for name, value in (('num_ws', num_ws), ('w_size', w_size), ('channels', channels),
                            ('hidden', hidden), ('input_size', input_size)):
            check_positive(name, value)
        self.generator, self._ws = str(generator), (int(num_ws), int(w_size))
        self._channels, self._hidden_units = channels, hidden
        self.backbone = Backbone(widths, blocks, frozen)
        side = -(-input_size // 2 ** len(widths))
        self._reduce = ConvUnit(widths[-1], channels, size=1, frozen=frozen)
        self._hidden = DenseUnit(side * side * channels, hidden, frozen=frozen)
        # Nearly zero at first: the start that the coefficients give.
        self._offset = DenseUnit(hidden, num_ws * w_size, relu=False, norm=False, frozen=frozen,
                                 initializer=tf.keras.initializers.RandomNormal(stddev=1e-3))
        self.built = True

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        return {**self.backbone.units, 'reduce': self._reduce, 'hidden': self._hidden,
                'offset': self._offset}

    @property
    def config(self):
        """See `PerceptionNetwork`."""
        return {'num_ws': self._ws[0], 'w_size': self._ws[1], 'generator': self.generator,
                'widths': list(self.backbone.widths), 'blocks': list(self.backbone.counts),
                'channels': self._channels, 'hidden': self._hidden_units,
                'input_size': self.input_size}

    def call(self, images, training=None):
        check_shape('images', images, ['B', self.input_size, self.input_size, 3])
        maps = self.backbone(tf.cast(images, self.precision), training=training)
        values = tf.cast(self._reduce(maps[-1], training=training), tf.float32)
        _, height, width, channels = values.shape
        values = self._hidden(tf.reshape(values, [-1, height * width * channels]),
                              training=training)
        return tf.reshape(self._offset(values), [-1, *self._ws])


class Encoder:
    """Frozen: aligned pictures to offsets of w+.

    Attributes:
      network: the frozen `EncoderNetwork`.
    """

    NETWORKS = {KIND: EncoderNetwork}

    def __init__(self, frozen, spread):
        """Takes a frozen network and the deviation of w, `start.Mapping.spread`."""
        self.network, self._spread = frozen, spread
        self._graph = tf.function(self._look, reduce_retracing=True)

    @classmethod
    def load(cls, name, fingerprint, spread):
        """Loads 'built-in' or a file.

        Args:
          name: which.
          fingerprint: of the generator, see `face_file.fingerprint`.
          spread: see the class.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is not an encoder's, or one of another generator.
        """
        if name != BUILT_IN and not os.path.isfile(name):
            raise FileNotFoundError(f'encoder: expected a file, got none at {name}; {ADVICE}')
        try:
            frozen = network.load(name, cls.NETWORKS)
        except FileNotFoundError as error:
            raise FileNotFoundError(f'encoder: none is built in; {ADVICE}') from error
        if frozen.generator != fingerprint:
            raise ValueError(f'encoder: expected one of this generator, got {name} of another '
                             f'snapshot; {ADVICE}')
        return cls(frozen, spread)

    def __call__(self, images):
        """Aligned pictures [B, H, W, 3] in [-1, 1] -> what is added to w+, [B, num_ws, w_size]."""
        return self._graph(tf.convert_to_tensor(images, tf.float32))

    def _look(self, images):
        return self._spread * self.network(resize.to_square(images, self.network.input_size))
