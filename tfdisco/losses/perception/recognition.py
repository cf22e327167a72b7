"""Who a face is: softmax over identities with a margin, CosFace (Wang et al. 2018), Eq. 4."""

import tensorflow as tf

from tfdisco.shapes import check_shape


def cosface_term(features, centers, identities, scale, margin):
    """-log of the softmax of s (cos - m [i = y]) at the true identity y.

    Args:
      features: [B, D] unit vectors.
      centers: [I, D], one vector an identity; their lengths do not matter.
      identities: [B] integers, rows of `centers`.
      scale: s.
      margin: m, cosine that the true identity has to be ahead; a number or [] tensor.

    Returns:
      [] mean over the batch, nats.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('features', features, ['B', 'D'])
    check_shape('centers', centers, ['I', features.shape[1]])
    check_shape('identities', identities, [features.shape[0]])
    centers = tf.math.l2_normalize(tf.convert_to_tensor(centers), axis=-1)
    cosines = tf.matmul(features, centers, transpose_b=True)
    true = tf.one_hot(identities, centers.shape[0])
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(
        labels=true, logits=scale * (cosines - margin * true)))


def coefficients_term(found, coefficients, visibility):
    """Mean square error of a person's coefficients, weighted by what they change of the face.

    Args:
      found: [B, K].
      coefficients: [B, K] standard deviations.
      visibility: [K], see `face3d.visibility`.

    Returns:
      [], about 1 if every coefficient is taken for 0.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('found', found, ['B', 'K'])
    check_shape('coefficients', coefficients, list(found.shape))
    check_shape('visibility', visibility, [found.shape[1]])
    return tf.reduce_mean(tf.square(visibility * (found - coefficients)))
