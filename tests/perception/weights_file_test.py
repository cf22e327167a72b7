"""The file format of perception networks: exact, checked, atomic, without pickle."""

import os

import numpy as np
import pytest

from tfdisco.perception import weights_file
from tfdisco.perception.weights_file import StoredNetwork


def stored(**changes):
    rng = np.random.default_rng(0)
    arrays = {'a/kernel': rng.normal(size=(3, 3, 2, 4)), 'a/bias': rng.normal(size=4),
              'scale': 1 + rng.random(5), **changes}
    return StoredNetwork('parsing', {'widths': [1, 2], 'name': 'n'}, arrays, 'here', 'MIT')


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
def test_round_trip(tmp_path, dtype):
    path = tmp_path / 'n.npz'
    weights_file.write(path, stored(), dtype)
    back = weights_file.read(path)
    assert (back.kind, back.config, back.source, back.licence) == (
        'parsing', {'widths': [1, 2], 'name': 'n'}, 'here', 'MIT')
    assert set(back.arrays) == set(stored().arrays)
    for name, value in stored().arrays.items():
        kept = np.float32 if name in weights_file.EXACT else dtype
        assert back.arrays[name].dtype == np.float32
        np.testing.assert_array_equal(back.arrays[name], value.astype(kept), name)
    assert np.load(path, allow_pickle=False)['weights/a/kernel'].dtype == dtype
    weights_file.write(tmp_path / 'again.npz', stored(), dtype)
    assert path.read_bytes() == (tmp_path / 'again.npz').read_bytes()


@pytest.mark.parametrize('changes, message', [
    ({'a/bias': np.full(4, 1e6)}, 'a/bias: expected finite numbers'),
    ({'a/bias': np.full(4, np.nan)}, 'a/bias: expected finite numbers'),
])
def test_what_is_inconsistent_is_not_written(tmp_path, changes, message):
    path = tmp_path / 'n.npz'
    weights_file.write(path, stored())
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f'n.npz: {message}'):
        weights_file.write(path, stored(**changes))
    with pytest.raises(ValueError, match="dtype: expected 'float16' or 'float32', got 'int8'"):
        weights_file.write(path, stored(), 'int8')
    with pytest.raises(ValueError, match='expected weights, got none'):
        weights_file.write(path, StoredNetwork('parsing', {}, {}))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ['n.npz']


def resave(path, **changes):
    with np.load(path) as archive:
        arrays = {**{key: archive[key] for key in archive.files}, **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


@pytest.mark.parametrize('changes, message', [
    ({'format': np.array('other')}, "expected a file of format 'tfdisco-perception-network', got"),
    ({'format': None}, "got 'none'; make one with scripts/"),
    ({'version': np.array(2)}, 'expected format version 1, got 2'),
    ({'version': None}, 'expected format version 1, got none'),
    ({'version': np.array('x')}, r'version: expected integers \[\], got <U1 \[\]'),
    ({'kind': None}, r"got none called \['kind'\]"),
    ({'config': np.array('{')}, "config: expected JSON, got '{'"),
    ({'config': np.array('[1]')}, r"config: expected a JSON object, got '\[1\]'"),
    ({'config': np.array('{"widths": [8, 1000000000]}')}, 'config: expected sizes of 1024 at most'),
    ({'weights/scale': np.arange(5)}, 'scale: expected floats, got int64'),
    ({'weights/scale': np.full(5, np.inf)}, 'scale: expected finite numbers'),
    ({'weights/scale': np.array([{}])}, r'scale: expected floats, got object \[1\]'),
])
def test_what_is_wrong_is_not_read(tmp_path, changes, message):
    path = tmp_path / 'n.npz'
    weights_file.write(path, stored())
    resave(path, **changes)
    with pytest.raises(ValueError, match=f'n.npz: .*{message}'):
        weights_file.read(path)


def test_damaged_files(tmp_path):
    path = tmp_path / 'n.npz'
    weights_file.write(path, stored())
    whole = path.read_bytes()
    for damaged in (whole[:len(whole) // 2], b'', whole[:200] + b'xxxx' + whole[204:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match='n.npz: expected a perception network .npz'):
            weights_file.read(path)
    np.save(tmp_path / 'single.npy', np.zeros(3))
    with pytest.raises(ValueError, match='single.npy: expected a perception network .npz, got'):
        weights_file.read(tmp_path / 'single.npy')
    with pytest.raises(FileNotFoundError):
        weights_file.read(tmp_path / 'none.npz')
