"""StyleGAN2's generator (Karras et al. 2020), fed with coefficients and noise (Sec. 3.1)."""

import tensorflow as tf

from tfdisco.networks.generator import SMALLEST, BaseGenerator
from tfdisco.networks.layers import EqualDense, EqualLayer
from tfdisco.networks.noise import Noisy
from tfdisco.ops.modulated_conv import modulated_conv2d
from tfdisco.ops.upfirdn2d import upsample2d


class SynthesisLayer(Noisy, EqualLayer):
    """Modulated convolution, noise, bias, leaky ReLU: [B, H, W, I] -> [B, H up, W up, O].

    Attributes:
      noise, strength: see `Noisy`; the strength is [].
    """

    def __init__(self, inputs, outputs, w_size, resolution, up=1, clamp=None, **kwargs):
        """Takes channels, the size of w, the result's side, the factor, and the clamp."""
        super().__init__((3, 3, inputs, outputs), **kwargs)
        self._up, self._clamp = up, clamp
        self.affine = EqualDense(w_size, inputs, bias_start=1.0)
        self.add_noise_weights(resolution)

    def call(self, values, w, noise):
        """Takes the image, w [B, w_size], and 'const', 'none' or [B, R, R, 1] of noise."""
        # Demodulation takes the weight's scale away again.
        return modulated_conv2d(values, tf.convert_to_tensor(self.weight), self.affine(w),
                                up=self._up, noise=self.scaled_noise(noise),
                                bias=self.scaled_bias(), activation='lrelu',
                                clamp=self._clamp)


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


@tf.keras.utils.register_keras_serializable(package='tfdisco', name='StyleGAN2Generator')
class Generator(BaseGenerator):
    """The skip generator: each resolution adds its colours to those below, enlarged."""

    def __init__(self, config, input_size, factor_sizes=None, **kwargs):
        """See `BaseGenerator`."""
        super().__init__(config, input_size, factor_sizes, **kwargs)
        self.start = self.add_weight(
            name='start', shape=(1, SMALLEST, SMALLEST, config.channels(SMALLEST)),
            initializer=tf.keras.initializers.RandomNormal(stddev=1.0))
        for side in self.sides():
            clamp, width = self._clamp(side), config.channels(side)
            if side > SMALLEST:
                setattr(self, f'up{side}', SynthesisLayer(
                    config.channels(side // 2), width, config.w_size, side, 2, clamp))
            setattr(self, f'conv{side}', SynthesisLayer(width, width, config.w_size, side,
                                                        clamp=clamp))
            setattr(self, f'rgb{side}', ToRGB(width, config.w_size, clamp))

    def noise_sides(self, resolution=None):
        """Pixels of a side of each noise map, in the order of the layers."""
        self._check(resolution, 1.0)
        return [side for side in self.sides() for _ in range(1 if side == SMALLEST else 2)]

    def _draw(self, ws, noise, sides, fade):
        values = tf.tile(tf.convert_to_tensor(self.start), [tf.shape(ws[0])[0], 1, 1, 1])
        image, index = None, 0
        for side in sides:
            values = tf.cast(values, self.config.precision_at(side))
            if side > SMALLEST:
                values = getattr(self, f'up{side}')(values, ws[index], noise=next(noise))
                index += 1
            values = getattr(self, f'conv{side}')(values, ws[index], noise=next(noise))
            index += 1
            colors = getattr(self, f'rgb{side}')(values, ws[index])  # the next layer's w
            image = colors if image is None else upsample2d(image) + colors
        return image

    def _check(self, resolution, fade):
        if resolution not in (None, self.config.resolution) or (
                not tf.is_tensor(fade) and fade != 1.0):
            raise ValueError(f'resolution, fade: expected {self.config.resolution} and 1, since '
                             f'stylegan2 does not grow, got {resolution} and {fade}')
