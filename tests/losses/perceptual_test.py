"""The perceptual distance of two lists of maps."""

import numpy as np
import tensorflow as tf

from tfdisco.losses.perceptual import perceptual_distance


def test_it_is_that_of_numpy():
    rng = np.random.default_rng(0)
    first, second = ([rng.normal(size=(2, *shape)).astype(np.float32)
                      for shape in ((4, 3, 5), (2, 2, 7))] for _ in range(2))
    expected = np.zeros(2)
    for one, two in zip(first, second):
        one, two = (values / np.linalg.norm(values, axis=-1, keepdims=True)
                    for values in (one, two))
        expected += np.square(one - two).sum(axis=-1).mean(axis=(1, 2))
    np.testing.assert_allclose(perceptual_distance(first, second), expected, rtol=1e-5)
    # Brighter maps are no other picture.
    np.testing.assert_allclose(perceptual_distance(
        first, [3 * values for values in first]), 0, atol=1e-9)


def test_dark_places_have_a_finite_gradient():
    first = tf.Variable(np.zeros((1, 2, 2, 3), np.float32))
    with tf.GradientTape() as tape:
        distance = perceptual_distance([tf.nn.relu(first)], [tf.ones([1, 2, 2, 3])])
    np.testing.assert_allclose(distance, 1.0, rtol=1e-6)
    assert np.isfinite(tape.gradient(distance, first)).all()
