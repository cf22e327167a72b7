"""Terms of weak supervision against their formulas."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses.perception import photograph


def test_photometric_is_a_mean_over_counted_pixels_of_each_picture():
    rng = np.random.default_rng(0)
    picture, rendered = rng.uniform(-1, 1, (2, 3, 4, 5, 3)).astype(np.float32)
    weight = (rng.uniform(size=(3, 4, 5, 1)) < 0.5).astype(np.float32)
    weight[2] = 0
    distance = np.linalg.norm((picture - rendered) / 2, axis=-1)
    expected = np.mean([distance[index][weight[index, ..., 0] > 0].mean() for index in (0, 1)]
                       + [0.0])
    shown, seen = tf.Variable(rendered), tf.Variable(weight)
    with tf.GradientTape() as tape:
        term = photograph.photometric_term(tf.constant(picture), shown, seen)
    assert float(term) == pytest.approx(expected, rel=1e-5)
    of_rendered, of_weight = tape.gradient(term, [shown, seen])
    assert of_weight is None
    np.testing.assert_array_equal((of_rendered.numpy() != 0).all(-1), weight[..., 0] > 0)


def test_identity_and_likelihood():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 6, 4))
    first, second = (values / np.linalg.norm(values, axis=1, keepdims=True)
                     for values in (first, second))
    assert float(photograph.identity_term(tf.constant(first), tf.constant(second))
                 ) == pytest.approx(1 - np.mean([a @ b for a, b in zip(first, second)]))
    assert float(photograph.likelihood_term(tf.constant(3 * first))) == pytest.approx(9 / 4)


def test_shapes_are_checked():
    image, weight = tf.zeros([2, 4, 5, 3]), tf.zeros([2, 4, 5, 1])
    with pytest.raises(ValueError, match=r'^rendered: expected shape \[2, 4, 5, 3\]'):
        photograph.photometric_term(image, image[:, :3], weight)
    with pytest.raises(ValueError, match=r'^weight: expected shape \[2, 4, 5, 1\]'):
        photograph.photometric_term(image, image, weight[..., 0])
    with pytest.raises(ValueError, match=r'^rendered_features: expected shape \[2, 4\]'):
        photograph.identity_term(tf.zeros([2, 4]), tf.zeros([2, 5]))
    with pytest.raises(ValueError, match='^standard: expected shape'):
        photograph.likelihood_term(tf.zeros([3]))
