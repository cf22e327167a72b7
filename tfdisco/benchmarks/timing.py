"""Timings that hold on a noisy machine: medians of runs that take turns."""

import statistics
import time


def paired(ours, peer=None, rounds=15, warmups=2):
    """Times two functions in turn, A B A B ..., so that both see the same machine.

    Args:
      ours: a function of no arguments that returns when its work is done.
      peer: another that does the same work, or None.
      rounds: timed runs of each.
      warmups: untimed ones before.

    Returns:
      {'ours_ms', 'peer_ms', 'ratio'}: medians in milliseconds and the median of the
      rounds' ratios peer / ours; None without a peer.
    """
    functions = [ours] if peer is None else [ours, peer]
    for _ in range(warmups):
        for function in functions:
            function()
    times = [[_milliseconds(function) for function in functions] for _ in range(rounds)]
    result = {'ours_ms': statistics.median(row[0] for row in times), 'peer_ms': None,
              'ratio': None}
    if peer is not None:
        result['peer_ms'] = statistics.median(row[1] for row in times)
        result['ratio'] = statistics.median(row[1] / row[0] for row in times)
    return result


def in_turn(functions, rounds=15, warmups=2):
    """Times several functions in turn, A B C A B C ...

    Args:
      functions: {name: a function of no arguments that returns when its work is done}.
      rounds: timed runs of each.
      warmups: untimed ones before.

    Returns:
      {name: median in seconds}.
    """
    for _ in range(warmups):
        for function in functions.values():
            function()
    times = [{name: _milliseconds(function) for name, function in functions.items()}
             for _ in range(rounds)]
    return {name: statistics.median(row[name] for row in times) / 1e3 for name in functions}


def _milliseconds(function):
    start = time.perf_counter()
    function()
    return 1e3 * (time.perf_counter() - start)
