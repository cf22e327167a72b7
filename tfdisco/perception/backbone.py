"""The residual network that all perception networks start with (He et al. 2016).

Dense 3x3 convolutions throughout: depthwise ones have fewer products, but take longer on
a CPU.
"""

import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.perception.layers import ConvUnit
from tfdisco.shapes import check_positive

INPUT_SIZE = 96  # pixels of the (square) images
# Of networks that describe a picture; about 145 million products an image.
WIDTHS, BLOCKS = (32, 64, 128, 256), (0, 1, 2, 1)


class Block(Layer):
    """Two 3x3 convolutions beside a short cut: [B, H, W, I] -> [B, H / stride, W / stride, O].

    A short cut that changes the shape averages before its 1x1 convolution, so that it
    sees every pixel (He et al. 2019, ResNet-D).
    """

    def __init__(self, inputs, outputs, stride=1, frozen=False, **kwargs):
        """Takes numbers of channels and the stride, 1 or 2; frozen as in `layers.Unit`."""
        super().__init__(**kwargs)
        self._stride = stride
        self.conv1 = ConvUnit(inputs, outputs, stride=stride, frozen=frozen)
        self.conv2 = ConvUnit(outputs, outputs, relu=False, frozen=frozen)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            self.shortcut = ConvUnit(inputs, outputs, size=1, relu=False, frozen=frozen)

    @property
    def units(self):
        """{name: `layers.Unit`} of everything in it."""
        units = {'conv1': self.conv1, 'conv2': self.conv2}
        return units if self.shortcut is None else {**units, 'shortcut': self.shortcut}

    def call(self, values, training=None):
        hidden = self.conv2(self.conv1(values, training=training), training=training)
        if self.shortcut is not None:
            if self._stride > 1:
                values = tf.nn.avg_pool2d(values, self._stride, self._stride, 'SAME')
            values = self.shortcut(values, training=training)
        return tf.nn.relu(values + hidden)


class Backbone(Layer):
    """Images to maps of features at a half, a quarter, an eighth and so on of their size.

    Attributes:
      widths: channels of each map.
      counts: residual blocks of each stage, that behind the stem first.
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
        self.widths, self.counts = tuple(widths), tuple(blocks)
        self.stem = ConvUnit(3, widths[0], stride=2, frozen=frozen)
        inputs = widths[0]
        for stage, index in self._places():
            # An attribute each: of lists and dicts, checkpoints with Keras 3 keep nothing.
            setattr(self, f'stage{stage}_block{index}', Block(
                inputs, widths[stage], 2 if stage and not index else 1, frozen))
            inputs = widths[stage]

    @property
    def units(self):
        """{name: `layers.Unit`} of everything in it."""
        return {'stem': self.stem, **{
            f'stage{stage}/block{index}/{name}': unit for stage, index in self._places()
            for name, unit in self._block(stage, index).units.items()}}

    def call(self, images, training=None):
        """Images [B, H, W, 3] -> a list of [B, H / 2, W / 2, widths[0]], [B, H / 4, ...] ..."""
        maps = [self.stem(images, training=training)]
        for stage, index in self._places():
            values = self._block(stage, index)(maps[-1], training=training)
            if stage == len(maps):
                maps.append(values)
            else:
                maps[-1] = values
        return maps

    def _places(self):
        """(stage, index) of each block, in order."""
        return [(stage, index) for stage, count in enumerate(self.counts)
                for index in range(count)]

    def _block(self, stage, index):
        return getattr(self, f'stage{stage}_block{index}')
