"""The perception benchmark: a row forward and one backward of each network."""

import json

import pytest
import tensorflow as tf

from tfdisco import benchmarks
from tfdisco.benchmarks import perception


def test_rows_are_whole(monkeypatch):
    monkeypatch.setattr(perception, 'BATCH', 1)
    monkeypatch.setattr(perception, 'SIZE', 40)
    rows = {row['name']: row for row in benchmarks.run('perception', rounds=1)}
    assert sorted(rows) == sorted(
        f'{name}_{kind}' for kind in ('forward', 'backward')
        for name in ('reconstruction', 'recognition', 'parsing', 'dlib', 'perception'))
    for row in rows.values():
        assert row['images_per_second'] == pytest.approx(1e3 / row['ours_ms'])
        assert row['batch'] == 1 and row['threads'] >= 1 and row['peer_ms'] is None
    assert rows['dlib_forward']['size'] == 150 and rows['perception_backward']['size'] == 40
    together = sum(rows[f'{name}_forward']['parameters']
                   for name in ('reconstruction', 'recognition', 'parsing'))
    # What the weights that the package brings along may amount to.
    assert together == rows['perception_forward']['parameters'] < 8e6
    json.dumps(rows)
    assert len(benchmarks.table(list(rows.values())).splitlines()) == len(rows) + 1


def test_backward_reaches_the_images():
    forward, backward = perception._functions(lambda images: (images, 2.0 * images), 4)
    images = tf.constant(forward()[0])
    tf.debugging.assert_near(backward(), 10.0 * images / tf.cast(tf.size(images), tf.float32))


def test_threads(monkeypatch):
    monkeypatch.setenv('TF_NUM_INTRAOP_THREADS', '3')
    assert perception.threads() == (tf.config.threading.get_intra_op_parallelism_threads() or 3)
