"""Pictures of any size to the squares that networks take, and maps back to pictures.

Two matrix products, differentiable any number of times. An output pixel is the mean of the
input under a window around its centre, which is as wide as the pixel or, where the picture
grows, as an input pixel: then that is bilinear interpolation. Where the picture shrinks
by a whole number, it is the box filter of `images.box_downsample`.
"""

import tensorflow as tf

from tfdisco.shapes import check_shape


def resample(values, box, height, width):
    """The part of pictures inside a box, at another size.

    Args:
      values: [B, H, W, C].
      box: (top, left, bottom, right) in pixels of `values`, edges and not centres; numbers or
        scalar tensors. Beyond the pictures, their edge is repeated.
      height, width: of the result, integers or scalar tensors.

    Returns:
      [B, height, width, C].

    Raises:
      ValueError: on a wrong shape.
    """
    values = tf.convert_to_tensor(values, tf.float32)
    check_shape('values', values, ['B', None, None, None])
    batch, rows, columns, channels = tf.unstack(tf.shape(values))
    top, left, bottom, right = (tf.cast(edge, tf.float32) for edge in box)
    down = _weights(rows, top, bottom, height)
    across = _weights(columns, left, right, width)
    values = tf.matmul(down, tf.reshape(values, [batch, rows, columns * channels]))
    values = tf.reshape(values, [batch, height, columns, channels])
    # One large product, [B height C, W] by [W, width], and not B height small ones.
    values = tf.transpose(values, [0, 1, 3, 2])
    values = tf.matmul(tf.reshape(values, [batch * height * channels, columns]), across,
                       transpose_b=True)
    values = tf.reshape(values, [batch, height, channels, width])
    return tf.transpose(values, [0, 1, 3, 2])


def to_square(images, size, share=1.0):
    """The middle of pictures as squares: what a network looks at.

    The whole square is as wide as the picture, for the camera's focal length follows the
    width (see `face3d.camera`). Of a picture that is not square, rows above and below it
    are left out, or missing ones repeat the edge.

    Args:
      images: [B, H, W, C].
      size: pixels of a side.
      share: side of the square in widths of the picture.

    Returns:
      [B, size, size, C].
    """
    height, width = _size(images)
    return resample(images, (0.5 * (height - share * width), 0.5 * (1.0 - share) * width,
                             0.5 * (height + share * width), 0.5 * (1.0 + share) * width),
                    size, size)


def from_square(values, height, width):
    """Maps [B, S, S, C] of `to_square(images, S)` -> [B, height, width, C] of the pictures."""
    size = tf.cast(tf.shape(values)[1], tf.float32)
    reach = tf.cast(height, tf.float32) / tf.cast(width, tf.float32)
    return resample(values, (0.5 * size * (1.0 - reach), 0.0, 0.5 * size * (1.0 + reach), size),
                    height, width)


def _size(images):
    """Height and width as float scalars."""
    return tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))


def _weights(size, start, stop, count):
    """[count, size]: shares of `size` pixels in `count` windows between two edges."""
    step = (stop - start) / tf.cast(count, tf.float32)
    window = tf.maximum(step, 1.0)
    centre = start + step * (tf.range(count, dtype=tf.float32)[:, tf.newaxis] + 0.5)
    inner = tf.range(1, size, dtype=tf.float32)  # edges between pixels
    beyond = tf.fill([1], float('inf'))  # the first and the last pixel reach that far
    edges = tf.concat([-beyond, inner, beyond], 0)
    overlap = (tf.minimum(centre + 0.5 * window, edges[1:])
               - tf.maximum(centre - 0.5 * window, edges[:-1]))
    return tf.maximum(overlap, 0.0) / window
