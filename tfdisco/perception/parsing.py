"""Where a picture shows hair, face and background: the paper's m (Eq. 6)."""

import os
from typing import NamedTuple

import tensorflow as tf

from tfdisco.perception import frozen_graph, network, resize
from tfdisco.perception.backbone import INPUT_SIZE, Backbone
from tfdisco.perception.layers import ConvUnit
from tfdisco.shapes import check_positive, check_shape

WIDTHS, BLOCKS = (16, 32, 64, 128), (1, 1, 1, 1)
COLORS = 3
CLASSES = ('background', 'face', 'hair')  # order of the logits
# What they are of CelebAMask-HQ's classes as face-parsing.PyTorch numbers them: 0 background,
# 1 skin, 2 to 5 brows and eyes, 6 glasses, 7 to 9 ears and rings in them, 10 nose, 11 to 13
# mouth and lips, 14 neck, 15 necklace, 16 cloth, 17 hair, 18 hat.
CELEBAMASK = {'background': (0, 16, 18), 'face': tuple(range(1, 16)), 'hair': (17,)}


class Parsed(NamedTuple):
    """Probabilities [B, H, W, 1] each, which add up to 1 at every pixel."""

    hair: tf.Tensor
    face: tf.Tensor
    background: tf.Tensor


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class ParsingNetwork(network.PerceptionNetwork):
    """Images [B, S, S, 3] in [-1, 1] to logits [B, S, S, 3] of `CLASSES`.

    A U-Net (Ronneberger et al. 2015): from the smallest map back up, each joined by the
    backbone's map of that size, the last by the images themselves: strands are finer than
    the backbone's first map.
    """

    KIND = 'parsing'

    def __init__(self, widths=WIDTHS, blocks=BLOCKS, input_size=INPUT_SIZE, frozen=False,
                 **kwargs):
        """See the class.

        Args:
          widths, blocks: of the `Backbone`; the way back up has the same widths.
          input_size: pixels of a side of the images, divisible by 2 for each width.
          frozen: as in `layers.Unit`.
          **kwargs: of the Keras model.

        Raises:
          ValueError: on wrong sizes.
        """
        super().__init__(input_size, frozen, **kwargs)
        check_positive('input_size', input_size)
        if input_size % 2 ** len(widths):
            raise ValueError(f'input_size: expected a multiple of {2 ** len(widths)}, got '
                             f'{input_size}')
        self.backbone = Backbone(widths, blocks, frozen)
        above = widths[-1]
        for index, beside in enumerate((*widths[-2::-1], COLORS)):
            below = max(beside, widths[0])
            setattr(self, f'join{index}', ConvUnit(above + beside, below, frozen=frozen))
            above = below
        self._logits = ConvUnit(widths[0], len(CLASSES), size=1, relu=False, norm=False,
                                frozen=frozen)
        self.built = True

    @property
    def units(self):
        """See `PerceptionNetwork`."""
        return {**self.backbone.units, **self._joins(), 'logits': self._logits}

    @property
    def config(self):
        """See `PerceptionNetwork`."""
        return {'widths': list(self.backbone.widths), 'blocks': list(self.backbone.counts),
                'input_size': self.input_size}

    def call(self, images, training=None):
        check_shape('images', images, ['B', self.input_size, self.input_size, 3])
        images = tf.cast(images, self.precision)
        *beside, values = images, *self.backbone(images, training=training)
        for join in self._joins().values():
            values = tf.concat([_double(values), beside.pop()], axis=-1)
            values = join(values, training=training)
        return tf.cast(self._logits(values), tf.float32)

    def _joins(self):
        """{name: unit} of the way back up."""
        return {f'join{index}': getattr(self, f'join{index}')
                for index in range(len(self.backbone.widths))}


class Parsing:
    """Frozen: pictures to `Parsed`, differentiable in the pictures.

    Attributes:
      network: the frozen `ParsingNetwork`.
    """

    NETWORKS = {ParsingNetwork.KIND: ParsingNetwork}

    def __init__(self, frozen):
        """Takes a frozen network."""
        self.network = frozen

    @classmethod
    def load(cls, name):
        """Loads 'built-in' or a file; see `network.load`.

        A frozen graph (.pb) becomes a `GraphParsing`, which is called alike.
        """
        if os.fspath(name).endswith(frozen_graph.ENDING):
            return GraphParsing(frozen_graph.FrozenGraph.load(name, ParsingNetwork.KIND))
        return cls(network.load(name, cls.NETWORKS))

    def __call__(self, images):
        """Looks at pictures [B, H, W, 3] in [-1, 1], framed as in `face3d.framing`."""
        logits = self.network(resize.to_square(images, self.network.input_size))
        height, width = resize.size(images)
        # Probabilities and not logits, so that they add up to 1 after interpolation as well;
        # one by one, so that a graph leaves those out that nobody asks for.
        maps = self._maps(tf.nn.softmax(logits))
        return Parsed(**{name: resize.from_square(values, height, width)
                         for name, values in maps.items()})

    def _maps(self, shares):
        """{class: [B, S, S, 1]} of a network's probabilities."""
        return dict(zip(CLASSES, tf.split(shares, len(CLASSES), axis=-1)))


class GraphParsing(Parsing):
    """The same by a graph of CelebAMask-HQ's classes, see `frozen_graph.INTERFACES`.

    It is shown the whole picture, whose framing is close to that of its training data.

    Attributes:
      network: `frozen_graph.FrozenGraph`.
    """

    def _maps(self, shares):
        return {name: tf.reduce_sum(tf.gather(shares, parts, axis=-1), axis=-1, keepdims=True)
                for name, parts in CELEBAMASK.items()}


def _double(values):
    """[B, H, W, C] -> [B, 2H, 2W, C], each place four times."""
    _, height, width, channels = values.shape
    values = tf.broadcast_to(values[:, :, tf.newaxis, :, tf.newaxis],
                             [tf.shape(values)[0], height, 2, width, 2, channels])
    return tf.reshape(values, [-1, 2 * height, 2 * width, channels])
