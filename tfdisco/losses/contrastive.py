"""Contrastive losses: what a change of one factor has to leave as it is (Eq. 6-8)."""

import tensorflow as tf

from tfdisco.losses.imitative import landmarks_term
from tfdisco.ops.blur import gaussian_blur
from tfdisco.ops.image_warp import image_warp
from tfdisco.shapes import check_shape

BLUR_SIGMA = 2.0  # pixels; a warp is not exact to the pixel


def expression_terms(before, after, flow, before_mask, after_mask):
    """Eq. 6: a face warped to another expression of itself looks like that.

    Both are blurred. Left out are places of the second face that the first does not show,
    such as the inside of a mouth that opened, and those of the first that the second does
    not cover: neither has anything to be compared with. Around both faces nothing moves.

    Args:
      before, after: [B, H, W, 3] generated, alike but for the expression.
      flow: `SurfaceFlow` from the first to the second.
      before_mask, after_mask: [B, H, W, 1] of the rendered faces.

    Returns:
      {'warp': [] mean absolute difference of the pixels that are compared}.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('before', before, ['B', 'H', 'W', 3])
    check_shape('after', after, list(before.shape))
    for name, mask in (('before_mask', before_mask), ('after_mask', after_mask),
                       ('flow.valid', flow.valid)):
        check_shape(name, mask, [*before.shape[:3], 1])
    warped = image_warp(gaussian_blur(before, BLUR_SIGMA), flow.flow)
    compared = after_mask * flow.valid + (1.0 - after_mask) * (1.0 - before_mask)
    difference = tf.abs(warped - gaussian_blur(after, BLUR_SIGMA)) * compared
    area = tf.maximum(tf.reduce_sum(compared), 1.0)
    return {'warp': tf.reduce_sum(difference) / (3.0 * area)}


def illumination_terms(first, second, width, similarity):
    """Eq. 7 and 8: light moves neither hair nor landmarks, and changes nobody.

    Args:
      first, second: `Observation`s of images that are alike but for the light.
      width: of the images, pixels.
      similarity: `Perception.similarity`.

    Returns:
      {'hair', 'landmarks': the parts of Eq. 7 without omega, 'identity': Eq. 8}, [] each.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('second.hair', second.hair, list(first.hair.shape))
    return {
        'hair': tf.reduce_mean(tf.square(first.hair - second.hair)),
        'landmarks': landmarks_term(first.landmarks, second.landmarks, width),
        'identity': tf.reduce_mean(1.0 - similarity(first.identity, second.identity))}
