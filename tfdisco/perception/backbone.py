"""The residual network that all perception networks start with (He et al. 2016).

Dense 3x3 convolutions throughout: depthwise ones have fewer products, but take longer on
a CPU.
"""

import tensorflow as tf

from tfdisco.perception.layers import ConvUnit
from tfdisco.shapes import check_positive

INPUT_SIZE = 96  # pixels of the (square) images
# Of networks that describe a picture; about 145 million products an image.
WIDTHS, BLOCKS = (32, 64, 128, 256), (0, 1, 2, 1)


class Block(tf.keras.layers.Layer):
    """Two 3x3 convolutions beside a short cut: [B, H, W, I] -> [B, H / stride, W / stride, O].

    A short cut that changes the shape averages before its 1x1 convolution, so that it
    sees every pixel (He et al. 2019, ResNet-D).
    """

    def __init__(self, inputs, outputs, stride=1, frozen=False, **kwargs):
        """Takes numbers of channels and the stride, 1 or 2; frozen as in `layers.Unit`."""
        super().__init__(**kwargs)
        self._stride = stride
        self.units = {'conv1': ConvUnit(inputs, outputs, stride=stride, frozen=frozen),
                      'conv2': ConvUnit(outputs, outputs, relu=False, frozen=frozen)}
        if stride > 1 or inputs != outputs:
            self.units['shortcut'] = ConvUnit(inputs, outputs, size=1, relu=False, frozen=frozen)
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, values, training=None):
        hidden = self.units['conv1'](values, training=training)
        hidden = self.units['conv2'](hidden, training=training)
        if 'shortcut' in self.units:
            if self._stride > 1:
                values = tf.nn.avg_pool2d(values, self._stride, self._stride, 'SAME')
            values = self.units['shortcut'](values, training=training)
        return tf.nn.relu(values + hidden)


class Backbone(tf.keras.layers.Layer):
    """Images to maps of features at a half, a quarter, an eighth and so on of their size.

    Attributes:
      widths: channels of each map.
      units: {name: `layers.Unit`} of everything in it.
    """

    def __init__(self, widths, blocks, frozen=False, **kwargs):
        """See the class.

        Args:
          widths: channels of the stem, a 3x3 convolution of stride 2, and of each stage.
          blocks: numbers of residual blocks behind the stem (may be 0), and in each stage.
          frozen: as in `layers.Unit`.
          **kwargs: of the Keras layer.

        Raises:
          ValueError: if there is not one number of blocks a width, or a width or a number
            is not positive.
        """
        super().__init__(**kwargs)
        if len(blocks) != len(widths):
            raise ValueError(f'blocks: expected {len(widths)} numbers, one a width, got '
                             f'{list(blocks)}')
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            check_positive('widths', width)
            if stage or count:
                check_positive('blocks', count)
        self.widths = tuple(widths)
        self.stem = ConvUnit(3, widths[0], stride=2, frozen=frozen)
        self.blocks, self._stages = [], []
        self.units = {'stem': self.stem}
        inputs = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            for index in range(count):
                block = Block(inputs, width, 2 if stage and not index else 1, frozen)
                self.units.update({f'stage{stage}/block{index}/{name}': unit
                                   for name, unit in block.units.items()})
                self.blocks.append(block)
                self._stages.append(stage)
                inputs = width
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, images, training=None):
        """Images [B, H, W, 3] -> a list of [B, H / 2, W / 2, widths[0]], [B, H / 4, ...] ..."""
        maps = [self.stem(images, training=training)]
        for block, stage in zip(self.blocks, self._stages):
            values = block(maps[-1], training=training)
            if stage == len(maps):
                maps.append(values)
            else:
                maps[-1] = values
        return maps
