"""Coefficients of Deep3D and DiscoFaceGAN in their MATLAB files."""

import types

import numpy as np
import pytest
import scipy.io

from tfdisco import factors
from tfdisco.data import coefficients as data_coefficients
from tfdisco.face3d import coefficient_file, deep3d_file

SIZES = {'id': 80, 'exp': 64, 'tex': 80, 'angle': 3, 'gamma': 27, 'trans': 3}
DEEP3D = ('id', 'exp', 'tex', 'angle', 'gamma', 'trans')
DISCOFACEGAN = ('id', 'tex', 'exp', 'angle', 'gamma', 'trans')
OURS = ('id', 'tex', 'exp', 'angle', 'gamma')
PUBLISHED = types.SimpleNamespace(layout=factors.CoefficientLayout(80, 80, 64),
                                  expression_names=(), name='BFM')
OTHER = types.SimpleNamespace(layout=PUBLISHED.layout, expression_names=('jawOpen',),
                              name='open_head')


def people(count=1, seed=0):
    """{name: [count, size]} whose last expressions are as faint as those of photographs."""
    rng = np.random.default_rng(seed)
    parts = {name: np.float32(0.3 * rng.normal(size=[count, size]))
             for name, size in SIZES.items()}
    parts['exp'][:, -20:] *= 0.1
    return parts


def joined(parts, order):
    return np.concatenate([parts[name] for name in order], axis=1)


def save(path, **variables):
    scipy.io.savemat(path, variables)
    return path


@pytest.mark.parametrize('count', [1, 7])
@pytest.mark.parametrize('order', [DEEP3D, DISCOFACEGAN])
def test_all_in_one_vector(tmp_path, order, count):
    parts = people(count)
    path = save(tmp_path / 'x.mat', coeff=joined(parts, order))
    coefficients, translation = deep3d_file.read(path)
    np.testing.assert_array_equal(coefficients, joined(parts, OURS))
    np.testing.assert_array_equal(translation, parts['trans'])
    assert coefficients.dtype == translation.dtype == np.float32
    # preprocess_data.py stores a vector of one axis; a row without translation has none.
    path = save(tmp_path / 'y.mat', coeff=joined(parts, order[:-1])[0])
    coefficients, translation = deep3d_file.read(path)
    np.testing.assert_array_equal(coefficients, joined(parts, OURS)[:1])
    np.testing.assert_array_equal(translation, np.zeros([1, 3]))


def test_parts_of_the_pytorch_code(tmp_path):
    parts = people()
    coefficients, translation = deep3d_file.read(
        save(tmp_path / 'x.mat', lm68=np.ones([1, 68, 2]), **parts))
    np.testing.assert_array_equal(coefficients, joined(parts, OURS))
    np.testing.assert_array_equal(translation, parts['trans'])


def test_what_deep3d_stores_beside_them_tells_the_order(tmp_path):
    parts = people()
    parts['exp'] *= 100
    coefficients, _ = deep3d_file.read(
        save(tmp_path / 'x.mat', coeff=joined(parts, DEEP3D), face_shape=np.ones([4, 3])))
    np.testing.assert_array_equal(coefficients, joined(parts, OURS))


def test_a_folder_in_order_of_names(tmp_path):
    rows = [people(seed=seed) for seed in range(3)]
    for index in (2, 0, 1):
        save(tmp_path / f'photo {index}é.mat', coeff=joined(rows[index], DISCOFACEGAN))
    coefficients, translation = deep3d_file.read(tmp_path)
    np.testing.assert_array_equal(coefficients, np.concatenate([joined(row, OURS)
                                                                for row in rows]))
    np.testing.assert_array_equal(translation, np.concatenate([row['trans'] for row in rows]))
    np.testing.assert_array_equal(data_coefficients.load(str(tmp_path), PUBLISHED), coefficients)
    save(tmp_path / 'z.mat', **people())
    with pytest.raises(ValueError, match='expected files of one kind'):
        deep3d_file.read(tmp_path)


@pytest.mark.parametrize('order', ['deep3d', 'discofacegan', 'pytorch'])
def test_what_is_written_can_be_read(tmp_path, order):
    coefficients = np.float32(np.random.default_rng(0).normal(size=[5, 254])) * 0.3
    translation = np.float32(np.random.default_rng(1).normal(size=[5, 3]))
    path = tmp_path / 'x.mat'
    deep3d_file.write(path, coefficients, translation, order)
    for found, expected in zip(deep3d_file.read(path), (coefficients, translation)):
        np.testing.assert_array_equal(found, expected)
    stored = scipy.io.loadmat(path)
    split = PUBLISHED.layout.split(coefficients)
    names = {'id': split.identity_shape, 'exp': split.expression, 'tex': split.identity_texture,
             'angle': split.pose, 'gamma': split.illumination, 'trans': translation}
    if order == 'pytorch':
        assert 'coeff' not in stored
    else:
        np.testing.assert_array_equal(stored['coeff'], joined(
            names, DEEP3D if order == 'deep3d' else DISCOFACEGAN))
    for name, values in names.items():
        np.testing.assert_array_equal(stored[name], values)


def test_conversion_there_and_back(tmp_path):
    coefficients = np.float32(np.random.default_rng(0).normal(size=[5, 254])) * 0.3
    np.savez(tmp_path / 'a.npz', coefficients=coefficients)
    there, back = str(tmp_path / 'b.mat'), str(tmp_path / 'c.npz')
    assert deep3d_file.convert(str(tmp_path / 'a.npz'), there, 'pytorch') == 5
    assert deep3d_file.convert(there, back) == 5
    np.testing.assert_array_equal(coefficient_file.read(back), coefficients)
    with pytest.raises(ValueError, match="out's ending: expected one of .*, got '.txt'"):
        deep3d_file.convert(there, str(tmp_path / 'd.txt'))
    with pytest.raises(FileNotFoundError, match='existing folder'):
        deep3d_file.convert(there, str(tmp_path / 'no' / 'd.npz'))


def test_the_mean_face_has_no_order(tmp_path):
    path = save(tmp_path / 'x.mat', coeff=np.zeros([1, 257]))
    assert not deep3d_file.read(path)[0].any()


def changed(**changes):
    return {**people(2), **changes}


@pytest.mark.parametrize('variables, message', [
    ({'coeff': joined({**people(2), 'exp': 0.3 * np.ones([2, 64])}, DEEP3D)},
     'coeff: expected coefficients in the order of Deep3D .* got numbers that tell neither'),
    ({'coeff': np.zeros([2, 256])}, r'coeff: expected \[N, 254\] or \[N, 257\], got \[2, 256\]'),
    ({'coeff': np.full([2, 257], np.nan)}, 'coeff: expected finite numbers'),
    ({'coeff': np.zeros([0, 257])}, r'coeff: expected .*, got'),
    ({'coeff': 'text'}, "numeric variable 'coeff', got <U"),
    (changed(angle=np.full([2, 3], 20.0)), 'angle: expected radians below 2.0, got 20; are they'),
    (changed(exp=np.zeros([2, 29])), r'exp: expected shape \[2, 64\], got \[2, 29\]'),
    (changed(trans=np.zeros([1, 3])), r'trans: expected shape \[2, 3\], got \[1, 3\]'),
    ({'id': np.zeros([1, 80])}, "numeric variable 'exp', got none")])
def test_wrong_files(tmp_path, variables, message):
    with pytest.raises(ValueError, match=r'x\.mat: .*' + message):
        deep3d_file.read(save(tmp_path / 'x.mat', **variables))


def test_no_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        deep3d_file.read(tmp_path / 'x.mat')
    with pytest.raises(ValueError, match=r'expected \.mat files in the folder, got none'):
        deep3d_file.read(tmp_path)
    (tmp_path / 'x.mat').write_bytes(b'x' * 300)
    with pytest.raises(ValueError, match=r'x\.mat: expected a MATLAB file, got one that'):
        deep3d_file.read(tmp_path / 'x.mat')


def test_arrays_in_the_wrong_order_are_recognised(tmp_path):
    parts = people(3)
    path = str(tmp_path / 'x.npz')
    for order, message in ((DEEP3D[:-1], "numbers that look like Deep3D's id, exp, tex"),
                           (DEEP3D, r'got \[N, 257\]: those of Deep3D have a translation')):
        np.savez(path, coefficients=joined(parts, order))
        with pytest.raises(ValueError, match=message):
            data_coefficients.load(path, PUBLISHED)
    np.savez(path, coefficients=joined(parts, OURS))
    assert data_coefficients.load(path, PUBLISHED).shape == (3, 254)
    np.savez(path, coefficients=joined(parts, DEEP3D[:-1]))  # of others nothing is known
    assert data_coefficients.load(path, OTHER).shape == (3, 254)


def test_coefficients_of_another_model(tmp_path):
    path = str(save(tmp_path / 'x.mat', **people()))
    with pytest.raises(ValueError, match=r'x\.mat: expected a generator or data of the Basel Face '
                       'Model, whose coefficients these are, got those of open_head'):
        data_coefficients.load(path, OTHER)
