"""The adversarial terms against their formulas and against numeric derivatives."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses import adversarial


def softplus(x):
    return np.log1p(np.exp(x))


def test_terms_are_the_formulas():
    real, fake = np.random.default_rng(0).normal(size=[2, 5, 1])
    terms = adversarial.discriminator_terms(tf.constant(real), tf.constant(fake))
    assert float(terms['real']) == pytest.approx(softplus(-real).mean())
    assert float(terms['fake']) == pytest.approx(softplus(fake).mean())
    assert float(adversarial.relativistic_term(tf.constant(real), tf.constant(fake))) == (
        pytest.approx(softplus(fake - real).mean()))
    assert float(adversarial.generator_term(tf.constant(fake))) == pytest.approx(
        softplus(-fake).mean())


@pytest.mark.parametrize('real, fake, name', [([3], [3, 1], 'real_logits'),
                                              ([3, 1], [3, 2], 'fake_logits')])
def test_logits_are_a_column(real, fake, name):
    with pytest.raises(ValueError, match=rf'^{name}: expected shape'):
        adversarial.discriminator_terms(tf.zeros(real), tf.zeros(fake))
    with pytest.raises(ValueError, match=r'^(logits|others): expected shape'):
        adversarial.relativistic_term(tf.zeros(real), tf.zeros(fake))


def test_r1_is_the_squared_gradient_and_can_be_differentiated():
    weight = tf.Variable(np.random.default_rng(0).normal(size=[2 * 2 * 3, 1]))
    images = tf.constant(np.random.default_rng(1).normal(size=[4, 2, 2, 3]))

    def penalty():
        return adversarial.gradient_penalty(
            lambda values: tf.sin(tf.matmul(tf.reshape(values, [4, 12]), weight)), images)

    with tf.GradientTape() as tape:
        found, logits = penalty()
    flat = images.numpy().reshape(4, 12)
    slope = np.cos(flat @ weight.numpy()) * weight.numpy().T  # [4, 12]
    assert float(found) == pytest.approx(np.square(slope).sum(axis=1).mean())
    np.testing.assert_allclose(logits, np.sin(flat @ weight.numpy()))
    gradient = tape.gradient(found, weight).numpy()[3, 0]
    ends = []
    for step in (1e-6, -2e-6):
        weight.assign_add(tf.one_hot([3], 12, step, 0.0, axis=0, dtype=tf.float64))
        ends.append(float(penalty()[0]))
    assert gradient == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


def test_path_lengths_are_those_of_the_jacobian():
    rng = np.random.default_rng(0)
    jacobian = rng.normal(size=[2, 3, 4 * 4 * 3])  # of 2 vectors w of size 3
    ws, direction = rng.normal(size=[5, 2, 3]), rng.normal(size=[5, 4, 4, 3])
    lengths = adversarial.path_lengths(
        lambda ws: tf.reshape(tf.einsum('bnw,nwp->bp', ws, jacobian), [-1, 4, 4, 3]),
        tf.constant(ws), tf.constant(direction))
    each = np.einsum('nwp,bp->bnw', jacobian, direction.reshape(5, -1) / 4.0)
    np.testing.assert_allclose(lengths, np.sqrt(np.square(each).sum(axis=2).mean(axis=1)))
    with pytest.raises(ValueError, match=r'^direction: expected shape \[5, 4, 4, 3\]'):
        adversarial.path_lengths(lambda ws: ws[:, :1, :1, tf.newaxis] * np.ones([4, 4, 3]),
                                 tf.constant(ws), tf.zeros([5, 8, 8, 3], tf.float64))
