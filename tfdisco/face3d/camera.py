"""The pinhole camera: at (0, 0, 10), looking along -z, y up.

Its focal length follows the width, so the framing is the same at any resolution;
a pixel is square, so a non-square image shows more or less above and below.
"""

import numpy as np
import tensorflow as tf

from tfdisco.face3d.framing import DISTANCE, focal_length

# Planes of zero and full depth: a face 1 dm in front of the camera is still drawn,
# and float32 keeps steps of 1e-5 dm apart at the head's distance.
NEAR, FAR = 1.0, 100.0


def project(points, height, width):
    """Projects points to the image.

    x = W/2 + f X / (10 - Z), y = H/2 - f Y / (10 - Z).

    Args:
      points: [..., 3] in camera space, in front of the camera (Z < 10).
      height: image height in pixels.
      width: image width in pixels.

    Returns:
      [..., 2] pixels (x, y); the centre of the top-left pixel is (0.5, 0.5).
    """
    x, y, z = tf.unstack(points, axis=-1)
    scale = focal_length(width) / (DISTANCE - z)
    return tf.stack([0.5 * width + scale * x, 0.5 * height - scale * y], axis=-1)


def clip_matrix(height, width):
    """The same projection as a matrix from camera to clip space (x right, y up).

    The pixel is ((x/w + 1) W/2, (1 - y/w) H/2), w is the distance 10 - Z, and z/w
    runs from -1 at `NEAR` to 1 at `FAR`.

    Returns:
      [4, 4] float64 array, applied to column vectors (X, Y, Z, 1).
    """
    focal = focal_length(width)
    view = np.eye(4)
    view[2, 3] = -DISTANCE
    projection = np.zeros((4, 4))
    projection[0, 0] = 2.0 * focal / width
    projection[1, 1] = 2.0 * focal / height
    projection[2, 2] = -(FAR + NEAR) / (FAR - NEAR)
    projection[2, 3] = -2.0 * FAR * NEAR / (FAR - NEAR)
    projection[3, 2] = -1.0
    return projection @ view


def to_clip(points, height, width):
    """Clip coordinates [..., 4] of points [..., 3] in camera space."""
    matrix = clip_matrix(height, width)
    rotation = tf.constant(matrix[:, :3].T, points.dtype)
    rows = tf.reshape(points, [-1, 3])  # one matmul, not one an image
    clip = tf.matmul(rows, rotation) + tf.constant(matrix[:, 3], points.dtype)
    return tf.reshape(clip, tf.concat([tf.shape(points)[:-1], [4]], 0))
