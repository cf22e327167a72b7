"""The paper's own architecture: StyleGAN's generator and discriminator (Karras et al. 2019).

Both grow: at a resolution below the config's only the layers up to it take part, and the
newest fade in (Karras et al. 2018, Sec. 3 and Fig. 2).
"""

import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.networks.generator import SMALLEST, BaseGenerator, sides
from tfdisco.networks.layers import EqualConv, EqualDense, EqualLayer, minibatch_stddev
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.resampled_conv2d import resampled_conv2d
from tfdisco.shapes import check_choice, check_shape

EPSILON = 1e-8  # of a variance


class AdaptiveInstanceNorm(Layer):
    """Each feature map to mean and deviation that w says (Huang and Belongie 2017)."""

    def __init__(self, width, w_size, **kwargs):
        """Takes the channels and the size of w."""
        super().__init__(**kwargs)
        self.affine = EqualDense(w_size, 2 * width)

    def call(self, values, w):
        """Takes [B, H, W, C] and w [B, w_size]; gives [B, H, W, C] of the same type."""
        # Sums over many pixels need all digits.
        exact = tf.cast(values, tf.float32)
        mean, variance = tf.nn.moments(exact, [1, 2], keepdims=True)
        scale, shift = tf.split(self.affine(w)[:, tf.newaxis, tf.newaxis], 2, axis=-1)
        factor = (1.0 + scale) * tf.math.rsqrt(variance + EPSILON)
        return tf.cast(exact * factor + (shift - mean * factor), values.dtype)


class StyledLayer(EqualLayer):
    """Convolution, noise, bias, leaky ReLU, AdaIN: [B, H, W, I] -> [B, H up, W up, O].

    Attributes:
      noise: [1, R, R, 1], the noise of 'const', not trained.
      strength: [O] of the noise.
      norm: the `AdaptiveInstanceNorm`.
    """

    def __init__(self, inputs, outputs, w_size, resolution, up=1, clamp=None, **kwargs):
        """Takes channels, the size of w, the result's side, the factor, and the clamp."""
        super().__init__((3, 3, inputs, outputs), **kwargs)
        self._up, self._limit = up, clamp
        self.norm = AdaptiveInstanceNorm(outputs, w_size)
        self.strength = self.add_weight(name='strength', shape=(outputs,), initializer='zeros')
        self.noise = self.add_weight(name='noise', shape=(1, resolution, resolution, 1),
                                     initializer=tf.keras.initializers.RandomNormal(stddev=1.0),
                                     trainable=False)

    def call(self, values, w, noise):
        """Takes the image, w [B, w_size], and 'const', 'none' or [B, R, R, 1] of noise."""
        values = resampled_conv2d(values, self.scaled_weight(values.dtype), up=self._up)
        if isinstance(noise, str):
            noise = tf.convert_to_tensor(self.noise) if noise == 'const' else None
        if noise is not None:
            values += tf.cast(noise * tf.convert_to_tensor(self.strength), values.dtype)
        values = bias_act(values, self.scaled_bias(), 'lrelu', clamp=self._limit)
        return self.norm(values, w)


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class Generator(BaseGenerator):
    """Two styled layers a resolution, and colours of the highest alone."""

    def __init__(self, config, input_size, **kwargs):
        """See `BaseGenerator`."""
        super().__init__(config, input_size, **kwargs)
        width = config.channels(SMALLEST)
        self.start = self.add_weight(name='start', shape=(1, SMALLEST, SMALLEST, width),
                                     initializer='ones')
        for side in self.sides():
            before, width = width, config.channels(side)
            clamp = self._clamp(side)
            setattr(self, f'up{side}', StyledLayer(
                before, width, config.w_size, side, 1 if side == SMALLEST else 2, clamp))
            setattr(self, f'conv{side}', StyledLayer(width, width, config.w_size, side,
                                                     clamp=clamp))
            setattr(self, f'rgb{side}', EqualConv(width, 3, 1, activation='linear'))

    def noise_sides(self, resolution=None):
        """Pixels of a side of each noise map, in the order of the layers."""
        self._check(resolution, 1.0)
        return [side for side in self.sides(resolution) for _ in range(2)]

    def _draw(self, ws, noise, sides, fade):
        values = tf.tile(tf.convert_to_tensor(self.start), [tf.shape(ws[0])[0], 1, 1, 1])
        ws, below = iter(ws), None
        for side in sides:
            if side == sides[-1] and side > SMALLEST and not _is_one(fade):
                below = self._colors(values, side // 2)
            values = tf.cast(values, self.config.precision_at(side))
            for name in ('up', 'conv'):
                values = getattr(self, f'{name}{side}')(values, next(ws), noise=next(noise))
        image = self._colors(values, sides[-1])
        return image if below is None else _blend(enlarge(below), image, fade)

    def _colors(self, values, side):
        return getattr(self, f'rgb{side}')(tf.cast(values, tf.float32))

    def _check(self, resolution, fade):
        check_choice('resolution', resolution or self.config.resolution, self.sides())
        _check_fade(fade)


@tf.keras.utils.register_keras_serializable(package='tfdisco')
class Discriminator(tf.keras.Model):
    """Images of any resolution up to the config's to logits that they are real.

    Attributes:
      config: `config.NetworkConfig`.
    """

    def __init__(self, config, **kwargs):
        """Takes a `config.NetworkConfig`."""
        super().__init__(**kwargs)
        self.config = config
        for side in sides(config.resolution):
            width = config.channels(side)
            setattr(self, f'from{side}', EqualConv(3, width, 1))
            if side > SMALLEST:
                setattr(self, f'conv{side}', EqualConv(width, width))
                setattr(self, f'down{side}', EqualConv(width, config.channels(side // 2), down=2))
        width = config.channels(SMALLEST)
        self.conv = EqualConv(width + 1, width)
        self.dense = EqualDense(width * SMALLEST ** 2, width, 'lrelu')
        self.logit = EqualDense(width, 1)
        self.built = True

    def build(self, input_shape=None):
        self.built = True  # the constructor made all weights

    def call(self, images, fade=1.0):
        """Judges images.

        Args:
          images: [B, R, R, 3] in [-1, 1]; B known, for the statistics of groups.
          fade: see `BaseGenerator.synthesis`.

        Returns:
          [B, 1] logits, float32.

        Raises:
          ValueError: on a wrong shape or value.
        """
        check_shape('images', images, ['B', 'R', 'R', 3])
        _check_fade(fade)
        top = images.shape[1]
        check_choice("images' side", top, sides(self.config.resolution))
        values = self._from(images, top)
        for side in reversed(sides(top)[1:]):
            values = tf.cast(values, self.config.precision_at(side))
            values = getattr(self, f'down{side}')(getattr(self, f'conv{side}')(values))
            if side == top and not _is_one(fade):
                values = _blend(self._from(reduce(images), side // 2), values, fade)
        values = self.conv(minibatch_stddev(tf.cast(values, tf.float32),
                                            self.config.minibatch_group))
        _, height, width, channels = values.shape
        return self.logit(self.dense(tf.reshape(values, [-1, height * width * channels])))

    def _from(self, images, side):
        return getattr(self, f'from{side}')(tf.cast(images, self.config.precision_at(side)))


def enlarge(images):
    """[B, H, W, C] -> [B, 2 H, 2 W, C], every pixel twice in both directions."""
    return tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2)


def reduce(images):
    """[B, 2 H, 2 W, C] -> [B, H, W, C], means of four pixels."""
    return tf.nn.avg_pool2d(images, 2, 2, 'VALID')


def _blend(before, after, fade):
    before = tf.cast(before, after.dtype)
    return before + tf.cast(fade, after.dtype) * (after - before)


def _is_one(fade):
    return not tf.is_tensor(fade) and fade == 1.0


def _check_fade(fade):
    if not tf.is_tensor(fade) and not 0 < fade <= 1:
        raise ValueError(f'fade: expected above 0 and up to 1, got {fade}')
