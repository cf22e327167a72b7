"""StyleGAN2's residual discriminator (Karras et al. 2020, Sec. 4.1)."""

import math

import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.networks.discriminator import BaseDiscriminator
from tfdisco.networks.generator import CLAMP, SMALLEST, sides
from tfdisco.networks.layers import EqualConv, EqualDense
from tfdisco.shapes import check_shape

HALF = math.sqrt(0.5)  # of both branches, so that their sum keeps its variance


class ResidualBlock(Layer):
    """[B, H, W, I] -> [B, H / 2, W / 2, O]."""

    def __init__(self, inputs, outputs, clamp=None, **kwargs):
        """Takes channels and the clamp of activations."""
        super().__init__(**kwargs)
        self.conv0 = EqualConv(inputs, inputs, clamp=clamp)
        self.conv1 = EqualConv(inputs, outputs, down=2, output_gain=HALF,
                               clamp=clamp and clamp * HALF)
        self.skip = EqualConv(inputs, outputs, 1, down=2, activation='linear', bias=False,
                              output_gain=HALF)

    def call(self, values):
        return self.skip(values) + self.conv1(self.conv0(values))


@tf.keras.utils.register_keras_serializable(package='tfdisco', name='StyleGAN2Discriminator')
class Discriminator(BaseDiscriminator):
    """Images of the config's resolution to logits that they are real."""

    def __init__(self, config, **kwargs):
        """Takes a `config.NetworkConfig`."""
        super().__init__(config, **kwargs)
        clamp = {side: None if config.precision_at(side) == 'float32' else CLAMP
                 for side in self.sides}
        side = config.resolution
        self.from_rgb = EqualConv(3, config.channels(side), 1, clamp=clamp.get(side))
        for side in self.sides:
            setattr(self, f'block{side}', ResidualBlock(
                config.channels(side), config.channels(side // 2), clamp[side]))
        width = config.channels(SMALLEST)
        self.conv = EqualConv(width + 1, width)
        self.dense = EqualDense(width * SMALLEST ** 2, width, 'lrelu')
        self.logit = EqualDense(width, 1)
        self.built = True

    @property
    def sides(self):
        """[resolution, ... 8], pixels of the blocks' inputs."""
        return sides(self.config.resolution)[:0:-1]

    def call(self, images, fade=1.0):
        if not tf.is_tensor(fade) and fade != 1.0:
            raise ValueError(f'fade: expected 1, since stylegan2 does not grow, got {fade}')
        side = self.config.resolution
        check_shape('images', images, ['B', side, side, 3])
        values = self.from_rgb(tf.cast(images, self.config.precision_at(side)))
        for side in self.sides:
            values = getattr(self, f'block{side}')(tf.cast(values, self.config.precision_at(side)))
        return self._judge(values)
