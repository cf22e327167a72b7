"""Images through a small low-pass of odd size, which keeps them in their place."""

import numpy as np
import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops.upfirdn2d import upfirdn2d, without_images

BINOMIAL = (0.25, 0.5, 0.25)  # StyleGAN's (Karras et al. 2019, Sec. 2)
ZEROS, MIRROR = BORDERS = ('zeros', 'mirror')


def blur(x, filter=BINOMIAL, border=ZEROS, impl='auto'):
    """Weighted means of each pixel and those around it.

    Along each axis, with taps = 2 m + 1: y[o] = sum_k filter[taps - 1 - k] * x[o + k - m].

    Args:
      x: [B, H, W, C] float32, float16 or bfloat16; sums are taken in float32.
      filter: constant numbers [taps] for both axes, odd in number.
      border: what lies beyond: 'zeros', or 'mirror', the image mirrored about the centres
        of its outermost pixels, which keeps a flat image flat to the edge.
      impl: 'auto', 'native' or 'reference', of `upfirdn2d`.

    Returns:
      [B, H, W, C] of x's type; can be differentiated any number of times.

    Raises:
      ValueError: for a wrong shape, type, filter, border or impl, or an image too small to
        be mirrored.
    """
    x = tf.convert_to_tensor(x)
    shapes.check_shape('x', x, ['B', 'H', 'W', 'C'])
    shapes.check_choice('border', border, BORDERS)
    if np.ndim(filter) != 1 or len(filter) % 2 == 0:
        raise ValueError('filter: expected an odd number of taps for both axes, got shape '
                         f'{list(np.shape(filter))}')
    margin = len(filter) // 2
    if border == ZEROS:
        return upfirdn2d(x, filter, padding=margin, impl=impl)
    if any(size is not None and size <= margin for size in x.shape[1:3]):
        raise ValueError(f'x: expected a height and a width above {margin}, to be mirrored for '
                         f'{len(filter)} taps, got {list(x.shape)}')
    if x.shape[0] == 0:  # which TensorFlow does not mirror
        return without_images(blur, x, filter, border, impl)
    sides = [[0, 0], [margin] * 2, [margin] * 2, [0, 0]]
    return upfirdn2d(tf.pad(x, sides, 'REFLECT'), filter, impl=impl)


def gaussian_blur(x, sigma, taps=5, impl='auto'):
    """`blur` by a Gaussian of sum 1, mirrored beyond the border.

    Args:
      x: as of `blur`.
      sigma: deviation in pixels, above 0; so wide a Gaussian is cut off at the taps.
      taps: pixels of a side of the filter, odd.
      impl: as of `blur`.

    Returns:
      As `blur`.

    Raises:
      ValueError: as `blur`, or for a wrong sigma or number of taps.
    """
    if not 0 < sigma < float('inf'):
        raise ValueError(f'sigma: expected above 0, got {sigma}')
    shapes.check_positive('taps', taps)
    offsets = np.arange(taps) - taps // 2
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return blur(x, tuple(weights / weights.sum()), MIRROR, impl)
