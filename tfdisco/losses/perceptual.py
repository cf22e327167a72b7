"""How unlike two pictures are to a network, from its maps."""

import tensorflow as tf

EPSILON = 1e-10  # of a squared length: where a map is dark, its direction means nothing


def perceptual_distance(first, second):
    """LPIPS without learnt weights (Zhang et al. 2018, Eq. 1).

    At every place the squared difference of unit vectors over channels, averaged over
    places, added over the maps.

    Args:
      first, second: lists of [B, H, W, C], C and sizes of any map their own.

    Returns:
      [B]; its gradient is finite where a map is zero, too.
    """
    return tf.add_n([tf.reduce_mean(tf.reduce_sum(tf.math.squared_difference(
        _unit(one), _unit(two)), axis=-1), axis=[1, 2]) for one, two in zip(first, second)])


def _unit(values):
    return values * tf.math.rsqrt(tf.reduce_sum(tf.square(values), -1, keepdims=True) + EPSILON)
