"""Imitative losses: how far a generated face is from the rendered one (Eq. 2-5)."""

import tensorflow as tf

from tfdisco.face3d.surface import MILLIMETRES
from tfdisco.shapes import check_shape

MARGIN = 0.3  # tau of Eq. 2: a real face may look like somebody else than the rendered one


def imitative_terms(seen, rendered_identity, rendered, coefficients, images, layout, similarity,
                    root):
    """The terms, unweighted.

    Args:
      seen: `Observation` of the generated images.
      rendered_identity: [B, D], the identity seen in the rendered images.
      rendered: `RenderedFace`.
      coefficients: [B, K] that the faces were rendered and generated from.
      images: [B, H, W, 3] generated, in [-1, 1].
      layout: `CoefficientLayout` of the coefficients.
      similarity: `Perception.similarity`.
      root: of `expression_term`.

    Returns:
      {'identity': Eq. 2, 'landmarks': Eq. 3 in shares of the width squared, 'illumination':
      Eq. 4 as a mean, 'skin': Eq. 5 as a distance, 'expression': `expression_term`}, [] means
      over the batch.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('images', images, ['B', 'H', 'W', 3])
    alike = similarity(seen.identity, tf.stop_gradient(rendered_identity))
    found, wanted = layout.split(seen.coefficients), layout.split(coefficients)
    return {
        'identity': tf.reduce_mean(tf.maximum(1.0 - alike - MARGIN, 0.0)),
        'landmarks': landmarks_term(seen.landmarks, rendered.landmarks, images.shape[2]),
        'illumination': tf.reduce_mean(
            tf.abs(found.illumination - wanted.illumination)),
        'skin': skin_term(images, rendered),
        'expression': expression_term(found.expression, wanted.expression, root)}


def landmarks_term(found, wanted, width):
    """Mean squared distance of landmarks [B, 68, 2] (pixels), in shares of the width: []."""
    check_shape('found', found, ['B', 68, 2])
    check_shape('wanted', wanted, list(found.shape))
    return tf.reduce_mean(tf.reduce_sum(tf.square((found - wanted) / width), axis=-1))


def skin_term(images, rendered):
    """Eq. 5: distance of the mean colours under the mask.

    Args:
      images: [B, H, W, 3].
      rendered: `RenderedFace` of that size; a face that covers no pixel counts 0.

    Returns:
      [] mean over the batch.
    """
    check_shape('rendered.image', rendered.image, list(images.shape))
    area = tf.maximum(tf.reduce_sum(rendered.mask, axis=[1, 2]), 1.0)
    difference = tf.reduce_sum((images - rendered.image) * rendered.mask, axis=[1, 2]) / area
    # The root has no gradient at 0.
    return tf.reduce_mean(tf.sqrt(tf.reduce_sum(tf.square(difference), axis=-1) + 1e-12))


def expression_term(seen, wanted, root):
    """Root mean square distance of the vertices by the expressions seen and wanted.

    Landmarks say little about cheeks and lids, and a mouth's corner is a pixel away from its
    neighbour; the expression's coefficients are read off the face as a whole, as Eq. 4's.

    Args:
      seen, wanted: [B, Ke].
      root: [Ke, Ke] of `face3d.surface.root`, decimetres.

    Returns:
      [] mean over the batch, millimetres.
    """
    check_shape('seen', seen, list(wanted.shape))
    squares = tf.reduce_sum(tf.square(tf.matmul(seen - wanted, root)), axis=-1)
    return MILLIMETRES * tf.reduce_mean(tf.sqrt(squares + 1e-12))  # no gradient at 0


def pixel_term(images, rendered):
    """Mean absolute difference under the mask, of all pixels and colours there: [].

    Args and errors are those of `skin_term`.
    """
    check_shape('rendered.image', rendered.image, list(images.shape))
    difference = tf.abs(images - rendered.image) * rendered.mask
    area = tf.maximum(tf.reduce_sum(rendered.mask, axis=[1, 2, 3]), 1.0)
    return tf.reduce_mean(tf.reduce_sum(difference, axis=[1, 2, 3]) / (3.0 * area))
