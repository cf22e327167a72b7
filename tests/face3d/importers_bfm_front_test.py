"""BFM_model_front.mat of the true sizes, made as the published code makes it."""

import numpy as np
import pytest
import scipy.io

from tests.face3d.importers_bfm_test import synthetic  # noqa: F401  a fixture
from tfdisco.face3d import model_file
from tfdisco.face3d.importers import bfm, bfm_front


def transfer(made):
    """The published transferBFM09, on the synthetic files."""
    model, rows = made.model, made.trim[made.front]

    def cut(basis, modes, kept):
        return basis.reshape(-1, 3, modes)[kept].reshape(-1, modes)

    def scaled(kind, unit):
        values = model[f'{kind}PC'][:, :80] * np.reshape(model[f'{kind}EV'], [1, -1])[:, :80]
        return cut(values / unit, 80, rows)

    expressions = made.expression[1:].T[:, :64] * made.deviation[:64] / 1e5
    rng = np.random.default_rng(1)
    return {
        'idBase': scaled('shape', 1e5), 'texBase': scaled('tex', 1.0),
        'exBase': cut(expressions, 64, made.front),
        'meanshape': (model['shapeMU'].reshape(-1, 3) / 1e5)[rows].reshape(1, -1),
        'meantex': model['texMU'].reshape(-1, 3)[rows].reshape(1, -1),
        'tri': np.float32(made.triangles + 1), 'keypoints': np.float32(made.keypoints[None] + 1),
        'point_buf': np.float32(rng.integers(1, 70791, (bfm.VERTICES, 8))),
        'frontmask2_idx': np.float32(made.inside[:-5, None] + 1),
        'skinmask': np.ones([1, bfm.VERTICES], np.float32)}


@pytest.fixture(scope='module')
def front(synthetic):  # noqa: F811
    variables = transfer(synthetic)
    scipy.io.savemat(synthetic.folder / 'BFM_model_front.mat', variables)
    return variables


def test_equal_to_the_import_of_what_it_was_made_of(synthetic, front, tmp_path):  # noqa: F811
    expected = bfm.load(synthetic.folder)
    arrays = bfm_front.load(synthetic.folder)
    model_file.check(arrays, 'front')
    assert set(arrays) == set(expected)
    for name, value in expected.items():
        if name in ('source', 'face_mask'):
            continue
        if isinstance(value, str):
            assert arrays[name] == value
        elif value.dtype == np.float32:
            assert arrays[name].dtype == np.float32
            np.testing.assert_allclose(arrays[name], value, rtol=1e-6,
                                       atol=1e-6 * np.abs(value).max(initial=0))
        else:
            np.testing.assert_array_equal(arrays[name], value)
    np.testing.assert_array_equal(np.flatnonzero(arrays['face_mask']), synthetic.inside[:-5])
    assert 'frontmask2_idx' in arrays['source']
    # DiscoFaceGAN's own file has the region of the index tables, and then all is equal.
    path = tmp_path / 'BFM_model_front_gan.mat'
    scipy.io.savemat(path, {**{name: front[name] for name in (
        'idBase', 'texBase', 'exBase', 'meanshape', 'meantex', 'tri', 'keypoints')},
        'gan_mask': np.float32(synthetic.inside[:, None] + 1)})
    np.testing.assert_array_equal(bfm_front.load(path)['face_mask'], expected['face_mask'])


@pytest.mark.parametrize('change, message', [
    ({'idBase': None}, "numeric variable 'idBase', got none; the code of Deep3D"),
    ({'exBase': np.zeros([3 * bfm.VERTICES, 29])}, r'exBase: expected shape \[107127, 64\], got'),
    ({'meanshape': np.zeros([1, 6])}, r'meanshape: expected shape \[1, 107127\], got \[1, 6\]'),
    ({'tri': np.zeros([5, 3])}, 'tri: expected whole numbers from 1 to 35709, got 0'),
    ({'keypoints': np.ones([1, 5])}, r'keypoints: expected shape \[68\], got \[5\]'),
    ({'frontmask2_idx': None}, "numeric variable 'frontmask2_idx', got none")])
def test_wrong_variables(tmp_path, change, message):
    zeros = np.zeros([3 * bfm.VERTICES, 80], np.int8)
    variables = {'idBase': zeros, 'texBase': zeros, 'exBase': zeros[:, :64],
                 'meanshape': zeros[None, :, 0], 'meantex': zeros[None, :, 0],
                 'tri': np.ones([5, 3]), 'keypoints': np.ones([1, 68]),
                 'frontmask2_idx': np.ones([9, 1]), **change}
    path = tmp_path / 'front.mat'
    scipy.io.savemat(path, {name: value for name, value in variables.items()
                            if value is not None}, do_compression=True)
    with pytest.raises(ValueError, match=r'front\.mat: .*' + message):
        bfm_front.load(path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='BFM_model_front.mat or BFM_model_front_gan.mat, '
                       'or the folder with it, got neither; the code of'):
        bfm_front.load(tmp_path)
    (tmp_path / 'x.mat').write_bytes(b'no matlab' * 100)
    with pytest.raises(ValueError, match=r'x\.mat: expected a MATLAB file, got one that'):
        bfm_front.load(tmp_path / 'x.mat')
