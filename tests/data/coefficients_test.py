"""Coefficients are read from an .npz and from records alike."""

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.data import coefficients
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records


def record(row, **changes):
    return face_record.FaceRecord(**{
        'image': np.zeros((8, 8, 3), np.uint8), 'coefficients': row,
        'landmarks': np.zeros((68, 2), np.float32), 'face_mask': np.zeros((8, 8), np.uint8),
        'hair_mask': None, 'identity': 0, 'translation': np.zeros(3, np.float32), 'name': 'a.jpg',
        'transform': np.eye(2, 3, dtype=np.float32), 'border': 0.0, **changes})


@pytest.fixture
def people():
    return toy.people(toy.model(), 7)


def stored(folder, people, model='toy'):
    folder.mkdir()
    for index, part in enumerate(np.array_split(people, 2)):
        records.write_shard(records.shard_path(folder, index, 2), [record(row) for row in part])
    records.write_card(folder, {'kind': 'photographs', 'model': model})
    return folder


def test_an_npz_and_records_give_the_same(tmp_path, people):
    np.savez(tmp_path / 'people.npz', coefficients=people)
    for source in (tmp_path / 'people.npz', stored(tmp_path / 'records', people)):
        for name in (source, str(source)):
            found = coefficients.load(name, toy.model())
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, people)


def test_errors(tmp_path, people):
    other = stored(tmp_path / 'other', people, 'bfm09')
    with pytest.raises(ValueError, match='other: expected faces of the morphable model toy, got '
                       'those of bfm09; pass the --model'):
        coefficients.load(other, toy.model())
    np.savez(tmp_path / 'few.npz', coefficients=people[:, :5])
    with pytest.raises(ValueError, match=r'few.npz: coefficients: expected shape \[N, 39\], got '
                       r'\[7, 5\]'):
        coefficients.load(tmp_path / 'few.npz', toy.model())
    few = stored(tmp_path / 'few', people[:, :5])
    with pytest.raises(ValueError, match=r'few: coefficients: expected shape \[N, 39\]'):
        coefficients.load(few, toy.model())
    with pytest.raises(FileNotFoundError, match='nowhere.npz'):
        coefficients.load(tmp_path / 'nowhere.npz', toy.model())
