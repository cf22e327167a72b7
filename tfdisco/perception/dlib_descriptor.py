"""The face descriptor of dlib (King 2017), a residual network of 29 convolutions.

Its published weights separate people better than what can be trained on rendered ones.
They are not part of this package: scripts/import_weights.py converts them.
"""

import tensorflow as tf

from tfdisco.perception import network
from tfdisco.perception.layers import ConvUnit, DenseUnit
from tfdisco.shapes import check_shape

INPUT_SIZE, SIZE = 150, 128  # pixels of a side, and of the descriptor
MEAN_COLOR = (122.782, 117.001, 104.298)  # red, green, blue from 0 to 255
STEM = ('conv32_down', 32)
CONVS = ('conv1', 'conv2')  # of each block
# Name, channels, whether the block halves the size.
BLOCKS = (
    ('conv32_1', 32, False), ('conv32_2', 32, False), ('conv32_3', 32, False),
    ('conv64_down', 64, True), ('conv64_1', 64, False), ('conv64_2', 64, False),
    ('conv64_3', 64, False),
    ('conv128_down', 128, True), ('conv128_1', 128, False), ('conv128_2', 128, False),
    ('conv256_down', 256, True), ('conv256_1', 256, False), ('conv256_2', 256, False),
    ('conv256_down_out', 256, True),
)


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class DlibDescriptor(network.PerceptionNetwork):
    """Images [B, 150, 150, 3] in [-1, 1], of `recognition.crop`, to unit vectors [B, 128].

    `descriptor` gives what dlib gives: two of one person are less than 0.62 apart in the L2
    norm, the published threshold. They have lengths of 1.41 +- 0.07 on photographs, so the
    cosine of unit vectors tells as much; that threshold is then a cosine of 0.90.
    """

    KIND = 'dlib'
    BOX = (-0.4, -0.4, 0.4, 0.4)  # of `recognition.crop`
    STRANGERS = 0.85  # mean cosine of two people, photographs of LFW; of one person it is 0.95

    def __init__(self, frozen=True, **kwargs):
        """Makes it for weights to be set; frozen as in `layers.Unit`."""
        super().__init__(INPUT_SIZE, frozen, **kwargs)
        self.size = SIZE
        name, inputs = STEM
        self._add(name, ConvUnit(3, inputs, size=7, stride=2, padding='VALID', frozen=frozen))
        for name, outputs, halves in BLOCKS:
            self._add(f'{name}/conv1', ConvUnit(
                inputs, outputs, stride=2 if halves else 1,
                padding='VALID' if halves else 'SAME', frozen=frozen))
            self._add(f'{name}/conv2', ConvUnit(outputs, outputs, relu=False, frozen=frozen))
            inputs = outputs
        self._add('fc', DenseUnit(inputs, SIZE, relu=False, norm=False, frozen=frozen))
        self.built = True

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        names = [STEM[0], *(f'{name}/{conv}' for name, *_ in BLOCKS for conv in CONVS), 'fc']
        return {name: self._unit(name) for name in names}

    @property
    def config(self):
        """See `PerceptionNetwork`; there is nothing to choose."""
        return {}

    def call(self, images, training=None):
        return tf.math.l2_normalize(self.descriptor(images, training), axis=-1)

    def descriptor(self, images, training=None):
        """Images [B, 150, 150, 3] in [-1, 1] -> dlib's descriptor [B, 128]."""
        check_shape('images', images, ['B', INPUT_SIZE, INPUT_SIZE, 3])
        values = (127.5 * (images + 1.0) - tf.constant(MEAN_COLOR)) / 255.0
        values = self._unit(STEM[0])(tf.cast(values, self.precision), training=training)
        values = tf.nn.max_pool2d(values, 3, 2, 'VALID')
        for name, _, halves in BLOCKS:
            hidden = values
            for conv in CONVS:
                hidden = self._unit(f'{name}/{conv}')(hidden, training=training)
            if halves:
                values = tf.nn.avg_pool2d(values, 2, 2, 'VALID')
                values, hidden = _padded(values, hidden.shape), _padded(hidden, values.shape)
            values = tf.nn.relu(values + hidden)
        return self._unit('fc')(tf.reduce_mean(tf.cast(values, tf.float32), axis=[1, 2]))

    def _add(self, name, unit):
        setattr(self, name.replace('/', '_'), unit)

    def _unit(self, name):
        return getattr(self, name.replace('/', '_'))


def _padded(values, shape):
    """Zeros below, to the right and as further channels, where `shape` is larger."""
    missing = [max(0, there - here) for here, there in zip(values.shape[1:], shape[1:])]
    return tf.pad(values, [[0, 0], *([0, more] for more in missing)])
