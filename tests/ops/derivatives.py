"""First and second derivatives of an op against numeric ones of its NumPy version."""

import numpy as np
import tensorflow as tf

from tests.ops import oracles


def check(op, oracle, values, seed=0, tolerance=2e-4):
    """Compares all derivatives of a weighted sum of the op's result.

    Args:
      op: function of tensors.
      oracle: the same in NumPy, computing in float64.
      values: float32 arrays, the arguments.
      seed: of the weights and of the directions of the second derivative.
      tolerance: greatest error, relative to the greatest derivative of an argument.
    """
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=oracle(*values).shape)
    directions = [rng.normal(size=np.shape(value)) for value in values]
    exact = [np.asarray(value, np.float64) for value in values]

    def objective(*arguments):
        return np.sum(oracle(*arguments) * weights)

    firsts, seconds = gradients(op, values, weights, directions)
    for i, first in enumerate(firsts):
        expected = oracles.numeric_gradient(
            lambda v, i=i: objective(*exact[:i], v, *exact[i + 1:]), exact[i])
        _compare(f'gradient {i}', first, expected, tolerance)
    expected = oracles.numeric_second_gradient(objective, exact, directions)
    for i, (second, theirs) in enumerate(zip(seconds, expected)):
        _compare(f'second gradient {i}', second, theirs, tolerance)


def gradients(op, values, weights, directions):
    """Gradients of sum(op * weights), and of their sum with directions; in a graph."""
    @tf.function(autograph=False)
    def compute(*tensors):
        with tf.GradientTape() as outer:
            outer.watch(tensors)
            with tf.GradientTape() as inner:
                inner.watch(tensors)
                loss = tf.reduce_sum(op(*tensors) * tf.cast(weights, tf.float32))
            firsts = inner.gradient(loss, tensors)
            along = sum(tf.reduce_sum(first * tf.cast(direction, tf.float32))
                        for first, direction in zip(firsts, directions))
        return firsts, outer.gradient(along, tensors, unconnected_gradients='zero')
    return compute(*(tf.constant(value, tf.float32) for value in values))


def _compare(what, ours, expected, tolerance):
    scale = max(1, np.abs(expected).max()) if np.size(expected) else 1
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * scale, err_msg=what)
