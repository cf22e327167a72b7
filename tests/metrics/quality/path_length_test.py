"""Path lengths of a generator that is linear, where they are known."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.metrics.quality import path_length


class Inputs:
    """Latents that are the input."""

    latents = 3

    def __call__(self, z):
        return tf.cast(z, tf.float64)


def linear(count, seed=0, **options):
    rng = np.random.default_rng(5)
    mapping, colors = rng.normal(size=(3, 4)), rng.normal(size=(4, 12))

    def draw(w):
        return tf.reshape(tf.cast(w, tf.float64) @ colors, [-1, 2, 2, 3])

    def distance(first, second):
        return tf.reduce_sum(tf.square(first - second), axis=[1, 2, 3])

    found = path_length.path_lengths(
        draw, distance, lambda values: tf.cast(values @ mapping, tf.float32), Inputs(), count,
        seed, **options)
    return found, mapping, colors


def test_length_of_a_straight_path_is_that_of_its_picture():
    found, mapping, colors = linear(70, epsilon=1.0)
    rng, expected = np.random.default_rng([0, 0]), []
    for size in (32, 32, 6):
        first, second = rng.standard_normal([2, size, 3], np.float32)
        rng.random([size, 1], np.float32)
        expected.append(np.square((second - first) @ mapping @ colors).sum(axis=1))
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-4)


def test_a_small_step_gives_the_same_on_a_straight_path():
    large, small = (linear(40, epsilon=epsilon)[0] for epsilon in (1.0, 0.01))
    np.testing.assert_allclose(small, large, rtol=1e-3)


def test_progress_and_seed():
    seen = []
    first = linear(40, progress=lambda starts, desc: seen.append(desc) or starts)[0]
    assert seen == ['path lengths']
    np.testing.assert_array_equal(first, linear(40)[0])
    assert not np.array_equal(first, linear(40, seed=1)[0])
    with pytest.raises(ValueError, match='count'):
        linear(0)


def test_tails_are_left_out_as_published():
    lengths = np.arange(1000.0)
    lengths[-3:] = 1e9
    found = path_length.estimate(lengths, 0)
    # The percentiles fall on 9.99 and 989.01: from the 9th to the 990th.
    assert found.value == lengths[9:991].mean() and found.count == 982
    assert found.low < found.value < found.high
    with pytest.raises(ValueError, match='finite path lengths'):
        path_length.estimate(np.array([1.0, np.nan]), 0)
