"""The Frechet distance against its formula, and its interval against the spread of repetitions."""

import numpy as np
import pytest
import scipy.linalg

from tfdisco.metrics import statistics
from tfdisco.metrics.quality import frechet


def drawn(count, size=5, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + 100.0 + shift


def moments(values, parts=7):
    result = frechet.Moments(values.shape[1])
    for part in np.array_split(values, parts):
        result.add(part.astype(np.float64))
    return result


def formula(first, second):
    """Heusel et al. 2017, as it is written there."""
    one, two = np.cov(first.T), np.cov(second.T)
    root = scipy.linalg.sqrtm(one @ two).real
    return np.square(first.mean(0) - second.mean(0)).sum() + np.trace(one + two - 2 * root)


def test_moments_in_batches_are_those_of_everything():
    values = drawn(103)
    found = moments(values)
    assert found.count == 103
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.covariance, np.cov(values.T), rtol=1e-10)
    merged = frechet.Moments.merged([moments(values[:40]), moments(values[40:]),
                                     frechet.Moments(5)])
    np.testing.assert_allclose(merged.covariance, np.cov(values.T), rtol=1e-10)


def test_distance_is_the_formula():
    first, second = drawn(60), drawn(80, seed=1, shift=0.7)
    assert frechet.distance(moments(first), moments(second)) == pytest.approx(
        formula(first, second), rel=1e-9)
    assert frechet.distance(moments(first), moments(first)) == pytest.approx(0, abs=1e-9)


def test_distance_of_a_shift_and_of_a_stretch_is_known():
    values = drawn(50)
    shift = np.arange(5.0)
    assert frechet.distance(moments(values), moments(values + shift)) == pytest.approx(30.0)
    centred = values - values.mean(axis=0)
    # Tr(C + 9 C - 2 . 3 C) = 4 Tr C.
    assert frechet.distance(moments(centred), moments(3 * centred)) == pytest.approx(
        4 * np.trace(np.cov(values.T)))


def grouped(values, sizes=(7, 20, 3)):
    result, start = frechet.GroupedMoments(values.shape[1], len(values)), 0
    while start < len(values):
        size = sizes[start % len(sizes)]
        result.add(values[start:start + size])
        start += size
    return result


def test_groups_follow_each_other_however_the_batches_come():
    values = drawn(57)
    parts = grouped(values)
    bounds = [-(-group * 57 // 10) for group in range(11)]
    assert [group.count for group in parts.groups] == list(np.diff(bounds))
    for group, start, stop in zip(parts.groups, bounds, bounds[1:]):
        np.testing.assert_allclose(group.mean, values[start:stop].mean(axis=0), rtol=1e-12)
    first, second = parts.halves()
    assert (first.count, second.count) == (bounds[5], 57 - bounds[5])
    with pytest.raises(ValueError, match='expected 57 rows, got more'):
        parts.add(values[:1])


def test_estimate_is_the_distance_and_its_interval_that_of_the_jackknife():
    first, second = drawn(200), drawn(150, seed=1)
    found = frechet.estimate(grouped(first), grouped(second))
    assert found.value == pytest.approx(formula(first, second), rel=1e-9)
    variance = 0.0
    for values, other in ((first, second), (second, first)):
        left = [formula(np.delete(values, part, axis=0), other)
                for part in np.array_split(np.arange(len(values)), 10)]
        variance += 9 / 10 * np.square(np.array(left) - np.mean(left)).sum()
    assert (found.high - found.value) / np.sqrt(variance) == pytest.approx(2.262, abs=1e-3)
    assert found.value - found.low == pytest.approx(found.high - found.value)
    assert found.count == 150


def test_interval_covers_what_repetitions_scatter_by():
    rng = np.random.default_rng(0)
    found = [frechet.estimate(grouped(rng.normal(size=(300, 3))),
                              grouped(rng.normal(size=(300, 3)) + 1.0)) for _ in range(60)]
    centre = np.mean([estimate.value for estimate in found])
    assert 50 <= sum(estimate.low <= centre <= estimate.high for estimate in found) <= 60


def test_jackknife_of_a_mean_is_the_error_of_the_mean():
    values = np.random.default_rng(0).normal(size=20)
    left = [np.delete(values, index).mean() for index in range(20)]
    found = statistics.jackknife(values.mean(), [left], 20)
    assert (found.high - found.value) / 2.093 == pytest.approx(
        values.std(ddof=1) / np.sqrt(20), rel=1e-3)
    with pytest.raises(ValueError, match='two groups or more in each, got 1'):
        statistics.jackknife(0.0, [left, [1.0]], 20)


def test_bad_features_are_refused():
    few = frechet.Moments(5)
    few.add(drawn(5))
    with pytest.raises(ValueError, match='more pictures than the 5 features.*, got 5'):
        frechet.distance(few, moments(drawn(50)))
    with pytest.raises(ValueError, match='finite numbers, got NaN'):
        few.add(np.full((1, 5), np.nan))
    with pytest.raises(ValueError, match=r'features: expected shape \[N, 5\], got \[2, 4\]'):
        few.add(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r'second: expected shape \[5\], got \[3\]'):
        frechet.distance(moments(drawn(50)), moments(drawn(50, size=3)))
    assert few.count == 5
