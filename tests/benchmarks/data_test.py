"""The benchmark of the data: what is compared is the same, and rows are whole."""

import json

import numpy as np
import pytest

from tests.data.records.stream_test import record
from tfdisco import benchmarks
from tfdisco.benchmarks import data
from tfdisco.data.records import folder as records
from tfdisco.data.records.stream import ImageStream


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('faces')
    rng = np.random.default_rng(0)
    records.write_shard(records.shard_path(path, 0, 1), [
        record(number, 16)._replace(image=rng.integers(0, 256, (16, 16, 3), np.uint8))
        for number in range(data.BATCH)])
    return path


def test_both_give_the_same_images(folder):
    for resolution in (16, 4):
        ours = next(iter(ImageStream(folder, resolution, 0, mirror=False).dataset(0, data.BATCH)))
        peer = next(iter(data.one_by_one(folder, resolution)))
        # An epoch in another order.
        np.testing.assert_array_equal(*(
            np.unique(images.numpy().reshape(data.BATCH, -1), axis=0) for images in (ours, peer)))


def test_rows_are_whole(folder, monkeypatch):
    monkeypatch.setattr(data, 'RESOLUTIONS', (16, 8))
    rows = benchmarks.run('data', rounds=1, folder=folder)
    assert [row['name'] for row in rows] == ['images_256_as_16', 'images_256_as_8']
    for row in rows:
        assert row['images_per_second'] == pytest.approx(1e3 * data.BATCH / row['ours_ms'])
        assert row['peer_images_per_second'] == pytest.approx(1e3 * data.BATCH / row['peer_ms'])
        assert row['ratio'] > 0 and row['threads'] >= 1
    json.dumps(rows)
    assert len(benchmarks.table(rows).splitlines()) == len(rows) + 1
