"""Which pairs there are, and what a mean over them is."""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.training.gan import pairs, schedule


def numbers(*turns):
    return tf.constant(turns, tf.int64)


def test_factors_take_turns_and_only_those_with_a_term():
    made = pairs.make(numbers(4, 5, 6), 8, schedule.PAIR_TERMS)
    assert made.factors == factors.FACTORS
    assert made.differs.numpy().argmax(axis=1).tolist() == [4, 0, 1]
    np.testing.assert_array_equal(made.differs.numpy().sum(axis=1), 1)
    papers = pairs.make(numbers(0, 1, 2), 8, ['adversarial', 'contrastive/warp',
                                             'contrastive/hair'])
    assert papers.factors == (factors.EXPRESSION, factors.ILLUMINATION)
    assert papers.differs.numpy().argmax(axis=1).tolist() == [1, 2, 1]


def test_first_faces_are_spread_over_the_batch_alike_on_any_number_of_replicas():
    names = ['contrastive/warp']
    whole = pairs.make(numbers(*range(6)), 12, names).first
    halves = pairs.make(numbers(*range(3)), 6, names).first
    assert whole == [*halves, *(6 + row for row in halves)] == [0, 2, 4, 6, 8, 10]


def test_mean_over_steps_is_the_mean_over_pairs_that_count():
    rng = np.random.default_rng(0)
    values, found, kept = [], [], []
    for step in range(5):  # five steps of two pairs: each factor twice
        made = pairs.make(numbers(2 * step, 2 * step + 1), 4, schedule.PAIR_TERMS)
        drawn = rng.uniform(size=2).astype(np.float32)
        found.append(float(made.mean(tf.constant(drawn), (factors.POSE, factors.NOISE))))
        values.append(drawn)
        kept.append(made.differs.numpy()[:, [3, 4]].sum(axis=1))
    values, kept = np.concatenate(values), np.concatenate(kept)
    assert kept.sum() == 4
    np.testing.assert_allclose(np.mean(found), values[kept > 0].mean(), rtol=1e-5)
