"""Recognition figures against counting by hand."""

import numpy as np
import pytest

from tfdisco.metrics.perception import verification
from tfdisco.metrics.perception.verification import auc, best_threshold, choose_pairs, correct


def counted(scores, same):
    wins = [(good > bad) + 0.5 * (good == bad)
            for good in scores[same] for bad in scores[~same]]
    return np.mean(wins)


def test_auc_is_the_count_over_all_pairs_of_pairs():
    rng = np.random.default_rng(0)
    same = rng.random(60) < 0.4
    scores = np.round(rng.normal(size=60) + same, 1)  # with ties
    assert auc(scores, same) == pytest.approx(counted(scores, same))
    weights = rng.integers(0, 4, size=60)
    several = np.repeat(np.arange(60), weights)
    assert auc(scores, same, weights) == pytest.approx(counted(scores[several], same[several]))
    assert auc(np.array([2.0, 1.0]), np.array([True, False])) == 1.0
    assert auc(np.ones(9), np.arange(9) < 2) == 0.5
    assert np.isnan(auc(np.ones(3), np.ones(3, bool)))


def test_pairs_are_what_they_say():
    persons = np.array(['ann', 'bob', 'cy', 'dan'] * 5 + ['eve'])
    pairs = choose_pairs(persons, 1000, 0)
    assert ((persons[pairs.first] == persons[pairs.second]) == pairs.same).all()
    assert (pairs.first < pairs.second).all()
    assert len(set(zip(pairs.first, pairs.second))) == len(pairs.same)
    assert pairs.same.sum() == 4 * 10 and (~pairs.same).sum() == 40
    few = choose_pairs(persons, 7, 3)
    assert few.same.sum() == 7 and (~few.same).sum() == 7
    assert [part.tolist() for part in choose_pairs(persons, 7, 3)] == [
        part.tolist() for part in few]
    assert choose_pairs(persons, 7, 4).first.tolist() != few.first.tolist()


def test_best_threshold_lies_midway():
    scores, same = np.array([0.9, 0.1, 0.5, 0.3]), np.array([True, False, True, False])
    assert best_threshold(scores, same) == pytest.approx(0.4)
    assert best_threshold(scores, np.ones(4, bool)) == -np.inf
    assert best_threshold(scores, np.zeros(4, bool)) == np.inf


def test_thresholds_do_not_see_the_pairs_they_judge():
    rng = np.random.default_rng(0)
    # Scores that tell nothing: a threshold chosen on the judged pairs would do better than 1/2.
    right = [correct(rng.normal(size=40), np.arange(40) % 2 == 0, seed).mean()
             for seed in range(100)]
    assert np.mean(right) < 0.51
    same = np.arange(40) % 2 == 0
    assert correct(np.where(same, 1.0, 0.0), same, 0).all()


def features(noise, people=60, pictures=4):
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(people, 8)), pictures, axis=0)
    return (centres + noise * rng.normal(size=centres.shape)) * rng.uniform(1, 9, (240, 1))


def test_figures_of_features():
    persons = np.repeat(np.arange(60), 4)
    found = verification.verification(features(1e-3), persons, 3000, 0)
    assert found['recognition_auc'] == (pytest.approx(1.0, abs=2e-3), pytest.approx(1.0, abs=5e-3),
                                        1.0, 720)
    found = verification.verification(features(0.6), persons, 100, 0)
    for name in ('recognition_auc', 'recognition_accuracy'):
        assert found[name].count == 200
        assert 0.5 < found[name].low < found[name].value < found[name].high < 1.0
    blind = verification.verification(features(1e3), persons, 3000, 0)
    assert blind['recognition_auc'].low < 0.5 < blind['recognition_auc'].high


def test_score_is_the_cosine():
    one, other = np.array([[1.0, 0.0], [5.0, 0.0]]), np.array([[1.0, 1.0], [-3.0, -3.0]])
    found = verification.verification(np.concatenate([one, other, one]), [0, 0, 1, 1, 2, 2], 9, 0)
    # Of two persons' pairs, those of 0 and 2 look alike too (cosine 1): ties, and person 1's own
    # pair has cosine -1.
    assert found['recognition_auc'].value < 1.0
    assert found['recognition_auc'].count == 6


def test_no_pairs_no_figure():
    found = verification.verification(np.eye(3), ['a', 'b', 'c'], 10, 0)
    assert found['recognition_auc'] == (None, None, None, 0)
    found = verification.verification(np.eye(3), ['a', 'a', 'a'], 10, 0)
    assert found['recognition_accuracy'] == (None, None, None, 0)
    with pytest.raises(ValueError, match=r'features: expected shape \[3, D\], got \[2, 4\]'):
        verification.verification(np.zeros((2, 4)), [0, 0, 1], 10, 0)
