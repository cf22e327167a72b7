"""Pictures of any size to the squares that networks take, and maps back to pictures.

Two matrix products, differentiable any number of times. An output pixel is the mean of the
input under a window around its centre, which is as wide as the pixel or, where the picture
grows, as an input pixel: then that is bilinear interpolation. Where the picture shrinks
by a whole number, it is the box filter of `images.box_downsample`, as in `data.records`.
"""

import tensorflow as tf

from tfdisco.shapes import check_shape


def resample(values, box, height, width):
    """The part of pictures inside a box, at another size.

    Args:
      values: [B, H, W, C], C known.
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
    batch, channels = tf.shape(values)[0], values.shape[3]
    rows, columns = size(values)
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


def size(images):
    """Height and width of pictures [B, H, W, C]: integers, or scalar tensors if unknown."""
    shape = tf.shape(images)
    return [shape[axis] if images.shape[axis] is None else images.shape[axis] for axis in (1, 2)]


def to_square(images, side, share=1.0):
    """The middle of pictures as squares: what a network looks at.

    The whole square is as wide as the picture, for the camera's focal length follows the
    width (see `face3d.camera`). Of a picture that is not square, rows above and below it
    are left out, or missing ones repeat the edge.

    Args:
      images: [B, H, W, C].
      side: of the result, pixels.
      share: side of the square in widths of the picture.

    Returns:
      [B, side, side, C].
    """
    height, width = (tf.cast(edge, tf.float32) for edge in size(images))
    return resample(images, (0.5 * (height - share * width), 0.5 * (1.0 - share) * width,
                             0.5 * (height + share * width), 0.5 * (1.0 + share) * width),
                    side, side)


def from_square(values, height, width):
    """Maps [B, S, S, C] of `to_square(images, S)` -> [B, height, width, C] of the pictures."""
    side = tf.cast(size(values)[1], tf.float32)
    reach = tf.cast(height, tf.float32) / tf.cast(width, tf.float32)
    return resample(values, (0.5 * side * (1.0 - reach), 0.0, 0.5 * side * (1.0 + reach), side),
                    height, width)


def _weights(pixels, start, stop, count):
    """[count, pixels]: shares of pixels in `count` windows between two edges."""
    step = (stop - start) / tf.cast(count, tf.float32)
    window = tf.maximum(step, 1.0)
    centre = start + step * (tf.range(count, dtype=tf.float32)[:, tf.newaxis] + 0.5)
    inner = tf.range(1, pixels, dtype=tf.float32)  # edges between pixels
    beyond = tf.fill([1], float('inf'))  # the first and the last pixel reach that far
    edges = tf.concat([-beyond, inner, beyond], 0)
    overlap = tf.maximum(tf.minimum(centre + 0.5 * window, edges[1:])
                         - tf.maximum(centre - 0.5 * window, edges[:-1]), 0.0)
    # By the sum, and not by the window: rounded shares would not add up to exactly one.
    return overlap / tf.reduce_sum(overlap, axis=1, keepdims=True)
