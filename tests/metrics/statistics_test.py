"""Bootstrap intervals on data whose spread is known."""

import numpy as np
import pytest

from tfdisco.metrics import statistics


def test_values_are_those_of_all_the_data():
    values, persons = np.array([1.0, 2.0, 6.0, 7.0]), ['a', 'a', 'b', 'c']
    assert statistics.mean(values, persons, 0)[::3] == (4.0, 4)
    assert statistics.ratio(values, np.array([2, 2, 2, 10]), persons, 0).value == 1.0
    assert statistics.quantile(np.arange(100), 0.95, np.arange(100), 0).value == 94
    assert statistics.quantile(values, 1.0, persons, 0).value == 7.0


def test_interval_of_a_mean_is_the_normal_one():
    values = np.random.default_rng(0).normal(5, 2, size=400)
    estimate = statistics.mean(values, np.arange(400), 1)
    half = 1.96 * values.std() / 20
    assert estimate.low == pytest.approx(estimate.value - half, abs=0.15 * half)
    assert estimate.high == pytest.approx(estimate.value + half, abs=0.15 * half)


def test_pictures_of_one_person_count_as_one():
    values = np.random.default_rng(0).normal(size=50)
    once = statistics.mean(values, np.arange(50), 1)
    # The same pictures four times over tell nothing new, if they are known to be the same people.
    four = statistics.mean(np.tile(values, 4), np.tile(np.arange(50), 4), 1)
    assert four.count == 200 and four.value == pytest.approx(once.value)
    assert (four.low, four.high) == pytest.approx((once.low, once.high))
    alone = statistics.mean(np.tile(values, 4), np.arange(200), 1)
    assert alone.high - alone.low == pytest.approx((once.high - once.low) / 2, rel=0.15)


def test_95_percent_intervals_cover_the_truth_95_times_of_100():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        person = rng.normal(size=60)
        values = (person[:, np.newaxis] + rng.normal(size=(60, 3))).ravel()
        estimate = statistics.mean(values, np.repeat(np.arange(60), 3), seed)
        covered += estimate.low <= 0.0 <= estimate.high
    assert 180 <= covered <= 198


def test_draws_that_do_not_suffice_are_left_out():
    def only_with_the_second(weights):
        return 3.0 if weights[1] else np.nan

    assert statistics.bootstrap(only_with_the_second, 2, 7, 0) == (3.0, 3.0, 3.0, 7)
    # Nothing below in the draws without the second person.
    estimate = statistics.ratio(np.array([1, 1]), np.array([0, 2]), [0, 1], 0)
    assert estimate == (1.0, 0.5, 1.0, 2)
    assert np.isnan(statistics.ratio(np.zeros(2), np.zeros(2), [0, 1], 0).value)


def test_each_value_needs_its_person():
    with pytest.raises(ValueError, match=r'persons: expected shape \[3\], got \[2\]'):
        statistics.mean(np.zeros(3), [0, 1], 0)
