"""StyleGAN2's generator (Karras et al. 2020), fed with coefficients and noise (Sec. 3.1).

Layer -> block -> synthesis -> generator. As the paper changes StyleGAN: no normalisation of
the input, no mixing of styles.
"""

import math

import tensorflow as tf

from tfdisco.networks.layers import EqualDense, EqualLayer, MappingNetwork, random_noise
from tfdisco.ops.modulated_conv import modulated_conv2d
from tfdisco.ops.upfirdn2d import upsample2d
from tfdisco.shapes import check_choice, check_shape

SMALLEST = 4  # pixels that synthesis begins with
CLAMP = 256.0  # of activations in half precision
NOISES = ('const', 'none')


class SynthesisLayer(EqualLayer):
    """Modulated convolution, noise, bias, leaky ReLU: [B, H, W, I] -> [B, H up, W up, O].

    Attributes:
      noise: [1, R, R, 1], the noise of 'const', not trained.
      strength: [] of the noise.
    """

    def __init__(self, inputs, outputs, w_size, resolution, up=1, clamp=None, **kwargs):
        """Takes channels, the size of w, the result's side, the factor, and the clamp."""
        super().__init__((3, 3, inputs, outputs), **kwargs)
        self._up, self._clamp = up, clamp
        self.affine = EqualDense(w_size, inputs, bias_start=1.0)
        self.strength = self.add_weight(name='strength', shape=(), initializer='zeros')
        self.noise = self.add_weight(name='noise', shape=(1, resolution, resolution, 1),
                                     initializer=tf.keras.initializers.RandomNormal(stddev=1.0),
                                     trainable=False)

    def call(self, values, w, noise):
        """Takes the image, w [B, w_size], and 'const', 'none' or [B, R, R, 1] of noise."""
        if isinstance(noise, str):
            noise = tf.convert_to_tensor(self.noise) if noise == 'const' else None
        if noise is not None:
            noise *= tf.convert_to_tensor(self.strength)
        # Demodulation takes the weight's scale away again.
        return modulated_conv2d(values, tf.convert_to_tensor(self.weight), self.affine(w),
                                up=self._up, noise=noise, bias=self.scaled_bias(),
                                activation='lrelu', clamp=self._clamp)


class ToRGB(EqualLayer):
    """Feature maps to colours, modulated without demodulation: [B, H, W, I] -> [B, H, W, 3]."""

    def __init__(self, inputs, w_size, clamp=None, **kwargs):
        """Takes channels, the size of w, and the clamp."""
        super().__init__((1, 1, inputs, 3), **kwargs)
        self._clamp = clamp
        self.affine = EqualDense(w_size, inputs, bias_start=1.0)

    def call(self, values, w):
        return tf.cast(modulated_conv2d(
            values, self.scaled_weight(), self.affine(w), demodulate=False,
            bias=self.scaled_bias(), clamp=self._clamp), tf.float32)


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class Generator(tf.keras.Model):
    """Coefficients and noise to faces.

    Example:
      generator = Generator(config, inputs.size)
      images = generator(inputs(z))  # [B, R, R, 3], about [-1, 1]
      ws = generator.broadcast(generator.mapping(inputs(z)))
      images = generator.synthesis(ws, noise=generator.random_noise(batch, seed))

    Attributes:
      config: `config.NetworkConfig`.
      num_ws: vectors w that synthesis takes for an image.
      mapping: `layers.MappingNetwork`, inputs [B, input_size] -> w [B, w_size].
      w_avg: [w_size], the mean w of training; not trained.
    """

    def __init__(self, config, input_size, **kwargs):
        """Takes a `config.NetworkConfig` and the size of the input; see the class."""
        super().__init__(**kwargs)
        self.config, self.input_size = config, int(input_size)
        self.mapping = MappingNetwork(input_size, config.w_size, config.mapping_layers)
        self.w_avg = self.add_weight(name='w_avg', shape=(config.w_size,), initializer='zeros',
                                     trainable=False)
        self.start = self.add_weight(
            name='start', shape=(1, SMALLEST, SMALLEST, config.channels(SMALLEST)),
            initializer=tf.keras.initializers.RandomNormal(stddev=1.0))
        for side in self.sides:
            clamp = None if self._dtype_at(side) == tf.float32 else CLAMP
            width = config.channels(side)
            if side > SMALLEST:
                setattr(self, f'up{side}', SynthesisLayer(
                    config.channels(side // 2), width, config.w_size, side, 2, clamp))
            setattr(self, f'conv{side}', SynthesisLayer(width, width, config.w_size, side,
                                                        clamp=clamp))
            setattr(self, f'rgb{side}', ToRGB(width, config.w_size, clamp))
        self.num_ws = 2 * len(self.sides)
        self.built = True

    @property
    def sides(self):
        """[4, 8, ... resolution], pixels of the blocks' sides."""
        return [2 ** power for power in range(2, int(math.log2(self.config.resolution)) + 1)]

    def build(self, input_shape=None):
        self.built = True  # the constructor made all weights

    def broadcast(self, w):
        """w [B, w_size] -> ws [B, num_ws, w_size], the same w everywhere."""
        check_shape('w', w, ['B', self.config.w_size])
        return tf.tile(w[:, tf.newaxis], [1, self.num_ws, 1])

    def noise_sides(self, resolution=None):
        """Pixels of a side of each noise map, in the order of the layers."""
        self._check(resolution, 1.0)
        return [side for side in self.sides for _ in range(1 if side == SMALLEST else 2)]

    def random_noise(self, batch, seed, resolution=None):
        """Noise maps for `synthesis`, see `layers.random_noise`."""
        return random_noise(self.noise_sides(resolution), batch, seed)

    def synthesis(self, ws, noise='const', resolution=None, fade=1.0):
        """Draws images.

        Args:
          ws: [B, num_ws, w_size].
          noise: 'const' (the same for every image), 'none', or maps of `random_noise`.
          resolution: None or the config's: this architecture does not grow.
          fade: 1, likewise.

        Returns:
          [B, R, R, 3] float32, about [-1, 1].

        Raises:
          ValueError: on a wrong shape or value.
        """
        self._check(resolution, fade)
        ws = tf.convert_to_tensor(ws, tf.float32)
        check_shape('ws', ws, ['B', self.num_ws, self.config.w_size])
        sides = self.noise_sides()
        if isinstance(noise, str):
            check_choice('noise', noise, NOISES)
            noise = [noise] * len(sides)
        elif len(noise) != len(sides):
            raise ValueError(f'noise: expected {len(sides)} maps, got {len(noise)}')
        noise, ws = iter(noise), tf.unstack(ws, axis=1)
        values = tf.tile(tf.convert_to_tensor(self.start), [tf.shape(ws[0])[0], 1, 1, 1])
        image, index = None, 0
        for side in self.sides:
            values = tf.cast(values, self._dtype_at(side))
            if side > SMALLEST:
                values = getattr(self, f'up{side}')(values, ws[index], noise=next(noise))
                index += 1
            values = getattr(self, f'conv{side}')(values, ws[index], noise=next(noise))
            index += 1
            colors = getattr(self, f'rgb{side}')(values, ws[index])  # the next layer's w
            image = colors if image is None else upsample2d(image) + colors
        return image

    def call(self, inputs, noise='const', resolution=None, fade=1.0):
        return self.synthesis(self.broadcast(self.mapping(inputs)), noise, resolution, fade)

    def _dtype_at(self, side):
        lowest = self.config.resolution >> (self.config.low_precision_resolutions - 1)
        return tf.as_dtype(self.config.precision) if side >= lowest else tf.float32

    def _check(self, resolution, fade):
        if resolution not in (None, self.config.resolution) or (
                not tf.is_tensor(fade) and fade != 1.0):
            raise ValueError(f'resolution, fade: expected {self.config.resolution} and 1, since '
                             f'stylegan2 does not grow, got {resolution} and {fade}')
