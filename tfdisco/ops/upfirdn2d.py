"""Resampling with a FIR filter: insert zeros, filter, keep every n-th sample."""

import numpy as np
import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native

DTYPES = (tf.float32, tf.float16, tf.bfloat16)
# The binomial low-pass of StyleGAN2 (its Sec. B and configuration), of sum 1.
FILTER = (0.125, 0.375, 0.375, 0.125)


def upfirdn2d(x, filter, up=1, down=1, padding=0, gain=1., flip=False, impl='auto'):
    """Upsamples with zeros, pads, convolves with a filter and downsamples, in one pass.

    Along each axis, with z the input of which each sample is followed by up - 1 zeros
    and which is then padded with zeros (or cropped, where the padding is negative):
    y[o] = gain * sum_k filter[taps - 1 - k] * z[o * down + k].

    Args:
      x: [B, H, W, C] float32, float16 or bfloat16; sums are taken in float32.
      filter: constant numbers, [taps] for both axes or [taps_y, taps_x]; one axis'
        filter applied along both is quicker than their product.
      up: factor, or (y, x).
      down: factor, or (y, x).
      padding: zeros of the upsampled image on every side, or (top, bottom, left,
        right); negative crops.
      gain: factor of the result.
      flip: correlate (filter[k] in the equation) instead.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      [B, H', W', C] of x's type, H' = (H * up + top + bottom - taps) // down + 1;
      can be differentiated any number of times with respect to `x`.

    Raises:
      ValueError: for a wrong shape, type, factor or impl, or if nothing is left.
    """
    x = tf.convert_to_tensor(x)
    shapes.check_choice('x: dtype', x.dtype.name, [t.name for t in DTYPES])
    shapes.check_shape('x', x, ['B', 'H', 'W', 'C'])
    filter_y, filter_x = _terms(filter, gain, flip)
    up, down = _pair('up', up), _pair('down', down)
    padding = _sides(padding)
    taps = filter_y.shape[1], filter_x.shape[1]
    size = [_output_size(x, axis, up, down, padding, taps) for axis in (0, 1)]
    ops = native.module_for('upfirdn2d', impl)
    if ops is None:
        return _upfirdn2d_ref(x, filter_y, filter_x, up, down, padding)
    return ops.tfdisco_upfirdn2d(image=x, filter_y=filter_y, filter_x=filter_x, size=size, up=up,
                                 down=down, pad=padding[::2])


def _upfirdn2d_ref(x, filter_y, filter_x, up, down, padding):
    """`upfirdn2d` in TensorFlow operations."""
    if x.shape[0] == 0:
        return without_images(_upfirdn2d_ref, x, filter_y, filter_x, up, down, padding)
    dtype = x.dtype
    # Sizes that are known stay so: converters of graphs do not find them out by themselves.
    batch, height, width, channels = (
        dynamic if known is None else known
        for known, dynamic in zip(x.shape.as_list(), tf.unstack(tf.shape(x))))
    x = tf.cast(x, tf.float32)
    if max(up) > 1:
        # One axis after the other: TensorFlow Lite pads no more than five.
        x = tf.reshape(x, [batch, height, 1, width * channels])
        x = tf.pad(x, [[0, 0], [0, 0], [0, up[0] - 1], [0, 0]])
        x = tf.reshape(x, [batch, height * up[0] * width, 1, channels])
        x = tf.pad(x, [[0, 0], [0, 0], [0, up[1] - 1], [0, 0]])
        x = tf.reshape(x, [batch, height * up[0], width * up[1], channels])
    top, bottom, left, right = padding
    x = tf.pad(x, [[0, 0]] + [[max(first, 0), max(last, 0)]
                              for first, last in ((top, bottom), (left, right))] + [[0, 0]])
    if min(padding) < 0:
        x = x[:, max(-top, 0):bottom if bottom < 0 else None,
              max(-left, 0):right if right < 0 else None]
    kernel = tf.constant(np.einsum('ry,rx->yx', filter_y, filter_x))
    kernel = tf.tile(kernel[:, :, None, None], [1, 1, channels, 1])
    stride = down[0] if down[0] == down[1] else 1  # TensorFlow has no other
    x = tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], 'VALID')
    if down[0] != down[1]:
        x = x[:, ::down[0], ::down[1]]
    return tf.cast(x, dtype)


@tf.RegisterGradient('TfdiscoUpfirdn2d')
def _gradient(op, grad):
    """The op itself, with up and down exchanged and the filters turned around."""
    image, filter_y, filter_x, _ = op.inputs
    taps = filter_y.shape[1], filter_x.shape[1]
    known = image.shape[1:3].is_fully_defined()
    grad_image = native.module_for('upfirdn2d', 'native').tfdisco_upfirdn2d(
        image=grad, filter_y=tf.reverse(filter_y, [1]), filter_x=tf.reverse(filter_x, [1]),
        size=list(image.shape[1:3]) if known else tf.shape(image)[1:3],
        up=op.get_attr('down'), down=op.get_attr('up'),
        pad=[tap - 1 - pad for tap, pad in zip(taps, op.get_attr('pad'))])
    return grad_image, None, None, None


def upsample2d(x, factor=2, filter=FILTER, impl='auto'):
    """Enlarges [B, H, W, C] to [B, H * factor, W * factor, C]; see `upfirdn2d`.

    The filter's sum is taken as 1: the mean stays as it is away from the border.
    """
    return upfirdn2d(x, filter, up=factor, padding=padding_for(filter, up=factor),
                     gain=factor**2, impl=impl)


def downsample2d(x, factor=2, filter=FILTER, impl='auto'):
    """Reduces [B, H, W, C] to [B, H // factor, W // factor, C]; see `upfirdn2d`."""
    return upfirdn2d(x, filter, down=factor, padding=padding_for(filter, down=factor), impl=impl)


def padding_for(filter, up=1, down=1, kernel=1):
    """`upfirdn2d`'s padding that keeps an image in its place.

    Args:
      filter: as of `upfirdn2d`.
      up: factor.
      down: factor.
      kernel: size of the convolution without padding that follows.

    Returns:
      (top, bottom, left, right), StyleGAN2's.
    """
    shape = np.shape(filter)
    sides = []
    for taps in (shape[0], shape[-1]):
        first = (taps + up - 1) // 2 if up > 1 else (taps - down + 1) // 2
        last = (taps - up) // 2 if up > 1 else (taps - down) // 2
        sides += [first + kernel // 2, last + kernel // 2]
    return tuple(sides)


def without_images(function, x, *arguments):
    """function(x, ..) for an empty batch, of which oneDNN's convolutions get the shape wrong."""
    return function(tf.pad(x, [[0, 1], [0, 0], [0, 0], [0, 0]]), *arguments)[:0]


def _terms(filter, gain, flip):
    """filter = sum_r y[r] (column) * x[r] (row): y [R, taps_y], x [R, taps_x], correlated."""
    taps = np.asarray(filter, np.float64)
    if taps.ndim not in (1, 2) or taps.size == 0:
        raise ValueError(f'filter: expected shape [taps] or [taps_y, taps_x], got '
                         f'{list(taps.shape)}')
    if not flip:
        taps = np.flip(taps)
    y, x = (taps[None], taps[None]) if taps.ndim == 1 else (np.eye(len(taps)), taps)
    return np.float32(y), np.float32(x * gain)


def _pair(name, factor):
    pair = list(factor) if isinstance(factor, (tuple, list)) else [factor] * 2
    if len(pair) != 2:
        raise ValueError(f'{name}: expected a factor or (y, x), got {factor!r}')
    for value in pair:
        shapes.check_positive(name, value)
    return pair


def _sides(padding):
    sides = list(padding) if isinstance(padding, (tuple, list)) else [padding] * 4
    if len(sides) != 4 or any(int(side) != side for side in sides):
        raise ValueError('padding: expected an integer or (top, bottom, left, right), got '
                         f'{padding!r}')
    return sides


def _output_size(x, axis, up, down, padding, taps):
    """Height (axis 0) or width (1) of the result: an int where it is known."""
    known = x.shape[1 + axis]
    size = tf.shape(x)[1 + axis] if known is None else known
    padded = size * up[axis] + padding[2 * axis] + padding[2 * axis + 1]
    if known is not None and padded < taps[axis]:
        raise ValueError(f'x: expected a padded {("height", "width")[axis]} of at least the '
                         f"filter's {taps[axis]}, got {padded}; pad more")
    return (padded - taps[axis]) // down[axis] + 1
