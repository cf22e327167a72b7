"""MobileFaceNet (Chen et al. 2018), a small recogniser that no network here has learned from.

Its published weights are not part of this package: scripts/import_weights.py converts them.
"""

import tensorflow as tf

from tfdisco.perception import network
from tfdisco.perception.layers import ConvUnit, DepthwiseUnit
from tfdisco.shapes import check_shape

INPUT_SIZE, SIZE = 112, 192  # pixels of a side, and of the vector
STEM, TAIL, LAST_SIDE = 64, 512, 7  # channels; pixels of a side of the last map
# Number in the published names, blocks, channels inside and behind, stride of the first block.
STAGES = ((2, 5, 128, 64, 2), (3, 1, 256, 128, 2), (4, 6, 256, 128, 1), (5, 1, 512, 128, 2),
          (6, 2, 256, 128, 1))


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class MobileFaceNet(network.PerceptionNetwork):
    """Images [B, 112, 112, 3] in [-1, 1], of `recognition.crop`, to unit vectors [B, 192].

    Inverted residual blocks: channels widened by a 1 x 1 convolution, a convolution of each
    by itself, and narrowed again.
    """

    KIND = 'mobilefacenet'
    # Of `recognition.crop`: 9.8 to 246.5 across and -19.8 to 220.1 down of 256 pixels.
    BOX = (-147.8 / 256, -118.2 / 256, 92.1 / 256, 118.5 / 256)
    STRANGERS = 0.08  # mean cosine of two people, photographs of LFW; of one person it is 0.65

    def __init__(self, frozen=True, **kwargs):
        """Makes it for weights to be set; frozen as in `layers.Unit`."""
        super().__init__(INPUT_SIZE, frozen, **kwargs)
        self.size, self._names, self._blocks = SIZE, [], []
        self._add('stem', ConvUnit(3, STEM, stride=2, prelu=True, frozen=frozen))
        self._add('stem/depthwise', DepthwiseUnit(STEM, prelu=True, frozen=frozen))
        self._add('stem/linear', ConvUnit(STEM, STEM, size=1, relu=False, frozen=frozen))
        inputs = STEM
        for stage, count, inside, outputs, first_stride in STAGES:
            for index in range(count):
                name, stride = f'stage{stage}/block{index}', first_stride if index == 0 else 1
                self._blocks.append((name, stride == 1))  # then what came in is added again
                self._add(f'{name}/widen', ConvUnit(inputs, inside, size=1, prelu=True,
                                                    frozen=frozen))
                self._add(f'{name}/depthwise', DepthwiseUnit(inside, stride=stride, prelu=True,
                                                             frozen=frozen))
                self._add(f'{name}/narrow', ConvUnit(inside, outputs, size=1, relu=False,
                                                     frozen=frozen))
                inputs = outputs
        self._add('tail', ConvUnit(inputs, TAIL, size=1, prelu=True, frozen=frozen))
        self._add('pool', DepthwiseUnit(TAIL, size=LAST_SIDE, padding='VALID', relu=False,
                                        frozen=frozen))
        self._add('dense', ConvUnit(TAIL, TAIL, size=1, relu=False, frozen=frozen))
        self._add('vector', ConvUnit(TAIL, SIZE, size=1, relu=False, frozen=frozen))
        self.built = True

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        return {name: self._unit(name) for name in self._names}

    @property
    def config(self):
        """See `PerceptionNetwork`; there is nothing to choose."""
        return {}

    def call(self, images, training=None):
        check_shape('images', images, ['B', INPUT_SIZE, INPUT_SIZE, 3])
        # Published for (x - 127.5) / 128.
        values = tf.cast(images * (127.5 / 128.0), self.precision)
        for name in ('stem', 'stem/depthwise', 'stem/linear'):
            values = self._unit(name)(values, training=training)
        for name, skips in self._blocks:
            before = values
            for part in ('widen', 'depthwise', 'narrow'):
                values = self._unit(f'{name}/{part}')(values, training=training)
            if skips:
                values += before
        for name in ('tail', 'pool', 'dense', 'vector'):
            values = self._unit(name)(values, training=training)
        values = tf.cast(tf.reshape(values, [-1, SIZE]), tf.float32)
        return tf.math.l2_normalize(values, axis=-1, epsilon=1e-10)

    def _add(self, name, unit):
        self._names.append(name)
        setattr(self, name.replace('/', '_'), unit)

    def _unit(self, name):
        return getattr(self, name.replace('/', '_'))
