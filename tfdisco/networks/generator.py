"""What the generators of all architectures have in common: mapping, w, noise maps."""

import math

import tensorflow as tf

from tfdisco.networks.factor_mapping import FactorMapping
from tfdisco.networks.layers import MappingNetwork
from tfdisco.networks.network import ConfiguredNetwork
from tfdisco.networks.noise import CONST, NOISES, Noisy, random_noise
from tfdisco.shapes import check_choice, check_shape

SMALLEST = 4  # pixels that synthesis begins with
CLAMP = 256.0  # of activations in half precision


class BaseGenerator(ConfiguredNetwork):
    """Coefficients and noise to faces.

    As the paper changes StyleGAN (Sec. 3.1): no normalisation of the input, no mixing of
    styles. A subclass makes its layers and has `noise_sides`, `_check` and `_draw`;
    one that grows has `grown` and `grow` of its own.

    Example:
      generator = Generator(config, inputs.size)
      images = generator(inputs(z))  # [B, R, R, 3], about [-1, 1]
      ws = generator.broadcast(generator.mapping(inputs(z)))
      images = generator.synthesis(ws, noise=generator.random_noise(batch, seed))

    Attributes:
      config: `config.NetworkConfig`.
      input_size: numbers of an input.
      factor_sizes: {factor: how many of them}, or None if that is not known.
      num_ws: vectors w that synthesis takes for an image, two a resolution.
      mapping: `layers.MappingNetwork` or `factor_mapping.FactorMapping`, as the config says:
        inputs [B, input_size] -> w [B, w_size].
      w_avg: [w_size], the mean w of training; not trained.
    """

    _mapping = {}  # arguments of `layers.MappingNetwork` that differ from the defaults

    def __init__(self, config, input_size, factor_sizes=None, **kwargs):
        """See the class.

        Args:
          config: `config.NetworkConfig`.
          input_size: see the class.
          factor_sizes: {factor: how many of these numbers}; a mapping that is a sum over
            factors needs it.
          **kwargs: of the Keras model.

        Raises:
          ValueError: if it is needed and missing, or adds up to something else.
        """
        super().__init__(config, **kwargs)
        self.input_size = int(input_size)
        self.factor_sizes = dict(factor_sizes) if factor_sizes else None
        sizes = config.w_size, config.mapping_layers, config.mapping_speed
        if config.mapping == 'sum':
            if not factor_sizes or sum(factor_sizes.values()) != input_size:
                raise ValueError(f'factor_sizes: expected sizes of all factors, {input_size} '
                                 f'together, for a mapping that is their sum, got {factor_sizes}')
            self.mapping = FactorMapping(factor_sizes, *sizes)
        else:
            self.mapping = MappingNetwork(input_size, *sizes, **self._mapping)
        self.w_avg = self.add_weight(name='w_avg', shape=(config.w_size,), initializer='zeros',
                                     trainable=False)
        self.num_ws = 2 * len(self.sides())
        self.built = True

    def get_config(self):
        return {**super().get_config(), 'input_size': self.input_size,
                'factor_sizes': dict(self.factor_sizes) if self.factor_sizes else None}

    @property
    def grown(self):
        """(resolution, fade) that images are drawn with by default; see `synthesis`."""
        return self.config.resolution, 1.0

    def grow(self, resolution, fade):
        """Sets `grown`; ValueError on a wrong value."""
        self._check(resolution, fade)

    def sides(self, resolution=None):
        """[4, 8, ... resolution], pixels of the blocks' sides; all of them by default."""
        return sides(resolution or self.config.resolution)

    def broadcast(self, w):
        """w [B, w_size] -> ws [B, num_ws, w_size], the same w everywhere."""
        check_shape('w', w, ['B', self.config.w_size])
        return tf.tile(w[:, tf.newaxis], [1, self.num_ws, 1])

    def random_noise(self, batch, seed, resolution=None):
        """Noise maps for `synthesis`, see `noise.random_noise`."""
        return random_noise(self.noise_sides(resolution), batch, seed)

    def const_noise(self):
        """The maps of the noise 'const', [1, side, side, 1] each, in the order of the layers."""
        layers = [getattr(self, f'{name}{side}', None) for side in self.sides()
                  for name in ('up', 'conv')]
        found = [part for layer in layers if layer is not None
                 for part in (layer, *vars(layer).values()) if isinstance(part, Noisy)]
        return [tf.convert_to_tensor(part.noise) for part in found]

    def synthesis(self, ws, noise=CONST, resolution=None, fade=None):
        """Draws images.

        Args:
          ws: [B, num_ws, w_size].
          noise: 'const' (the same for every image), 'none', or maps of `random_noise`.
          resolution: pixels of a side, the config's alone for an architecture that does
            not grow. By default images have the config's, enlarged from those of `grown`
            where the network has not grown up to it.
          fade: how much of the highest resolution's own colours there is, above 0 and up
            to 1, beside those of half the resolution; [] float32 or a number. By default 1,
            or that of `grown` if there is no resolution either.

        Returns:
          [B, R, R, 3] float32, about [-1, 1].

        Raises:
          ValueError: on a wrong shape or value.
        """
        top, enlarged = resolution, 1
        if resolution is None:
            top, grown_fade = self.grown
            enlarged = self.config.resolution // top
            fade = grown_fade if fade is None else fade
        fade = 1.0 if fade is None else fade
        self._check(top, fade)
        ws = tf.convert_to_tensor(ws, tf.float32)
        check_shape('ws', ws, ['B', self.num_ws, self.config.w_size])
        count = len(self.noise_sides(resolution))
        if isinstance(noise, str):
            check_choice('noise', noise, NOISES)
            noise = [noise] * count
        elif len(noise) != count:
            raise ValueError(f'noise: expected {count} maps, got {len(noise)}')
        images = self._draw(tf.unstack(ws, axis=1), iter(noise), self.sides(top), fade)
        return images if enlarged == 1 else tf.repeat(tf.repeat(images, enlarged, 1), enlarged, 2)

    def call(self, inputs, noise=CONST, resolution=None, fade=None):
        """Inputs [B, input_size] to images; see `synthesis`."""
        return self.synthesis(self.broadcast(self.mapping(inputs)), noise, resolution, fade)

    def _clamp(self, side):
        return None if self.config.precision_at(side) == 'float32' else CLAMP


def sides(resolution):
    """[4, 8, ... resolution]."""
    return [2 ** power for power in range(int(math.log2(SMALLEST)),
                                          int(math.log2(resolution)) + 1)]
