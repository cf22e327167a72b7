"""files: whole or not at all, the same bytes for the same arrays."""

import numpy as np
import pytest

from tfdisco import files


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / 'a.bin'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError, match='half way'), files.replacing(path) as file:
        file.write(b'new')
        raise RuntimeError('half way')
    assert path.read_bytes() == b'old'
    assert [entry.name for entry in tmp_path.iterdir()] == ['a.bin']
    with files.replacing(path) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new'
    assert path.stat().st_mode & 0o777 == 0o644


def test_npz_reads_back_and_does_not_depend_on_order_or_time(tmp_path):
    arrays = {'b': np.arange(6).reshape(2, 3).T, 'a': np.array('text')}
    files.write_npz(tmp_path / '1.npz', arrays)
    files.write_npz(tmp_path / '2.npz', dict(reversed(arrays.items())))
    assert (tmp_path / '1.npz').read_bytes() == (tmp_path / '2.npz').read_bytes()
    with np.load(tmp_path / '1.npz', allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored['b'], arrays['b'])
        assert stored['a'].shape == () and str(stored['a']) == 'text'


def test_a_target_needs_a_folder_and_its_ending(tmp_path):
    files.check_target(tmp_path / 'a.npz', '.npz')
    with pytest.raises(ValueError, match=r"out: expected a path that ends in .npz, got '.*a.h5'"):
        files.check_target(tmp_path / 'a.h5', '.npz')
    with pytest.raises(FileNotFoundError, match="out: expected an existing folder, got '.*none'"):
        files.check_target(tmp_path / 'none' / 'a.npz', '.npz')
