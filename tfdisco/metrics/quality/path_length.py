"""Perceptual path length: how smoothly pictures follow w (Karras et al. 2019, Sec. 4.1)."""

import numpy as np
import tensorflow as tf

from tfdisco.metrics import statistics
from tfdisco.shapes import check_positive

BATCH = 32
EPSILON = 1e-4
TAILS = (1.0, 99.0)  # percentiles beyond which the published measure leaves lengths out


def path_lengths(draw, distance, mapping, inputs, count, seed, epsilon=EPSILON, progress=None):
    """d(g(lerp(w1, w2, t)), g(lerp(w1, w2, t + epsilon))) / epsilon^2 of random w1, w2, t.

    Args:
      draw: w [B, W] to pictures [B, R, R, 3].
      distance: two batches of pictures to [B], of the order of a squared difference.
      mapping: inputs [B, inputs.size] to w [B, W].
      inputs: `networks.inputs.GeneratorInputs`.
      count: of pairs.
      seed: of latents, and of t, uniform from 0 to 1.
      epsilon: the step.
      progress: see `metrics.generated`.

    Returns:
      [count] float64.

    Raises:
      ValueError: unless the count is positive.
    """
    check_positive('count', count)
    rng = np.random.default_rng([seed, 0])
    result = []
    starts = range(0, count, BATCH)
    for start in starts if progress is None else progress(starts, desc='path lengths'):
        size = min(BATCH, count - start)
        z = rng.standard_normal([2, size, inputs.latents], np.float32)
        share = rng.random([size, 1], np.float32)
        first, second = (mapping(inputs(part)) for part in z)
        here = first + share * (second - first)
        # The step by itself: t + epsilon would lose half of its digits in float32.
        there = here + np.float32(epsilon) * (second - first)
        # Both in one batch, so that the same kernels draw them and only the step differs.
        pictures = draw(tf.concat([here, there], axis=0))
        lengths = distance(pictures[:size], pictures[size:])
        result.append(np.asarray(lengths, np.float64) / epsilon ** 2)
    return np.concatenate(result)


def estimate(lengths, seed):
    """The `statistics.Estimate` of their mean, without what is beyond `TAILS`.

    Raises:
      ValueError: on NaN or infinity.
    """
    lengths = np.asarray(lengths, np.float64)
    if not np.isfinite(lengths).all():
        raise ValueError('lengths: expected finite path lengths, got NaN or infinity')
    # As published: the nearest lengths at or beyond the percentiles, and not between two.
    low = np.percentile(lengths, TAILS[0], method='lower')
    high = np.percentile(lengths, TAILS[1], method='higher')
    kept = lengths[(lengths >= low) & (lengths <= high)]
    return statistics.mean(kept, np.arange(len(kept)), seed)
