"""The margin softmax against its formula."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses.perception.recognition import coefficients_term, cosface_term


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_is_the_formula():
    rng = np.random.default_rng(0)
    features, centers = unit(rng.normal(size=(6, 4))), 3 * rng.normal(size=(5, 4))
    identities = rng.integers(5, size=6)
    logits = features @ unit(centers).T
    logits[np.arange(6), identities] -= 0.3
    logits *= 16
    expected = np.mean([np.log(np.exp(row).sum()) - row[identity]
                        for row, identity in zip(logits, identities)])
    term = cosface_term(tf.constant(features, tf.float32), tf.constant(centers, tf.float32),
                        tf.constant(identities), 16.0, 0.3)
    assert float(term) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('features, centers, identities, name', [
    ([6, 4], [5, 3], [6], 'centers'), ([6, 4], [5, 4], [7], 'identities'),
    ([6], [5, 4], [6], 'features')])
def test_shapes_are_checked(features, centers, identities, name):
    with pytest.raises(ValueError, match=rf'^{name}: expected shape'):
        cosface_term(tf.zeros(features), tf.zeros(centers), tf.zeros(identities, tf.int64), 1.0,
                     0.0)


def test_coefficients_count_by_what_they_show():
    found, true = tf.constant([[1.0, 2.0], [0.0, -1.0]]), tf.constant([[0.0, 2.0], [0.0, 3.0]])
    term = coefficients_term(found, true, np.array([0.5, 2.0], np.float32))
    assert float(term) == pytest.approx((0.25 + 64) / 4)
    with pytest.raises(ValueError, match=r'^visibility: expected shape \[2\]'):
        coefficients_term(found, true, np.ones(3))
    with pytest.raises(ValueError, match=r'^coefficients: expected shape \[2, 2\]'):
        coefficients_term(found, true[:, :1], np.ones(2))
