"""Convolution together with a resampling by 2, in the order that costs least."""

import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops.upfirdn2d import (
    FILTER,
    downsample2d,
    padding_for,
    upfirdn2d,
    upsample2d,
    without_images,
)


def resampled_conv2d(x, w, up=1, down=1, filter=FILTER, impl='auto'):
    """Upsamples and then convolves, or convolves a blurred image in steps of `down`.

    Equal to `upfirdn2d` (with padding for both) followed by a convolution without
    padding. To enlarge, the filter is applied after a transposed convolution instead:
    both are linear, and the convolution then sees none of the inserted zeros.

    Args:
      x: [B, H, W, I] float32, float16 or bfloat16.
      w: [K, K, I, O] of the same type, K odd.
      up: factor; 1 where `down` is not.
      down: factor.
      filter: the low-pass, constant numbers of sum 1; see `upfirdn2d`.
      impl: 'auto', 'native' or 'reference', of `upfirdn2d`; the convolution is
        TensorFlow's in any case.

    Returns:
      [B, H * up, W * up, O] or [B, H // down, W // down, O]; can be differentiated any
      number of times.

    Raises:
      ValueError: for a wrong shape or factor.
    """
    x, w = tf.convert_to_tensor(x), tf.convert_to_tensor(w)
    kernel = check_kernel(x, w, up, down)
    if x.shape[0] == 0:
        return without_images(resampled_conv2d, x, w, up, down, filter, impl)
    if up == down == 1:
        return tf.nn.conv2d(x, w, 1, 'SAME')
    if kernel == 1:
        x = downsample2d(x, down, filter, impl) if down > 1 else x
        x = tf.nn.conv2d(x, w, 1, 'VALID')
        return upsample2d(x, up, filter, impl) if up > 1 else x
    if down > 1:
        x = upfirdn2d(x, filter, padding=padding_for(filter, down=down, kernel=kernel), impl=impl)
        return tf.nn.conv2d(x, w, down, 'VALID')
    batch, height, width, _ = [known if known is not None else tf.shape(x)[axis]
                               for axis, known in enumerate(x.shape)]
    size = [batch, (height - 1) * up + kernel, (width - 1) * up + kernel, w.shape[3]]
    # A transposed convolution turns the kernel around: an axis at a time, since OpenVINO,
    # which reads exported networks, knows no reversal of two.
    w = tf.transpose(tf.reverse(tf.reverse(w, [0]), [1]), [0, 1, 3, 2])
    x = tf.nn.conv2d_transpose(x, w, size, up, 'VALID')
    top, bottom, left, right = padding_for(filter, up=up)
    # The first of its outputs lies kernel // 2 before the first pixel, and the last
    # inserted zeros are missing.
    before, after = kernel // 2, up - 1 - kernel // 2
    return upfirdn2d(x, filter, padding=(top - before, bottom + after, left - before,
                                         right + after), gain=up**2, impl=impl)


def check_kernel(x, w, up, down):
    """Returns K; raises ValueError, see `resampled_conv2d`."""
    shapes.check_shape('x', x, ['B', 'H', 'W', 'I'])
    shapes.check_shape('w', w, ['K', 'K', x.shape[3] or 'I', 'O'])
    shapes.check_positive('up', up)
    shapes.check_positive('down', down)
    if up > 1 and down > 1:
        raise ValueError(f'up, down: expected one of them 1, got {up} and {down}')
    kernel = w.shape[0]
    if kernel % 2 == 0:
        raise ValueError(f'w: expected an odd kernel size, got {kernel}')
    return kernel
