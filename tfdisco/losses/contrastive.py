"""Contrastive losses: what a change of one factor has to leave as it is, and what not.

Eq. 6-8 of the paper, for expression and illumination, and what goes on from them to pose,
identity and noise. Each function gives one number a pair, [P].
"""

import tensorflow as tf

from tfdisco.ops.blur import gaussian_blur
from tfdisco.ops.image_warp import image_warp
from tfdisco.shapes import check_shape

BLUR_SIGMA = 2.0  # pixels; a warp is not exact to the pixel
LEAST_HAIR = 0.01  # share of the picture that hair has to cover for its colour to count fully


def expression_warp(before, after, flow, before_mask, after_mask):
    """Eq. 6: a face warped to another expression of itself looks like that.

    Both are blurred. Left out are places of the second face that the first does not show,
    such as the inside of a mouth that opened, and those of the first that the second does
    not cover: neither has anything to be compared with. Around both faces nothing moves.

    Args:
      before, after: [P, H, W, 3] generated, alike but for the expression.
      flow: `SurfaceFlow` from the first to the second.
      before_mask, after_mask: [P, H, W, 1] of the rendered faces.

    Returns:
      [P] mean absolute difference of the pixels that are compared.

    Raises:
      ValueError: on wrong shapes.
    """
    _check(before, after, before_mask=before_mask, after_mask=after_mask)
    compared = after_mask * flow.valid + (1.0 - after_mask) * (1.0 - before_mask)
    return _warped_difference(before, after, flow, compared)


def surface(before, after, flow, after_mask):
    """A face that turned, or whose noise is another, has the same skin.

    Eq. 6 for pose: compared are differences from the rendered faces, since where a face looks
    changes the light on it.

    Args:
      before, after: [P, H, W, 3] generated less rendered images.
      flow: `SurfaceFlow` from the first to the second.
      after_mask: [P, H, W, 1] of the second rendered face.

    Returns:
      [P] mean absolute difference of the skin that both show.

    Raises:
      ValueError: on wrong shapes.
    """
    _check(before, after, after_mask=after_mask)
    return _warped_difference(before, after, flow, after_mask * flow.valid)


def hair(first, second):
    """Eq. 7: mean squared difference of hair maps [P, H, W, 1]: [P]."""
    check_shape('second', second, list(first.shape))
    return tf.reduce_mean(tf.square(first - second), axis=[1, 2, 3])


def landmarks(first, second, width):
    """Eq. 7: mean squared distance of landmarks [P, 68, 2] in shares of the width: [P]."""
    check_shape('first', first, ['P', 68, 2])
    check_shape('second', second, list(first.shape))
    return tf.reduce_mean(tf.reduce_sum(tf.square((first - second) / width), axis=-1), axis=-1)


def kept_identity(alike, rendered):
    """How far two faces of one person are less alike than these ought to be.

    A head that turns looks a little like another person, to any network. Asked for more than
    that, a generator learns not to turn it.

    Args:
      alike: [P] similarity of the generated faces.
      rendered: [P] of the rendered ones.

    Returns:
      [P] max(rendered - alike, 0).
    """
    return tf.maximum(rendered - alike, 0.0)


def background(first, second, outside):
    """How much the surroundings change.

    Args:
      first, second: [P, H, W, 3] generated.
      outside: [P, H, W, 1], how far a pixel is neither face nor hair in both; carries no
        gradient.

    Returns:
      [P] mean absolute difference there.

    Raises:
      ValueError: on wrong shapes.
    """
    _check(first, second, outside=outside)
    outside = tf.stop_gradient(outside)
    return _mean_where(tf.abs(first - second), outside)


def hair_color(first, second, first_hair, second_hair):
    """How far hair's mean colours are apart.

    Args:
      first, second: [P, H, W, 3] generated.
      first_hair, second_hair: [P, H, W, 1] hair maps; carry no gradient here.

    Returns:
      [P] distance of colours; less where one of them has little hair.

    Raises:
      ValueError: on wrong shapes.
    """
    _check(first, second, first_hair=first_hair, second_hair=second_hair)
    shares = [tf.reduce_mean(tf.stop_gradient(values), axis=[1, 2])
              for values in (first_hair, second_hair)]
    colors = [tf.reduce_mean(images * tf.stop_gradient(values), axis=[1, 2])
              / tf.maximum(share, LEAST_HAIR)
              for images, values, share in zip((first, second), (first_hair, second_hair), shares)]
    certain = tf.minimum(1.0, tf.minimum(*shares) / LEAST_HAIR)[:, 0]
    # The root has no gradient at 0.
    return certain * tf.sqrt(tf.reduce_sum(tf.square(colors[0] - colors[1]), axis=-1) + 1e-12)


def shortfall(difference, wanted):
    """What a difference [P] lacks of the one that is wanted, in shares of it: [P] in 0..1."""
    return tf.maximum(1.0 - difference / wanted, 0.0)


def _warped_difference(before, after, flow, compared):
    check_shape('flow.valid', flow.valid, list(compared.shape))
    warped = image_warp(gaussian_blur(before, BLUR_SIGMA), flow.flow)
    return _mean_where(tf.abs(warped - gaussian_blur(after, BLUR_SIGMA)), compared)


def _mean_where(values, weight):
    """Mean of [P, H, W, 3] where weight [P, H, W, 1] is, image by image: [P]."""
    area = tf.maximum(tf.reduce_sum(weight, axis=[1, 2, 3]), 1.0)
    return tf.reduce_sum(values * weight, axis=[1, 2, 3]) / (3.0 * area)


def _check(first, second, **maps):
    check_shape('first', first, ['P', 'H', 'W', 3])
    check_shape('second', second, list(first.shape))
    for name, values in maps.items():
        check_shape(name, values, [*first.shape[:3], 1])
