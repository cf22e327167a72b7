"""What tells how well a face is reconstructed whose coefficients nobody knows.

The terms of Deng et al. 2019 ("Accurate 3D Face Reconstruction with Weakly-Supervised
Learning"), Sec. 3: the reconstruction, rendered, looks like the picture, to the eye and to
a recognition network, and is no unlikely face.
"""

import tensorflow as tf

from tfdisco.losses.perception.reconstruction import length
from tfdisco.shapes import check_shape


def photometric_term(picture, rendered, weight):
    """Their Eq. 2: weighted mean distance of colours.

    Args:
      picture: [B, H, W, 3] in [-1, 1].
      rendered: [B, H, W, 3] in [-1, 1].
      weight: [B, H, W, 1]: where the surface is drawn and the picture shows skin. Takes no
        gradient.

    Returns:
      [] in shares of the way from black to white along one colour; 0 where nothing counts.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('picture', picture, ['B', 'H', 'W', 3])
    check_shape('rendered', rendered, list(picture.shape))
    check_shape('weight', weight, [*picture.shape[:3], 1])
    weight = tf.stop_gradient(weight[..., 0])
    distance = 0.5 * length(picture - rendered)
    # Of each picture first: a face seen from the side counts like one with more pixels.
    mean = (tf.reduce_sum(distance * weight, axis=[1, 2])
            / tf.maximum(tf.reduce_sum(weight, axis=[1, 2]), 1.0))
    return tf.reduce_mean(mean)


def identity_term(features, rendered_features):
    """Their Eq. 4: 1 - cosine of unit vectors [B, D] of picture and rendered face, a mean."""
    check_shape('features', features, ['B', 'D'])
    check_shape('rendered_features', rendered_features, list(features.shape))
    return tf.reduce_mean(1.0 - tf.reduce_sum(features * rendered_features, axis=-1))


def likelihood_term(standard):
    """Their Eq. 5: mean square of coefficients [B, K] in standard deviations of people."""
    check_shape('standard', standard, ['B', 'K'])
    return tf.reduce_mean(tf.square(standard))
