"""Terms of the parsing loss against their formulas."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses.perception import parsing


def case(seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2, 4, 5, 3)).astype(np.float32)
    shares = rng.dirichlet([0.5] * 3, size=(2, 4, 5)).astype(np.float32)
    weight = (rng.uniform(size=(2, 4, 5, 1)) < 0.6).astype(np.float32)
    return logits, shares, weight


def test_cross_entropy_of_known_pixels():
    logits, shares, weight = case()
    chance = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    entropy = -(shares * np.log(chance)).sum(axis=-1)
    expected = entropy[weight[..., 0] > 0].mean()
    assert float(parsing.cross_entropy_term(*map(tf.constant, case()))) == pytest.approx(
        expected, rel=1e-5)
    assert float(parsing.cross_entropy_term(logits, shares, 0 * weight)) == 0.0


def test_overlap_of_known_hair():
    logits, shares, weight = case()
    chance = (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))[..., 2]
    known = weight[..., 0] > 0
    both = np.minimum(chance, shares[..., 2])[known].sum()
    either = np.maximum(chance, shares[..., 2])[known].sum()
    assert float(parsing.overlap_term(*map(tf.constant, case()))) == pytest.approx(
        1 - (both + 1) / (either + 1), rel=1e-5)
    right = np.log(shares + 1e-12)
    assert float(parsing.overlap_term(right, shares, weight)) < 1e-5


def test_labels_add_up_to_one_and_hair_wins():
    face, hair = tf.constant([[0.7], [0.2], [0.0]]), tf.constant([[0.4], [0.1], [1.0]])
    np.testing.assert_allclose(parsing.labels(face, hair), [
        [0.0, 0.6, 0.4], [0.7, 0.2, 0.1], [0.0, 0.0, 1.0]], atol=1e-6)


@pytest.mark.parametrize('term', [parsing.cross_entropy_term, parsing.overlap_term])
@pytest.mark.parametrize('index, name', [(0, 'logits'), (1, 'shares'), (2, 'weight')])
def test_shapes_are_checked(term, index, name):
    values = list(case())
    values[index] = values[index][..., :-1]
    with pytest.raises(ValueError, match=rf'^{name}: expected shape'):
        term(*map(tf.constant, values))
