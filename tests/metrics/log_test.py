"""Figures kept beside a snapshot."""

import glob
import json

import tensorflow as tf

from tfdisco.metrics import log, registry

RESULT = {'a': {'value': 0.25, 'low': 0.1, 'high': 0.5}, 'part': {'b': {'value': None}, 'c': 2.0}}


def test_lines_and_curves_beside_the_snapshot(tmp_path):
    snapshot = str(tmp_path / 'g.npz')
    log.append(snapshot, 'one', RESULT, 1.5)
    log.append(snapshot, 'two', {'a': {'value': 0.5}}, 2.0)
    lines = [json.loads(line) for line in (tmp_path / log.LINES).read_text().splitlines()]
    assert lines[0] == {'snapshot': 'g.npz', 'suite': 'one', 'seconds': 1.5,
                        'figures': {'a': 0.25, 'part b': None, 'part c': 2.0}}
    assert lines[1]['figures'] == {'a': 0.5}
    found = {(value.tag, event.step): float(tf.make_ndarray(value.tensor))
             for path in glob.glob(str(tmp_path / log.CURVES / '*'))
             for event in tf.compat.v1.train.summary_iterator(path)
             for value in event.summary.value}
    assert found == {('one/a', 0): 0.25, ('one/part/c', 0): 2.0, ('two/a', 1): 0.5}


def test_suites_of_snapshots_are_kept_and_others_are_not(tmp_path, monkeypatch):
    def evaluate(snapshot='built-in', count=1):
        return {'figure': float(count)}

    for logged in (True, False):
        monkeypatch.setitem(registry.SUITES, f'kept {logged}', registry.Suite(
            evaluate, str, logged=logged))
        registry.run(f'kept {logged}', snapshot=str(tmp_path / 'g.npz'), count=3)
        registry.run(f'kept {logged}', snapshot='built-in')
        registry.run(f'kept {logged}')
    line, = (tmp_path / log.LINES).read_text().splitlines()
    assert json.loads(line)['suite'] == 'kept True'
    assert json.loads(line)['figures'] == {'figure': 3.0}
