"""The model file: round trip, storage as integers, and every way it can be wrong."""

import os

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.face3d import model_file


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {**toy.arrays(edge=7),
            'identity_exemplars': rng.normal(size=(5, 7)).astype(np.float32),
            'expression_exemplars': rng.normal(size=(6, 2)).astype(np.float32),
            'exemplar_bandwidth': np.array([0.3, 0.2], np.float32)}


def test_round_trip(tmp_path, arrays):
    model_file.write(tmp_path / 'a.npz', arrays)
    read = model_file.read(tmp_path / 'a.npz')
    assert set(read) == set(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(read[name], value)
    assert all(isinstance(read[name], str) for name in model_file.TEXTS)
    assert read['triangles'].dtype == np.int32 and read['face_mask'].dtype == bool
    with open(tmp_path / 'a.npz', 'rb') as file:  # an open file will do
        assert model_file.read(file)['name'] == 'toy'


def test_same_arrays_same_bytes(tmp_path, arrays):
    model_file.write(tmp_path / 'a.npz', arrays)
    model_file.write(tmp_path / 'b.npz', dict(reversed(arrays.items())))
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


@pytest.mark.parametrize('name, step, kind', [
    ('identity_basis', 1e-3, np.int8), ('identity_basis', 1e-5, np.int16),
    ('albedo_basis', [1.0, 0.5, 2.0], np.int8), ('expression_exemplars', [0.1, 0.01], np.int16)])
def test_stored_as_integers(tmp_path, arrays, name, step, kind):
    model_file.write(tmp_path / 'a.npz', arrays, steps={name: step})
    stored = np.load(tmp_path / 'a.npz')
    assert stored[name].dtype == kind
    restored = model_file.read(tmp_path / 'a.npz')[name]
    assert restored.dtype == np.float32
    steps = np.asarray(step, np.float32)
    steps = steps[:, None, None] if steps.ndim and name in model_file.BASES else steps
    assert (np.abs(restored - arrays[name]) <= 0.501 * steps).all()


def test_too_small_a_step(tmp_path, arrays):
    with pytest.raises(ValueError, match='steps: albedo_basis: expected at most 32767 steps'):
        model_file.write(tmp_path / 'a.npz', arrays, steps={'albedo_basis': 1e-6})
    with pytest.raises(ValueError, match="steps: expected one of .*, got 'mean_shape'"):
        model_file.write(tmp_path / 'a.npz', arrays, steps={'mean_shape': 1.0})
    assert os.listdir(tmp_path) == []


def test_integers_need_their_scale(tmp_path, arrays):
    model_file.write(tmp_path / 'a.npz', arrays, steps={'identity_basis': 1e-3})
    stored = dict(np.load(tmp_path / 'a.npz'))
    del stored['identity_basis_scale']
    np.savez(tmp_path / 'b.npz', **stored)
    with pytest.raises(ValueError, match='b.npz: identity_basis: expected identity_basis_scale'):
        model_file.read(tmp_path / 'b.npz')


def test_a_failed_write_leaves_the_old_file(tmp_path, arrays):
    path = tmp_path / 'a.npz'
    model_file.write(path, arrays)
    before = path.read_bytes()
    with pytest.raises(ValueError):
        model_file.write(path, {**arrays, 'landmarks': np.zeros(67, np.int32)})
    assert path.read_bytes() == before and os.listdir(tmp_path) == ['a.npz']


def replaced(name, change):
    return lambda arrays: arrays.update({name: change(arrays[name])})


@pytest.mark.parametrize('spoil, message', [
    (replaced('mean_shape', lambda v: v[:, :2]), r'a: mean_shape: expected \[V, 3\], V > 0'),
    (replaced('mean_albedo', lambda v: v[:-1]), r'a: mean_albedo: expected \[V, 3\]'),
    (replaced('albedo_basis', lambda v: v[:, :-1]), r'a: albedo_basis: expected \[K, 49, 3\], got '
                                                    r'float32 \[3, 48, 3\]'),
    (replaced('triangles', lambda v: v.ravel()), r'a: triangles: expected \[T, 3\]'),
    (replaced('triangles', lambda v: v + 1), 'a: triangles: expected indices from 0 to 48, got 1 '
                                             'to 49'),
    (replaced('triangles', lambda v: v.astype(float)), 'a: triangles: expected an integer type'),
    (replaced('landmarks', lambda v: v[:5]), r'a: landmarks: expected \[68\]'),
    (replaced('landmarks', lambda v: v - 49), 'a: landmarks: expected indices from 0 to 48'),
    (replaced('face_mask', lambda v: v.astype(int)), r'a: face_mask: expected bool \[49\]'),
    (replaced('expression_units', lambda v: v[:, :1]), r'a: expression_units: expected \[2, 2\]'),
    (replaced('identity_parity', lambda v: v[:1]), r'a: identity_parity: expected \[4\]'),
    (replaced('identity_exemplars', lambda v: v[:0]), r'a: identity_exemplars: expected \[N, 7\]'),
    (replaced('exemplar_bandwidth', lambda v: v[:1]), r'a: exemplar_bandwidth: expected \[2\]'),
    (replaced('vertex_regions', lambda v: v + 1), 'a: vertex_regions: expected indices from 0 to '
                                                  '1'),
    (replaced('mirror_vertex', lambda v: v[:3]), r'a: mirror_vertex: expected \[49\]'),
    (replaced('mean_shape', lambda v: v * np.nan), 'a: mean_shape: expected finite numbers'),
    (lambda arrays: arrays.pop('exemplar_bandwidth'), 'a: identity_exemplars needs '
                                                      'exemplar_bandwidth'),
    (lambda arrays: arrays.pop('region_names'), 'a: vertex_regions needs region_names'),
])
def test_inconsistent_arrays(arrays, spoil, message):
    model_file.check(arrays, 'a')
    spoil(arrays)
    with pytest.raises(ValueError, match=message):
        model_file.check(arrays, 'a')


def test_write_names_unknown_and_missing_arrays(tmp_path, arrays):
    arrays['hair'] = arrays.pop('triangles')
    with pytest.raises(ValueError, match=r"got unknown \['hair'\], missing \['triangles'\]"):
        model_file.write(tmp_path / 'a.npz', arrays)


def test_files_that_are_not_models(tmp_path, arrays):
    with pytest.raises(FileNotFoundError):
        model_file.read(tmp_path / 'none.npz')
    (tmp_path / 'text.npz').write_text('not a model')
    with pytest.raises(ValueError, match='text.npz: expected a morphable model .npz, got a file '
                                         'that cannot be read'):
        model_file.read(tmp_path / 'text.npz')
    np.save(tmp_path / 'array.npy', np.zeros(3))
    with pytest.raises(ValueError, match='array.npy: expected a morphable model .npz'):
        model_file.read(tmp_path / 'array.npy')
    np.savez(tmp_path / 'other.npz', a=np.zeros(3))
    with pytest.raises(ValueError, match="other.npz: expected a file of format "
                                         "'tfdisco-morphable-model', got 'none'"):
        model_file.read(tmp_path / 'other.npz')
    model_file.write(tmp_path / 'a.npz', arrays)
    half = (tmp_path / 'a.npz').read_bytes()[:2000]
    (tmp_path / 'half.npz').write_bytes(half)
    with pytest.raises(ValueError, match='half.npz: expected a morphable model .npz'):
        model_file.read(tmp_path / 'half.npz')


def test_a_damaged_file_is_refused_or_reads_as_it_was(tmp_path, arrays):
    model_file.write(tmp_path / 'a.npz', arrays)
    expected = model_file.read(tmp_path / 'a.npz')
    whole = (tmp_path / 'a.npz').read_bytes()
    refused = 0
    for start in range(100, len(whole) // 2, len(whole) // 20):
        damaged = bytearray(whole)
        damaged[start:start + 8] = bytes(byte ^ 0x55 for byte in whole[start:start + 8])
        (tmp_path / 'b.npz').write_bytes(damaged)
        try:
            got = model_file.read(tmp_path / 'b.npz')
        except ValueError as error:
            assert 'b.npz' in str(error)
            refused += 1
        else:  # a date or another field that nobody reads
            for name, value in expected.items():
                np.testing.assert_array_equal(got[name], value)
    assert refused >= 5


def test_other_version_missing_arrays_and_pickles(tmp_path, arrays):
    model_file.write(tmp_path / 'a.npz', arrays)
    stored = dict(np.load(tmp_path / 'a.npz'))
    np.savez(tmp_path / 'b.npz', **{**stored, 'version': np.array(2)})
    with pytest.raises(ValueError, match='b.npz: expected format version 1, got 2'):
        model_file.read(tmp_path / 'b.npz')
    del stored['landmarks']
    np.savez(tmp_path / 'c.npz', **stored)
    with pytest.raises(ValueError, match=r"c.npz: expected arrays .*, got none called "
                                         r"\['landmarks'\]"):
        model_file.read(tmp_path / 'c.npz')
    np.savez(tmp_path / 'd.npz', **{**stored, 'landmarks': np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match=r'd.npz: landmarks: expected integers \[68\], got object '
                                         r'\[1\]; make one with'):
        model_file.read(tmp_path / 'd.npz')


@pytest.mark.parametrize('name, change, message', [
    ('mean_shape', lambda v: np.array(v, str), r'mean_shape: expected numbers \[V, 3\], got <U'),
    ('mean_shape', lambda v: v + 1j, r'mean_shape: expected numbers .*, got complex'),
    ('mean_shape', lambda v: v * 1e300, 'mean_shape: expected finite numbers of float32'),
    ('triangles', lambda v: v.astype(int) + (1 << 32),
     'triangles: expected integers that fit int32'),
    ('albedo_basis', lambda v: v[:, :-1], r'albedo_basis: expected numbers \[Kt, 49, 3\], got '),
    ('name', lambda v: 3, r'name: expected text \[\], got int'),
])
def test_no_other_type_is_taken_for_the_right_one(tmp_path, arrays, name, change, message):
    model_file.write(tmp_path / 'a.npz', arrays)
    stored = dict(np.load(tmp_path / 'a.npz'))
    with np.errstate(over='ignore'):
        stored[name] = change(np.float64(stored[name]) if name == 'mean_shape' else stored[name])
    np.savez(tmp_path / 'b.npz', **stored)
    with pytest.raises(ValueError, match='b.npz: ' + message):
        model_file.read(tmp_path / 'b.npz')
