"""The loss of a VAE with a Gaussian likelihood of learned noise (Dai & Wipf 2019).

And a term beyond it that has decoded z ~ N(0, 1) follow the data: where a small gamma
pins every person down, the evidence hardly sees the empty regions between their
posteriors, which is what Dai & Wipf's second stage is for.
"""

import math

import tensorflow as tf

from tfdisco.shapes import check_shape


def vae_terms(x, x_hat, mean, log_std, log_gamma):
    """The negative evidence lower bound, in nats, as its two terms.

    Dai & Wipf 2019, Eq. 1 with the decoder of their Sec. 2, N(x | x^, gamma^2 I), and
    the encoder N(z | mean, std^2): reconstruction = sum over K of
    ((x - x^) / gamma)^2 / 2 + log gamma + log(2 pi) / 2; kl = sum over L of
    (mean^2 + std^2 - 1) / 2 - log std. Their sum is the loss.

    Args:
      x: [B, K] normalised data.
      x_hat: [B, K] what one drawn z decodes to.
      mean: [B, L] of the posterior.
      log_std: [B, L] logarithm of the posterior's standard deviation.
      log_gamma: [] logarithm of gamma.

    Returns:
      {'reconstruction': [], 'kl': []}, means over the batch.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('x', x, ['B', 'K'])
    check_shape('x_hat', x_hat, [x.shape[0], x.shape[1]])
    check_shape('mean', mean, [x.shape[0], 'L'])
    check_shape('log_std', log_std, [x.shape[0], mean.shape[1]])
    check_shape('log_gamma', log_gamma, [])
    log_gamma = tf.convert_to_tensor(log_gamma)
    error = (x - x_hat) * tf.exp(-log_gamma)
    likelihood = 0.5 * tf.square(error) + log_gamma + 0.5 * math.log(2.0 * math.pi)
    divergence = 0.5 * (tf.square(mean) + tf.exp(2.0 * log_std) - 1.0) - log_std
    return {'reconstruction': tf.reduce_mean(tf.reduce_sum(likelihood, axis=-1)),
            'kl': tf.reduce_mean(tf.reduce_sum(divergence, axis=-1))}


def sliced_wasserstein_term(x, drawn, directions):
    """Squared sliced 2-Wasserstein distance of two batches (Bonneel et al. 2015).

    Args:
      x: [B, K] normalised data.
      drawn: [B, K] what z ~ N(0, 1) decodes to.
      directions: [D, K] normal numbers; their lengths do not matter.

    Returns:
      [] mean over directions and sorted pairs of the squared difference of projections.
      Differentiable almost everywhere.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('x', x, ['B', 'K'])
    check_shape('drawn', drawn, [x.shape[0], x.shape[1]])
    check_shape('directions', directions, ['D', x.shape[1]])
    axes = tf.math.l2_normalize(directions, axis=-1)
    ours, theirs = (tf.sort(tf.matmul(axes, values, transpose_b=True), axis=-1)  # [D, B]
                    for values in (drawn, x))
    return tf.reduce_mean(tf.square(ours - theirs))
