"""The paper's own architecture: StyleGAN's generator and discriminator (Karras et al. 2019).

Both are the published networks, number for number. Both grow: at a resolution below the
config's only the layers up to it take part, and the newest fade in (Karras et al. 2018,
Sec. 3 and Fig. 2).
"""

import math

import tensorflow as tf

from tfdisco.networks.discriminator import BaseDiscriminator
from tfdisco.networks.generator import SMALLEST, BaseGenerator, sides
from tfdisco.networks.layers import EqualConv, EqualDense
from tfdisco.networks.stylegan.layers import (
    GAIN,
    Conv,
    Epilogue,
    StyledConv,
    blend,
    enlarge,
    is_one,
    reduce,
)
from tfdisco.shapes import check_choice, check_shape


@tf.keras.utils.register_keras_serializable(package='tfdisco', name='StyleGANGenerator')
class Generator(BaseGenerator):
    """Two styled layers a resolution, and colours of the highest alone.

    Attributes:
      start: [1, 4, 4, C], the input of synthesis.
      lod: [] not trained, halvings of the side that have yet to grow, as published: 0 of
        what is done; 1.25 while half the resolution has faded in by three quarters.
    """

    # The published mapping has the leaky ReLU's gain in its weights, too.
    _mapping = {'gain': GAIN, 'activation_gain': 1.0}

    def __init__(self, config, input_size, factor_sizes=None, **kwargs):
        """See `BaseGenerator`."""
        super().__init__(config, input_size, factor_sizes, **kwargs)
        self.lod = self.add_weight(name='lod', shape=(), initializer='zeros', trainable=False)
        width = config.channels(SMALLEST)
        self.start = self.add_weight(name='start', shape=(1, SMALLEST, SMALLEST, width),
                                     initializer='ones')
        for side in self.sides():
            before, width = width, config.channels(side)
            clamp = self._clamp(side)
            setattr(self, f'up{side}',
                    Epilogue(width, config.w_size, side, clamp) if side == SMALLEST else
                    StyledConv(before, width, config.w_size, side, 2, clamp))
            setattr(self, f'conv{side}', StyledConv(width, width, config.w_size, side,
                                                    clamp=clamp))
            setattr(self, f'rgb{side}', EqualConv(width, 3, 1, activation='linear'))

    @property
    def grown(self):
        """(resolution, fade) of `lod`, numbers; see `BaseGenerator.synthesis`."""
        with tf.init_scope():  # what it is now, also while a graph is made
            lod = float(tf.convert_to_tensor(self.lod))
        most = len(self.sides()) - 1
        if not 0.0 <= lod <= most:
            raise ValueError(f'lod: expected from 0 to {most}, got {lod}')
        return self.config.resolution >> math.floor(lod), 1.0 - lod % 1.0

    def grow(self, resolution, fade):
        """Sets `lod`; ValueError on a wrong value."""
        self._check(resolution, fade)
        self.lod.assign(math.log2(self.config.resolution / resolution) + 1.0 - fade)

    def noise_sides(self, resolution=None):
        """Pixels of a side of each noise map, in the order of the layers."""
        self._check(resolution, 1.0)
        return [side for side in self.sides(resolution) for _ in range(2)]

    def _draw(self, ws, noise, sides, fade):
        values = tf.tile(tf.convert_to_tensor(self.start), [tf.shape(ws[0])[0], 1, 1, 1])
        ws, below = iter(ws), None
        for side in sides:
            if side == sides[-1] and side > SMALLEST and not is_one(fade):
                below = self._colors(values, side // 2)
            values = tf.cast(values, self.config.precision_at(side))
            for name in ('up', 'conv'):
                values = getattr(self, f'{name}{side}')(values, next(ws), noise=next(noise))
        image = self._colors(values, sides[-1])
        return image if below is None else blend(enlarge(below), image, fade)

    def _colors(self, values, side):
        return getattr(self, f'rgb{side}')(tf.cast(values, tf.float32))

    def _check(self, resolution, fade):
        check_choice('resolution', resolution or self.config.resolution, self.sides())
        _check_fade(fade)


@tf.keras.utils.register_keras_serializable(package='tfdisco', name='StyleGANDiscriminator')
class Discriminator(BaseDiscriminator):
    """Images of any resolution up to the config's to logits that they are real."""

    def __init__(self, config, **kwargs):
        """Takes a `config.NetworkConfig`."""
        super().__init__(config, **kwargs)
        for side in sides(config.resolution):
            width = config.channels(side)
            setattr(self, f'from{side}', Conv(3, width, 1))
            if side > SMALLEST:
                setattr(self, f'conv{side}', Conv(width, width))
                setattr(self, f'down{side}', Conv(width, config.channels(side // 2), down=2))
        width, last = config.channels(SMALLEST), config.channels(SMALLEST // 2)
        self.conv = Conv(width + 1, width)
        self.dense = EqualDense(width * SMALLEST ** 2, last, 'lrelu', activation_gain=1.0,
                                gain=GAIN)
        self.logit = EqualDense(last, 1)
        self.built = True

    def call(self, images, fade=1.0):
        check_shape('images', images, ['B', 'R', 'R', 3])
        _check_fade(fade)
        top = images.shape[1]
        check_choice("images' side", top, sides(self.config.resolution))
        values = self._from(images, top)
        for side in reversed(sides(top)[1:]):
            values = tf.cast(values, self.config.precision_at(side))
            values = getattr(self, f'down{side}')(getattr(self, f'conv{side}')(values))
            if side == top and not is_one(fade):
                values = blend(self._from(reduce(images), side // 2), values, fade)
        return self._judge(values)

    def _from(self, images, side):
        return getattr(self, f'from{side}')(tf.cast(images, self.config.precision_at(side)))


def _check_fade(fade):
    if not tf.is_tensor(fade) and not 0 < fade <= 1:
        raise ValueError(f'fade: expected above 0 and up to 1, got {fade}')
