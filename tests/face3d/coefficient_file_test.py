"""Coefficients of many people on disk."""

import numpy as np
import pytest

from tfdisco.face3d import coefficient_file


def test_reads_floats_of_any_size(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 4))
    np.savez(tmp_path / 'c.npz', coefficients=values, other=np.zeros(2))
    read = coefficient_file.read(tmp_path / 'c.npz')
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, values, rtol=1e-6)


@pytest.mark.parametrize('arrays, message', [
    ({'people': np.zeros((2, 3))}, r"got none called \['coefficients'\] among \['people'\]"),
    ({'coefficients': np.zeros(3)}, r'coefficients: expected floats \[N, K\], got float64 \[3\]'),
    ({'coefficients': np.zeros((0, 3))}, r'N > 0, got \[0, 3\]'),
    ({'coefficients': np.zeros((2, 3), int)}, r'got int64 \[2, 3\]'),
    ({'coefficients': np.full((2, 3), np.inf)}, 'expected finite numbers'),
    ({'coefficients': np.full((2, 3), 1e300)}, 'expected finite numbers of float32'),
    ({'coefficients': np.zeros((2, 3), complex)}, r'got complex128 \[2, 3\]'),
    ({'coefficients': np.array([[{}]])}, r'got object \[1, 1\]'),
])
def test_errors(tmp_path, arrays, message):
    np.savez(tmp_path / 'c.npz', **arrays)
    with pytest.raises(ValueError, match=message):
        coefficient_file.read(tmp_path / 'c.npz')


def test_other_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        coefficient_file.read(tmp_path / 'none.npz')
    np.save(tmp_path / 'single.npy', np.zeros((2, 3)))
    (tmp_path / 'text.npz').write_text('people')
    for name in ('single.npy', 'text.npz'):
        with pytest.raises(ValueError, match=f'{name}: expected a coefficient .npz, got'):
            coefficient_file.read(tmp_path / name)
