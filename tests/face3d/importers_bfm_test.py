"""BFM 2009 importer: a synthetic model of the true sizes, and the published index tables."""

import os
import pathlib
import shutil

import numpy as np
import pytest
import scipy.io
import scipy.sparse
import scipy.sparse.linalg

from tfdisco.face3d import importers, model_file
from tfdisco.face3d.importers import bfm

TRIANGLES = 70789  # of the published cut


def _published_tables():
    """The folder of published tables, or None: they are not part of the repository."""
    folder = pathlib.Path(os.environ.get('TFDISCO_TEST_DATA', '')) / 'models/discofacegan/bfm'
    return folder if folder.is_dir() else None


needs_tables = pytest.mark.skipif(
    _published_tables() is None,
    reason='no published index tables: set TFDISCO_TEST_DATA to a folder with '
           'models/discofacegan/bfm')


class Synthetic:
    """Random numbers in the published files' shapes and types."""

    def __init__(self, folder):
        self.folder = folder
        rng = np.random.default_rng(0)
        rows = 3 * bfm.BFM_VERTICES
        pc = rng.standard_normal((rows, bfm.BFM_MODES), np.float32)
        self.model = {
            'shapePC': pc, 'shapeEV': rng.uniform(1e5, 9e5, (bfm.BFM_MODES, 1)),
            'shapeMU': (1e5 * rng.standard_normal((rows, 1))).astype(np.float32),
            'texPC': pc[::-1], 'texEV': rng.uniform(100, 900, (bfm.BFM_MODES, 1)),
            'texMU': rng.uniform(0, 255, (rows, 1)).astype(np.float32)}
        scipy.io.savemat(folder / '01_MorphableModel.mat', self.model)
        size = 3 * bfm.EXPRESSION_VERTICES
        self.expression = rng.standard_normal((1 + bfm.EXPRESSION_MODES, size), np.float32)
        with open(folder / 'Exp_Pca.bin', 'wb') as file:
            np.int32(bfm.EXPRESSION_MODES).tofile(file)
            self.expression.tofile(file)  # the mean first
        self.deviation = rng.uniform(1e3, 4e5, bfm.EXPRESSION_MODES)
        np.savetxt(folder / 'std_exp.txt', self.deviation[None], fmt='%.17g')

        self.trim = np.sort(rng.choice(bfm.BFM_VERTICES, bfm.EXPRESSION_VERTICES, False))
        self.front = np.sort(rng.choice(bfm.EXPRESSION_VERTICES, bfm.VERTICES, False))
        self.triangles = rng.integers(0, bfm.VERTICES, (TRIANGLES, 3))
        self.keypoints = rng.choice(bfm.VERTICES, 68, False)
        self.inside = np.sort(rng.choice(bfm.VERTICES, bfm.FACE_VERTICES, False))
        self.save('BFM_exp_idx.mat', trimIndex=(self.trim[:, None] + 1).astype(np.uint16))
        self.save('BFM_front_idx.mat', idx=np.float32(self.front[:, None] + 1))
        self.save('facemodel_info.mat', tri=np.float32(self.triangles + 1),
                  keypoints=np.float32(self.keypoints[None] + 1))
        self.save('gan_mask.mat', idx=np.float32(self.inside[:, None] + 1))
        # Another order and other first corners, the same orientation.
        face = self.triangles[np.isin(self.triangles, self.inside).all(axis=1)]
        face = np.roll(rng.permutation(face), 1, axis=1)
        self.face_triangles = np.searchsorted(self.inside, face)
        self.save('gan_tl.mat', f=(self.face_triangles + 1).astype(np.int32))

    def save(self, name, **variables):
        scipy.io.savemat(self.folder / name, variables)


@pytest.fixture(scope='module')
def synthetic(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bfm')
    yield Synthetic(folder)
    shutil.rmtree(folder)  # 310 MB


@pytest.fixture(scope='module')
def arrays(synthetic):
    return bfm.load(synthetic.folder)


@pytest.fixture
def copy(synthetic, tmp_path):
    """A folder with links to the synthetic files, to spoil one of them."""
    for name in bfm.WHERE:
        (tmp_path / name).symlink_to(synthetic.folder / name)

    def spoil(name, data=None, **variables):
        (tmp_path / name).unlink()
        if variables:
            scipy.io.savemat(tmp_path / name, variables)
        elif data is not None:
            (tmp_path / name).write_bytes(data)
        return tmp_path

    return spoil


def test_has_the_published_sizes(arrays):
    model_file.check(arrays, 'bfm')
    assert arrays['mean_shape'].shape == (35709, 3)
    assert arrays['identity_basis'].shape == (80, 35709, 3)
    assert arrays['expression_basis'].shape == (64, 35709, 3)
    assert arrays['albedo_basis'].shape == (80, 35709, 3)
    assert arrays['face_mask'].sum() == 27742
    assert arrays['expression_units'].shape == (0, 64)
    assert {arrays[name].dtype for name in model_file.BASES} == {np.dtype(np.float32)}


@pytest.mark.parametrize('vertex', [0, 1, 20000, 35708])
def test_values_of_single_vertices(synthetic, arrays, vertex):
    in_expression = synthetic.front[vertex]
    in_bfm = synthetic.trim[in_expression]
    model = {key: values.astype(np.float64) for key, values in synthetic.model.items()
             if not key.endswith('PC')}
    for axis in range(3):
        row = 3 * in_bfm + axis
        for name, kind, unit in (('identity_basis', 'shape', 1e5), ('albedo_basis', 'tex', 1.)):
            modes = synthetic.model[kind + 'PC'][row, :80].astype(np.float64)
            np.testing.assert_allclose(arrays[name][:, vertex, axis],
                                       modes * model[kind + 'EV'][:80, 0] / unit, rtol=2e-7)
        np.testing.assert_allclose(
            arrays['expression_basis'][:, vertex, axis],
            synthetic.expression[1:65, 3 * in_expression + axis] * synthetic.deviation[:64] / 1e5,
            rtol=2e-7)
        assert arrays['mean_albedo'][vertex, axis] == synthetic.model['texMU'][row, 0]
        # Centred on the vertices of the cut, without the expressions' own mean.
        every = synthetic.trim[synthetic.front]
        centre = model['shapeMU'][3 * every + axis, 0].mean()
        np.testing.assert_allclose(arrays['mean_shape'][vertex, axis],
                                   (model['shapeMU'][row, 0] - centre) / 1e5, rtol=1e-6, atol=1e-8)


def test_topology_counts_from_zero_and_keeps_the_winding(synthetic, arrays):
    np.testing.assert_array_equal(arrays['triangles'], synthetic.triangles)
    np.testing.assert_array_equal(arrays['landmarks'], synthetic.keypoints)
    np.testing.assert_array_equal(np.flatnonzero(arrays['face_mask']), synthetic.inside)


def test_each_missing_file_is_named_with_its_origin(copy):
    copy('Exp_Pca.bin')
    folder = copy('gan_tl.mat')
    with pytest.raises(FileNotFoundError) as caught:
        bfm.load(folder)
    text = str(caught.value).split('missing:')[1]
    assert 'Exp_Pca.bin (CoarseData' in text and 'gan_tl.mat (the renderer folder' in text
    assert 'std_exp' not in text


@pytest.mark.parametrize('name, data, message', [
    ('Exp_Pca.bin', b'O\0\0\0' + bytes(1000), r'Exp_Pca.bin: expected at least 51086404 bytes'),
    ('std_exp.txt', b'1 2 3', r'std_exp.txt: expected 79 numbers, got 3'),
    ('std_exp.txt', b'<html>', r'std_exp.txt: expected 79 numbers, got other text'),
    ('gan_mask.mat', b'not matlab' * 50, r'gan_mask.mat: expected a MATLAB file, got one that'),
    ('gan_mask.mat', b'MATLAB 7.3 MAT-file'.ljust(124) + b'\0\2IM' + bytes(400),
     r'gan_mask.mat: expected a MATLAB file of version 5 to 7, got version 7.3'),
])
def test_damaged_files(copy, name, data, message):
    with pytest.raises(ValueError, match=message):
        bfm.load(copy(name, data))


def test_wrong_mode_count_of_the_expressions(copy):
    size = 4 + 4 * 3 * 53215 * 80
    with pytest.raises(ValueError, match='expected a mode count of 79, got 80'):
        bfm.load(copy('Exp_Pca.bin', np.int32(80).tobytes() + bytes(size)))


@pytest.mark.parametrize('name, variables, message', [
    ('BFM_exp_idx.mat', {'other': np.ones((53215, 1))}, "numeric variable 'trimIndex', got none"),
    ('BFM_exp_idx.mat', {'trimIndex': 'text'}, "numeric variable 'trimIndex', got <U"),
    ('BFM_exp_idx.mat', {'trimIndex': np.ones((5, 1))}, r'shape \[53215\], got \[5\]'),
    ('BFM_front_idx.mat', {'idx': np.zeros((35709, 1))}, 'from 1 to 53215, got 0 to 0'),
    ('BFM_front_idx.mat', {'idx': np.full((35709, 1), 53216)}, 'from 1 to 53215, got 53216'),
    ('facemodel_info.mat', {'tri': np.full((9, 3), 1.5)}, 'expected whole numbers'),
    ('facemodel_info.mat', {'tri': np.ones((9, 4))}, r'shape \[None, 3\], got \[9, 4\]'),
    ('gan_tl.mat', {'f': np.ones((9, 3))}, 'gan_tl.mat: expected the .* triangles .* got 9'),
    ('01_MorphableModel.mat', {'shapeMU': np.ones((160470, 1)), 'shapeEV': np.ones((100, 1))},
     r'shapeEV: expected shape \[199, 1\], got \[100, 1\]; apply at'),
])
def test_wrong_variables(copy, name, variables, message):
    with pytest.raises(ValueError, match=message):
        bfm.load(copy(name, **variables))


def test_face_triangles_of_the_other_orientation_are_refused(synthetic, copy):
    with pytest.raises(ValueError, match='gan_tl.mat: expected the'):
        bfm.load(copy('gan_tl.mat', f=synthetic.face_triangles[:, ::-1] + 1))


def test_steps_use_the_whole_range_of_int16(arrays):
    some = {name: arrays[name][:3] for name in model_file.BASES}
    some['albedo_basis'] = np.zeros_like(some['albedo_basis'])
    some['expression_basis'] = some['expression_basis'][:0]
    steps = importers.int16_steps(some)
    peak = np.abs(some['identity_basis']).max(axis=(1, 2))
    np.testing.assert_allclose(steps['identity_basis'] * 32767, peak, rtol=1e-6)
    np.testing.assert_array_equal(steps['albedo_basis'], 1)
    assert 'expression_basis' not in steps


@needs_tables
def test_published_tables(synthetic, tmp_path):
    for name in bfm.WHERE:
        published = _published_tables() / name
        (tmp_path / name).symlink_to(published if published.exists() else synthetic.folder / name)
    arrays = bfm.load(tmp_path)
    assert len(arrays['triangles']) == TRIANGLES
    drawn = arrays['triangles'][arrays['face_mask'][arrays['triangles']].all(axis=1)]
    assert len(drawn) == 54864  # and, or `load` had refused, the same oriented set as gan_tl
    chosen = scipy.io.loadmat(_published_tables() / 'select_vertex_id.mat')['select_id'] - 1
    row = 3 * int(chosen[1234, 0]) + 2
    np.testing.assert_allclose(
        arrays['identity_basis'][7, 1234, 2],
        synthetic.model['shapePC'][row, 7] * synthetic.model['shapeEV'][7, 0] / 1e5, rtol=2e-7)


@needs_tables
def test_published_triangles_are_counter_clockwise_from_outside():
    """A thin-plate surface through the published 3-D landmarks faces the camera."""
    info = scipy.io.loadmat(_published_tables() / 'facemodel_info.mat')
    triangles = info['tri'].astype(np.int64) - 1
    pinned = info['keypoints'].ravel().astype(np.int64) - 1
    landmarks = scipy.io.loadmat(_published_tables() / 'similarity_Lm3D_all.mat')['lm']
    edges = np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    adjacent = scipy.sparse.coo_matrix((np.ones(len(edges)), edges.T), (bfm.VERTICES,) * 2).tocsr()
    adjacent = adjacent + adjacent.T
    laplace = scipy.sparse.diags(np.asarray(adjacent.sum(axis=1)).ravel()) - adjacent
    bending = (laplace.T @ laplace).tocsr()
    free = np.setdiff1d(np.arange(bfm.VERTICES), pinned)
    surface = np.zeros((bfm.VERTICES, 3))
    surface[pinned] = landmarks
    surface[free] = scipy.sparse.linalg.spsolve(
        bending[free][:, free].tocsc(), -bending[free][:, pinned] @ landmarks)
    corner = surface[triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (normal[:, 2] > 0).mean() > 0.99
