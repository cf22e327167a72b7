"""Do two pictures show one person? How well a recognition network tells."""

from typing import NamedTuple

import numpy as np

from tfdisco.metrics import statistics
from tfdisco.shapes import check_shape

FOLDS = 10  # of the cross-validation, as in the protocol of LFW (Huang et al. 2007)
SURPLUS = 4  # pairs drawn for each wanted one, as some are drawn twice or show one person


class Pairs(NamedTuple):
    """Pairs of pictures.

    first, second: [M] numbers of pictures.
    same: [M] bool, whether both show one person.
    """

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray


def choose_pairs(persons, limit, seed):
    """Pairs among pictures: `limit` of one person at most, and as many of two people.

    Args:
      persons: [N] labels of the pictures' people.
      limit: pairs of either kind, at most; fewer if there are not as many.
      seed: of the choice.

    Returns:
      `Pairs`; no pair comes twice.
    """
    rng = np.random.default_rng(seed)
    persons = np.unique(persons, return_inverse=True)[1].reshape(-1)
    by_person = np.split(np.argsort(persons, kind='stable'),
                         np.cumsum(np.bincount(persons))[:-1])
    same = np.concatenate([pictures[np.stack(np.triu_indices(len(pictures), 1), axis=1)]
                           for pictures in by_person])
    same = np.sort(rng.permutation(same)[:limit], axis=1)
    drawn = np.sort(rng.integers(len(persons), size=(SURPLUS * len(same) + SURPLUS, 2)), axis=1)
    different = np.unique(drawn[persons[drawn[:, 0]] != persons[drawn[:, 1]]], axis=0)
    different = rng.permutation(different)[:len(same)]
    both = np.concatenate([same, different]).astype(np.int64)
    return Pairs(both[:, 0], both[:, 1], np.arange(len(both)) < len(same))


def verification(features, persons, limit, seed):
    """Recognition by the cosine of two pictures' features.

    Args:
      features: [N, D].
      persons: [N] labels.
      limit: of pairs of either kind, see `choose_pairs`.
      seed: of pairs, folds and intervals.

    Returns:
      {'recognition_auc', 'recognition_accuracy': `Estimate`}, counts are pairs; see `auc`
      and `correct`. `NOTHING` where there are no pairs of both kinds.

    Raises:
      ValueError: on wrong shapes.
    """
    features = np.asarray(features, np.float64)
    check_shape('features', features, [len(persons), 'D'])
    pairs = choose_pairs(persons, limit, seed)
    if pairs.same.all() or not pairs.same.any():
        return dict.fromkeys(('recognition_auc', 'recognition_accuracy'), statistics.NOTHING)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    scores = np.einsum('md,md->m', unit[pairs.first], unit[pairs.second])
    names, person = np.unique(persons, return_inverse=True)
    first, second = (person.reshape(-1)[side] for side in (pairs.first, pairs.second))
    right = correct(scores, pairs.same, seed)

    def by_pair(weights):
        """A pair of two people is there as often as both together."""
        return weights[first] * np.where(pairs.same, 1.0, weights[second])

    def area(weights):
        return auc(scores, pairs.same, by_pair(weights))

    def accuracy(weights):
        weights = by_pair(weights)
        return weights @ right / weights.sum() if weights.any() else np.nan

    return {name: statistics.bootstrap(statistic, len(names), len(scores), seed)
            for name, statistic in (('recognition_auc', area),
                                    ('recognition_accuracy', accuracy))}


def auc(scores, same, weights=None):
    """Area under the ROC curve: how often a same pair scores above a different one.

    Args:
      scores: [M], higher for the same person; ties count one half.
      same: [M] bool.
      weights: None or [M], how often each pair is there.

    Returns:
      A float from 0 to 1; NaN without pairs of both kinds.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    level = np.unique(scores, return_inverse=True)[1].reshape(-1)
    good, bad = (np.bincount(level, weights * side, level.max() + 1) for side in (same, ~same))
    pairs = good.sum() * bad.sum()
    below = np.cumsum(bad) - bad
    return float(good @ (below + bad / 2) / pairs) if pairs else float('nan')


def correct(scores, same, seed):
    """Which pairs [M] a threshold tells right that was chosen on the other nine tenths."""
    fold = np.random.default_rng(seed).permutation(len(scores)) % FOLDS
    result = np.zeros(len(scores), bool)
    for number in range(FOLDS):
        inside = fold == number
        threshold = best_threshold(scores[~inside], same[~inside])
        result[inside] = (scores[inside] >= threshold) == same[inside]
    return result


def best_threshold(scores, same):
    """The threshold, midway between two scores, that tells most pairs right."""
    order = np.argsort(scores)
    ascending, same = scores[order], same[order]
    # With k pairs below it, it is right about different ones there and same ones above.
    right = (np.concatenate([[0], np.cumsum(~same)])
             + np.concatenate([np.cumsum(same[::-1])[::-1], [0]]))
    ends = np.concatenate([[-np.inf], (ascending[:-1] + ascending[1:]) / 2, [np.inf]])
    return ends[np.argmax(right)]
