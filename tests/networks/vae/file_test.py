"""The file format of coefficient VAEs: exact, checked, atomic, without pickle."""

import os

import numpy as np
import pytest

from tfdisco import factors
from tfdisco.networks.vae import file
from tfdisco.networks.vae.file import StoredVAEs

SIZES = 3, 2, 8
TEXTS = {'pose': {'source': 'here', 'licence': 'MIT'}}
LAYOUT = factors.CoefficientLayout(2, 2, 2)


def weights(seed=0, size=3):
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(size=shape).astype(np.float32)
              for name, shape in file.weight_shapes(size, *SIZES[1:]).items()}
    return {**arrays, 'scale': np.abs(arrays['scale']) + 1}


def stored(**changes):
    return StoredVAEs({'pose': {**weights(), **changes}}, TEXTS)


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
def test_round_trip(tmp_path, dtype):
    path = tmp_path / 'v.npz'
    file.write(path, stored(), dtype)
    back = file.read(path)
    assert back.texts == TEXTS and back.layout is None
    assert file.sizes(back.weights['pose']) == SIZES
    for name, value in weights().items():
        kept = np.float32 if name in file.EXACT else dtype
        assert back.weights['pose'][name].dtype == np.float32
        np.testing.assert_array_equal(back.weights['pose'][name], value.astype(kept), name)
    assert np.load(path, allow_pickle=False)['pose/decoder/fc0/kernel'].dtype == dtype
    again = tmp_path / 'again.npz'
    file.write(again, stored(), dtype)
    assert path.read_bytes() == again.read_bytes()


def test_layout_is_kept_and_checked(tmp_path):
    path = tmp_path / 'v.npz'
    file.write(path, StoredVAEs({'pose': weights()}, TEXTS, LAYOUT))
    assert file.read(path).layout == LAYOUT
    with pytest.raises(ValueError, match='pose: expected 3 coefficients .* got 4'):
        file.write(path, StoredVAEs({'pose': weights(size=4)}, TEXTS, LAYOUT))
    with pytest.raises(ValueError, match='expected a layout, got none'):
        file.check_complete(stored(), 'v', None, ['pose'])


@pytest.mark.parametrize('changes, message', [
    ({'log_gamma': np.float32(np.nan)}, 'log_gamma: expected finite numbers'),
    ({'encoder/fc0/bias': np.full(8, 1e6)}, 'encoder/fc0/bias: expected finite numbers'),
    ({'scale': np.zeros(3)}, 'scale: expected numbers above 0, got 0'),
    ({'mean': np.zeros(2)}, r'mean: expected floats \[3\], got float32 \[2\]'),
    ({'extra': np.zeros(2)}, r"unknown \['extra'\]"),
    ({'decoder/fc0/kernel': np.zeros(3)}, 'expected a matrix decoder/fc0/kernel'),
])
def test_what_is_inconsistent_is_not_written(tmp_path, changes, message):
    path = tmp_path / 'v.npz'
    file.write(path, stored())
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        file.write(path, stored(**changes))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ['v.npz']


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'v.npz'
    file.write(path, stored())
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError('no space left')

    monkeypatch.setattr(np.lib.format, 'write_array', full)
    with pytest.raises(OSError, match='no space left'):
        file.write(path, stored())
    assert path.read_bytes() == before and os.listdir(tmp_path) == ['v.npz']


def resave(path, **changes):
    with np.load(path) as archive:
        arrays = {**{key: archive[key] for key in archive.files}, **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})


@pytest.mark.parametrize('changes, message', [
    ({'format': np.array('other')}, "expected a file of format 'tfdisco-coefficient-vae', got"),
    ({'version': np.array(2)}, 'expected format version 1, got 2'),
    ({'version': None}, 'expected format version 1, got none'),
    ({'pose/decoder/x_hat/bias': None}, r"missing \['decoder/x_hat/bias'\]"),
    ({'pose/decoder/x_hat/bias': np.zeros(3, int)}, 'x_hat/bias: expected floats'),
    ({'layout': np.array([1, 2])}, r'layout: expected integers \[5\], got int64 \[2\]'),
    ({'layout': np.array([2, 2, 2, 4, 27])}, 'pose: expected 4 coefficients'),
    ({'layout': np.array([2, 2, -2, 3, 27])}, 'layout: expected sizes of 0 or more'),
    ({'factors': np.array(['pose', 'nose'])}, "v.npz: factors: expected one of .*, got 'nose'"),
    ({'factors': None}, r"got none called \['factors'\]"),
    ({'pose/mean': np.array([{}, {}, {}])}, r'pose/mean: expected floats, got object \[3\]'),
])
def test_what_is_wrong_is_not_read(tmp_path, changes, message):
    path = tmp_path / 'v.npz'
    file.write(path, stored())
    resave(path, **changes)
    with pytest.raises(ValueError, match=message):
        file.read(path)


def test_damaged_files(tmp_path):
    path = tmp_path / 'v.npz'
    file.write(path, stored())
    whole = path.read_bytes()
    for damaged in (whole[:len(whole) // 2], b'', whole[:200] + b'xxxx' + whole[204:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match='v.npz: expected a coefficient VAE .npz'):
            file.read(path)
    with pytest.raises(ValueError, match="dtype: expected 'float16' or 'float32'"):
        file.write(path, stored(), 'int8')
