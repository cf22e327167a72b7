"""Pictures mirrored, moved, cropped and resampled, and their labels along with them.

Everything happens along the axes, so a picture becomes R_y X R_x^T with one matrix an
axis, which also is the filter: against aliasing, for blur, and for the mirrored border
that photographs cropped too tightly are filled up with (`data.warping`).
"""

from typing import NamedTuple

import tensorflow as tf

from tfdisco.data.warping import BLUR, BLURRED_AT, PLAIN_AT
from tfdisco.face3d.framing import DISTANCE, FOCAL_PER_WIDTH
from tfdisco.face3d.landmarks import MIRRORED


class Frames(NamedTuple):
    """How each picture of a batch is cut out. Shares are of the picture's edge.

    mirror: [B] bool, left to right; comes first.
    scale: [B], about the picture's centre.
    shift: [B, 2] (x, y) shares, to the right and down; comes last.
    window: [B, 2, 2] shares (x, y of the corner at the top left, x, y of the other), the
      part of the mirrored picture that is known; its reflection surrounds it.
    softness: [B] at least 1, pixels of the result that the filter, a box, averages over.
    """

    mirror: tf.Tensor
    scale: tf.Tensor
    shift: tf.Tensor
    window: tf.Tensor
    softness: tf.Tensor


def whole(batch):
    """`Frames` of `batch` that leave pictures where they are."""
    return Frames(tf.zeros([batch], tf.bool), tf.ones([batch]), tf.zeros([batch, 2]),
                  tf.tile([[[0.0, 0.0], [1.0, 1.0]]], [batch, 1, 1]), tf.ones([batch]))


def reframe(images, frames, size, crop=1.0):
    """Cuts pictures out.

    Args:
      images: [B, S, S, C] float32.
      frames: `Frames`.
      size: edge of the result.
      crop: the central share of the picture that it shows, before it is scaled and moved.

    Returns:
      images [B, size, size, C], not yet blurred where they lie outside the window, and how
      far outside each pixel lies [B, size, size, 1], in shares of the result's edge.
    """
    source, channels = images.shape[1], images.shape[-1]
    columns, beside = _axis(frames, 0, size, source, crop)  # [B, size, S], [B, size]
    rows, above = _axis(frames, 1, size, source, crop)
    flat = tf.reshape(images, [-1, source, source * channels])
    flat = tf.matmul(rows, flat)  # [B, size, S C]
    flat = tf.reshape(tf.transpose(tf.reshape(flat, [-1, size, source, channels]), [0, 2, 1, 3]),
                      [-1, source, size * channels])
    flat = tf.matmul(columns, flat)  # [B, size (x), size C]
    result = tf.transpose(tf.reshape(flat, [-1, size, size, channels]), [0, 2, 1, 3])
    outside = tf.sqrt(tf.square(beside)[:, tf.newaxis] + tf.square(above)[:, :, tf.newaxis])
    return result, outside[..., tf.newaxis]


def fill_border(images, outside, plain):
    """What `data.warping` does with a border that shows no photograph.

    It is blurred and fades to one colour, the more the deeper outside.

    Args:
      images: [B, size, size, 3].
      outside: [B, size, size, 1] of `reframe`.
      plain: [B] bool, fill it with that colour right away, as other tools do.
    """
    size = images.shape[1]
    place = tf.range(size, dtype=tf.float32)
    kernel = tf.exp(-0.5 * tf.square((place[:, tf.newaxis] - place) / (BLUR * size)))
    kernel /= tf.reduce_sum(kernel, axis=1, keepdims=True)
    blurred = along_axes(images, kernel)
    inside = tf.cast(outside <= 0.0, tf.float32)
    mean = (tf.reduce_sum(images * inside, axis=[1, 2], keepdims=True)
            / tf.reduce_sum(inside, axis=[1, 2], keepdims=True))
    plain = tf.cast(plain, tf.float32)[:, tf.newaxis, tf.newaxis, tf.newaxis]
    at_once = plain * tf.cast(outside > 0.0, tf.float32)
    for target, complete in ((blurred, BLURRED_AT), (mean, PLAIN_AT)):
        images += tf.maximum(tf.minimum(outside / complete, 1.0), at_once) * (target - images)
    return images


def along_axes(images, matrix):
    """M X M^T of every channel of images [B, S, S, C], for one matrix [S, S]."""
    size, channels = images.shape[1], images.shape[-1]
    for _ in range(2):  # each time along the second axis, which becomes the third
        rows = tf.matmul(matrix[tf.newaxis], tf.reshape(images, [-1, size, size * channels]))
        images = tf.transpose(tf.reshape(rows, [-1, size, size, channels]), [0, 2, 1, 3])
    return images


def move_landmarks(landmarks, frames):
    """Landmarks [B, 68, 2] in shares of the picture, in the picture cut out (crop 1)."""
    mirrored = tf.gather(landmarks * [-1.0, 1.0] + [1.0, 0.0], MIRRORED, axis=1)
    landmarks = tf.where(frames.mirror[:, tf.newaxis, tf.newaxis], mirrored, landmarks)
    scale, shift = frames.scale[:, tf.newaxis, tf.newaxis], frames.shift[:, tf.newaxis]
    return 0.5 + scale * (landmarks - 0.5) + shift


def move_translation(translation, frames):
    """Translation [B, 3] of a face that looks as if its picture had been moved.

    To scale a picture by k is to come nearer, exactly for what lies at depth 0 of the
    face: the distance D = 10 - t_z becomes D / k; and a shift by d pixels moves what is
    there by d D / f.
    """
    translation *= tf.where(frames.mirror[:, tf.newaxis], [-1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    distance = (DISTANCE - translation[:, 2:]) / frames.scale[:, tf.newaxis]
    across = translation[:, :2] + frames.shift * [1.0, -1.0] * distance / FOCAL_PER_WIDTH
    return tf.concat([across, DISTANCE - distance], axis=-1)


def mirror_coefficients(coefficients, frames, signs):
    """Coefficients [B, K] mirrored along; `signs` are those of `model.mirror_signs`."""
    return tf.where(frames.mirror[:, tf.newaxis], coefficients * signs, coefficients)


def _axis(frames, axis, size, source, crop):
    """The matrix [B, size, source] of one axis, and how far outside each pixel lies."""
    scale = (frames.scale / crop)[:, tf.newaxis]
    place = (tf.range(size, dtype=tf.float32) + 0.5) / size - 0.5
    place = 0.5 + (place - frames.shift[:, axis, tf.newaxis] / crop) / scale  # [B, size]
    low, high = frames.window[:, 0, axis, tf.newaxis], frames.window[:, 1, axis, tf.newaxis]
    outside = tf.maximum(tf.maximum(low - place, place - high), 0.0) * scale
    # The window goes on mirrored at its edges, again and again.
    span = high - low
    place = tf.math.floormod(place - low, 2.0 * span)
    place = (low + tf.minimum(place, 2.0 * span - place))[..., tf.newaxis]
    # A box as wide as a pixel of the result or of the picture, as in `perception.resize`.
    reach = 0.5 * tf.maximum(frames.softness[:, tf.newaxis] / (scale * size), 1.0 / source)
    reach = reach[..., tf.newaxis]
    low, high = low[..., tf.newaxis], high[..., tf.newaxis]
    edges = tf.range(source + 1, dtype=tf.float32) / source
    start = tf.maximum(tf.maximum(place - reach, low), edges[:-1])
    stop = tf.minimum(tf.minimum(place + reach, high), edges[1:])
    weights = tf.maximum(stop - start, 0.0)
    weights /= tf.reduce_sum(weights, axis=-1, keepdims=True)
    if axis == 0:
        weights = tf.where(frames.mirror[:, tf.newaxis, tf.newaxis], weights[..., ::-1], weights)
    return weights, outside
