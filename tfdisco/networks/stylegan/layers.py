"""Layers of StyleGAN (Karras et al. 2019): resampling convolutions, noise, styles.

They are the published code's: the leaky ReLU's gain is in the weights, an image is doubled
before a convolution and blurred after it, and blurred before one that halves it.
"""

import math

import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.networks.layers import EqualDense, EqualLayer
from tfdisco.networks.noise import Noisy
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.blur import blur
from tfdisco.ops.resampled_conv2d import resampled_conv2d
from tfdisco.ops.upfirdn2d import without_images

EPSILON = 1e-8  # of a variance
GAIN = math.sqrt(2.0)  # of weights before a leaky ReLU
# From this many pixels of the larger image on, the published code joins resampling and
# convolution. Where it doubles, the joined kernel comes out turned by 180 degrees.
JOINED_FROM = 128


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
        # The mean first: of a constant map, as the start's are, factor is 10,000.
        return tf.cast((exact - mean) * factor + shift, values.dtype)


class Epilogue(Noisy, Layer):
    """Noise, bias, leaky ReLU, AdaIN: [B, R, R, C] -> [B, R, R, C].

    Attributes:
      noise, strength: see `Noisy`; the strength is [C].
      bias: [C].
      norm: the `AdaptiveInstanceNorm`.
    """

    def __init__(self, width, w_size, resolution, clamp=None, **kwargs):
        """Takes the channels, the size of w, the image's side, and the clamp."""
        super().__init__(**kwargs)
        self._limit = clamp
        self.norm = AdaptiveInstanceNorm(width, w_size)
        self.bias = self.add_weight(name='bias', shape=(width,), initializer='zeros')
        self.add_noise_weights(resolution, (width,))

    def call(self, values, w, noise):
        """Takes the image, w [B, w_size], and 'const', 'none' or [B, R, R, 1] of noise."""
        noise = self.scaled_noise(noise)
        if noise is not None:
            values += tf.cast(noise, values.dtype)
        values = bias_act(values, tf.convert_to_tensor(self.bias), 'lrelu', gain=1.0,
                          clamp=self._limit)
        return self.norm(values, w)


class StyledConv(EqualLayer):
    """Convolution and `Epilogue`: [B, H, W, I] -> [B, H up, W up, O].

    Attributes:
      epilogue: the `Epilogue`.
    """

    def __init__(self, inputs, outputs, w_size, resolution, up=1, clamp=None, **kwargs):
        """Takes channels, the size of w, the result's side, 1 or 2, and the clamp."""
        super().__init__((3, 3, inputs, outputs), bias=False, gain=GAIN, **kwargs)
        self._up, self._turned = up, resolution >= JOINED_FROM
        self.epilogue = Epilogue(outputs, w_size, resolution, clamp)

    def call(self, values, w, noise):
        """Takes the image, w [B, w_size], and 'const', 'none' or [B, R, R, 1] of noise."""
        if self._up == 1:
            values = resampled_conv2d(values, self.scaled_weight(values.dtype))
        else:
            values = blur(enlarged_conv2d(values, self.scaled_weight(), self._turned))
        return self.epilogue(values, w, noise=noise)


class Conv(EqualLayer):
    """lrelu(x * w + b): [B, H, W, I] -> [B, H / down, W / down, O]."""

    def __init__(self, inputs, outputs, size=3, down=1, **kwargs):
        """Takes channels, the size of the kernel, 1 or 2, and arguments of `EqualLayer`."""
        super().__init__((size, size, inputs, outputs), gain=GAIN, **kwargs)
        self._down = down

    def call(self, values):
        if self._down == 1:
            values = resampled_conv2d(values, self.scaled_weight(values.dtype))
        else:
            values = reduced_conv2d(blur(values), self.scaled_weight())
        return bias_act(values, self.scaled_bias(), 'lrelu', gain=1.0)


def enlarged_conv2d(values, weight, turned=False):
    """`enlarge` and then a convolution of 3 x 3, zeros around, in one step.

    Args:
      values: [B, H, W, I].
      weight: [3, 3, I, O] float32.
      turned: whether the kernel is turned by 180 degrees.

    Returns:
      [B, 2 H, 2 W, O] of values' type.
    """
    if values.shape[0] == 0:
        return without_images(enlarged_conv2d, values, weight, turned)
    batch, height, width, _ = [known if known is not None else tf.shape(values)[axis]
                               for axis, known in enumerate(values.shape)]
    # A transposed convolution turns its kernel by itself.
    kernel = four_shifts(weight if turned else tf.reverse(weight, [0, 1]))
    kernel = tf.cast(tf.transpose(kernel, [0, 1, 3, 2]), values.dtype)
    size = [batch, 2 * height, 2 * width, weight.shape[3]]
    return tf.nn.conv2d_transpose(values, kernel, size, 2, 'SAME')


def reduced_conv2d(values, weight):
    """A convolution of 3 x 3, zeros around, and then `reduce`, in one step.

    Args:
      values: [B, 2 H, 2 W, I].
      weight: [3, 3, I, O] float32.

    Returns:
      [B, H, W, O] of values' type.
    """
    if values.shape[0] == 0:
        return without_images(reduced_conv2d, values, weight)
    kernel = tf.cast(four_shifts(weight) / 4.0, values.dtype)
    return tf.nn.conv2d(values, kernel, 2, 'SAME')


def four_shifts(weight):
    """[3, 3, I, O] -> [4, 4, I, O], the sum of the kernel in the four corners."""
    return tf.add_n([tf.pad(weight, [[y, 1 - y], [x, 1 - x], [0, 0], [0, 0]])
                     for y in (0, 1) for x in (0, 1)])


def enlarge(images):
    """[B, H, W, C] -> [B, 2 H, 2 W, C], every pixel twice in both directions."""
    return tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2)


def reduce(images):
    """[B, 2 H, 2 W, C] -> [B, H, W, C], means of four pixels."""
    return tf.nn.avg_pool2d(images, 2, 2, 'VALID')


def blend(before, after, fade):
    """From `before` at fade 0 to `after` at 1, of the type of `after`."""
    before = tf.cast(before, after.dtype)
    return before + tf.cast(fade, after.dtype) * (after - before)


def faded(images, fade):
    """Real images beside generated ones of which the newest resolution fades in.

    As published: without their own details, as much as generated ones have none.

    Args:
      images: [B, R, R, 3].
      fade: see `BaseGenerator.synthesis`.

    Returns:
      [B, R, R, 3], at fade 0 those of half the resolution, enlarged.
    """
    return images if is_one(fade) else blend(enlarge(reduce(images)), images, fade)


def is_one(fade):
    """Whether it is known before the graph runs that nothing fades."""
    return not tf.is_tensor(fade) and fade == 1.0
