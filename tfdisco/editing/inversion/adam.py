"""Adam as a function: state in, state out.

A Keras optimizer keeps its state in variables and so belongs to one graph and one set of
values; here each batch of photographs begins anew with the graph of the one before.
"""

import math

import tensorflow as tf

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
RISE, FALL = 0.05, 0.3  # shares of the steps


def start(values):
    """The state [(mean, mean square)] before the first step, of a list of tensors."""
    return [(tf.zeros_like(value), tf.zeros_like(value)) for value in values]


def step(values, gradients, state, rate, count):
    """One step (Kingma and Ba 2015, Algorithm 1).

    Args:
      values, gradients: lists of tensors of the same shapes.
      state: of `start` or of the step before.
      rate: the learning rate, [].
      count: [] float32, this step's number, from 1.

    Returns:
      The new values, and the new state.
    """
    moved, kept = [], []
    for value, gradient, (mean, square) in zip(values, gradients, state):
        mean = BETA1 * mean + (1.0 - BETA1) * gradient
        square = BETA2 * square + (1.0 - BETA2) * tf.square(gradient)
        along = mean / (1.0 - tf.pow(BETA1, count))
        length = tf.sqrt(square / (1.0 - tf.pow(BETA2, count))) + EPSILON
        moved.append(value - rate * along / length)
        kept.append((mean, square))
    return moved, kept


def rate_at(step_number, steps, highest):
    """The learning rate of a step (from 0): it rises, stays, and falls by a cosine to zero."""
    share = (step_number + 1) / steps
    rise = min(1.0, share / RISE)
    fall = min(1.0, max(0.0, (1.0 - share + 1.0 / steps) / FALL))
    return highest * rise * (0.5 - 0.5 * math.cos(math.pi * fall))
