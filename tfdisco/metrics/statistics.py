"""Figures with their 95 % intervals, by the bootstrap over people.

Pictures of one person resemble each other, so people are drawn again, not pictures (the
cluster bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application", 1997,
Sec. 3.8).
"""

from typing import NamedTuple

import numpy as np
import scipy.stats

from tfdisco.shapes import check_shape

RESAMPLES = 1000
CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A figure; value, low and high are None if there was nothing to measure.

    value: of all the data.
    low, high: its 95 % interval.
    count: what it was measured on: pictures or pairs.
    """

    value: float
    low: float
    high: float
    count: int


NOTHING = Estimate(None, None, None, 0)


def bootstrap(statistic, people, count, seed):
    """A statistic, with the percentile interval of its values on people drawn again.

    Args:
      statistic: called with weights [people], how often each person was drawn; returns a
        float, NaN if those drawn do not suffice for one.
      people: number of people.
      count: what the `Estimate` says of itself.
      seed: of the draws.

    Returns:
      `Estimate`.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(people, np.full(people, 1.0 / people), size=RESAMPLES)
    values = np.array([statistic(weights) for weights in drawn.astype(np.float64)])
    values = values[np.isfinite(values)]
    value = float(statistic(np.ones(people)))
    if not len(values):  # people so few that no draw suffices
        return Estimate(value, None, None, count)
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return Estimate(value, float(low), float(high), count)


def mean(values, persons, seed):
    """The `Estimate` of the mean of values [N] of pictures of persons [N] (any labels)."""
    return ratio(values, np.ones(len(values)), persons, seed)


def ratio(above, below, persons, seed):
    """The `Estimate` of sum(above) / sum(below), [N] each, over pictures of persons [N]."""
    people, person = _numbered(persons, above)
    # Sums of each person, as the weights are those of people.
    above, below = (np.bincount(person, part, people) for part in (above, below))

    def statistic(weights):
        total = weights @ below
        return weights @ above / total if total else np.nan

    return bootstrap(statistic, people, len(person), seed)


def quantile(values, share, persons, seed):
    """The `Estimate` of the value that `share` of the values [N] do not exceed."""
    people, person = _numbered(persons, values)
    order = np.argsort(values)
    ascending, person = np.asarray(values)[order], person[order]

    def statistic(weights):
        reached = np.cumsum(weights[person])
        return ascending[np.searchsorted(reached, share * reached[-1])]

    return bootstrap(statistic, people, len(person), seed)


def jackknife(value, sets, count):
    """A figure of independent sets with the 95 % interval of the grouped jackknife.

    For figures that repeated rows would bias (Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, Ch. 11).

    Args:
      value: of all the data.
      sets: for each set the values without one of its groups, groups of equal size.
      count: what the `Estimate` says of itself.

    Returns:
      `Estimate`; its interval is symmetric, by Student's t of the smallest set's groups.

    Raises:
      ValueError: if a set has fewer than two groups.
    """
    variance, fewest = 0.0, min(len(values) for values in sets)
    if fewest < 2:
        raise ValueError(f'sets: expected two groups or more in each, got {fewest}')
    for values in sets:
        values = np.asarray(values, np.float64)
        variance += (len(values) - 1) / len(values) * np.square(values - values.mean()).sum()
    reach = float(scipy.stats.t.ppf(0.5 + 0.5 * CONFIDENCE, fewest - 1) * np.sqrt(variance))
    return Estimate(float(value), float(value) - reach, float(value) + reach, count)


def _numbered(persons, values):
    check_shape('persons', np.asarray(persons), [len(values)])
    names, person = np.unique(persons, return_inverse=True)
    return len(names), person.reshape(-1)  # NumPy 2.0 keeps the shape of what came
