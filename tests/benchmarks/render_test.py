"""The render benchmark: its rows, its check that both sides draw the same, its medians."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import benchmarks
from tfdisco.benchmarks import render, timing

FIELDS = {'name', 'ours_ms', 'peer', 'peer_ms', 'ratio', 'batch', 'size'}


def test_rows_are_whole_and_peers_draw_the_same(monkeypatch):
    monkeypatch.setattr(render, 'BATCH', 1)
    monkeypatch.setattr(render, 'SIZE', 48)
    rows = benchmarks.run('render', rounds=1)
    assert all(set(row) == FIELDS for row in rows)
    names = [row['name'] for row in rows]
    assert {'rasterize_interpolate', 'renderer_forward', 'renderer_backward',
            'image_warp'} <= set(names)
    assert len(set(names)) == len(names)
    for row in rows:
        assert row['ours_ms'] > 0
        assert (row['batch'], row['size']) == (1, 48)
        if row['peer'] is None:
            assert row['peer_ms'] is None and row['ratio'] is None
        else:
            assert row['ratio'] == pytest.approx(row['peer_ms'] / row['ours_ms'])
    json.dumps(rows)
    assert len(benchmarks.table(rows).splitlines()) == len(rows) + 1


def test_a_peer_that_draws_something_else_is_refused():
    picture = tf.ones([4, 4])
    with pytest.raises(AssertionError, match='the pictures differ in 100'):
        render._compared('name', 'peer', lambda p: p, lambda p: p + 1, [picture])
    row = render._compared('name', 'peer', lambda p: p, lambda p: p + 1e-3, [picture])
    np.testing.assert_array_equal(row[2](), picture)


def test_medians_and_the_ratio_of_pairs(monkeypatch):
    clock = iter(np.cumsum([0, 1, 0, 4, 0, 1, 0, 6, 0, 2, 0, 6]) / 1e3)  # ours, peer, ours, ...
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: next(clock))
    calls = []
    result = timing.paired(lambda: calls.append('ours'), lambda: calls.append('peer'), rounds=3,
                           warmups=1)
    assert calls == ['ours', 'peer'] * 4
    assert result == pytest.approx({'ours_ms': 1, 'peer_ms': 6, 'ratio': 4})


def test_an_unknown_suite_is_named():
    with pytest.raises(ValueError, match="suite: expected one of .*render.*, got 'paint'"):
        benchmarks.run('paint', 1)
    done = subprocess.run([sys.executable, 'scripts/benchmark.py', '--suite=paint'], check=False,
                          capture_output=True, text=True)
    assert done.returncode != 0 and 'paint' in done.stderr
