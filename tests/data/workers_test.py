"""Several processes give the results of one, in order."""

import os
import time

import pytest

from tfdisco.data.workers import AHEAD, Workers


def late(number, seconds):
    time.sleep(seconds)
    return number, os.getpid()


def gone():
    os._exit(1)


def tasks(count, begun=None):
    for number in range(count):
        if begun is not None:
            begun.append(number)
        yield number, 0.02 if number % 3 == 0 else 0.0


def test_results_come_in_order_from_several_processes():
    begun = []
    with Workers(2) as workers:
        results = workers.in_order(late, tasks(20, begun))
        first = next(results)
        # Not everything is begun, and kept in memory, at once.
        assert len(begun) == 2 * AHEAD + 1
        found = [first, *results]
    assert [number for number, _ in found] == list(range(20))
    assert os.getpid() not in {process for _, process in found}


def test_one_process_is_this_one():
    with Workers(1) as workers:
        assert list(workers.in_order(late, tasks(3))) == [(n, os.getpid()) for n in range(3)]


def test_a_process_that_dies_ends_in_one_error():
    with Workers(2) as workers, pytest.raises(OSError, match='ended from outside'):
        list(workers.in_order(gone, [()]))


def test_at_least_one_process():
    with pytest.raises(ValueError, match='processes: expected a positive integer, got 0'):
        Workers(0)
