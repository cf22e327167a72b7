"""ICT Face Model Light importer: a synthetic head with the published topology's numbers."""

import json
import os
import pathlib

import numpy as np
import pytest

from tests.face3d.ict_synthetic import (
    COUNT,
    FLIP,
    MODES,
    SKIN_FACE,
    Synthetic,
    landmark_positions,
    write_obj,
)
from tfdisco.face3d import importers, model_file
from tfdisco.face3d.importers import ict, ict_appearance, ict_tables, obj


def _published_model():
    """The real model as .npz, or None: it is not part of the repository."""
    path = pathlib.Path(os.environ.get('TFDISCO_TEST_DATA', ''))
    path = path / 'models/ict/ict_face_model_light.npz'
    return path if path.is_file() else None


needs_model = pytest.mark.skipif(
    _published_model() is None,
    reason='no ICT model: set TFDISCO_TEST_DATA to a folder with models/ict')


@pytest.fixture(scope='module')
def synthetic():
    return Synthetic()


@pytest.fixture(scope='module')
def folder(synthetic, tmp_path_factory):
    return synthetic.write_folder(tmp_path_factory.mktemp('ict') / 'FaceXModel')


@pytest.fixture(autouse=True)
def two_modes(request, monkeypatch):
    if request.node.originalname != 'test_published_model':
        monkeypatch.setattr(ict_tables, 'IDENTITY_MODES', MODES)


@pytest.fixture
def arrays(folder):
    return ict.load(folder)


@pytest.fixture(scope='module')
def kept():
    """Published number of every vertex that stays."""
    keep = np.ones(COUNT, bool)
    for part in ('iris_left', 'iris_right', 'lacrimal_fluid', 'eye_blend', 'eye_occlusion',
                 'eyelashes'):
        keep[slice(*ict_tables.PARTS[part])] = False
    return np.flatnonzero(keep)


def project(points):
    """[N, 3] decimetres to [N, 2] pixels of a 256 picture: the project's camera."""
    x, y, z = points.T
    return np.stack([128 + 1238.3 * x / (10 - z), 128 - 1238.3 * y / (10 - z)], 1)


def misfit(landmarks):
    eyes = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    points = np.stack([*eyes, *landmarks[[30, 48, 54]]])
    wanted = [(88.9, 91.6), (166.9, 91.6), (128.4, 134.1), (96.1, 176.3), (159.5, 176.3)]
    return ((project(points) - wanted) ** 2).sum(), points


def test_one_similarity_for_mean_and_modes(synthetic, arrays, kept):
    model_file.check(arrays, 'ict')
    right, left = (arrays['mean_shape'][arrays['landmarks'][k]] for k in (48, 54))
    source = landmark_positions()
    scale = (left - right)[0] / (source[54] - source[48])[0]
    assert 0.08 < scale < 0.12
    shift = right - scale * source[48]
    moved = synthetic.vertices[kept].copy()
    moved[np.isin(kept, np.r_[21451:22221, 23021:23791]), 2] -= ict.EYE_SETBACK
    np.testing.assert_allclose(arrays['mean_shape'], scale * moved + shift, atol=2e-6)
    np.testing.assert_allclose(arrays['identity_basis'], scale * synthetic.identity[:, kept],
                               rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(arrays['expression_basis'], scale * synthetic.expression[:, kept],
                               rtol=1e-5, atol=1e-7)


def test_fit_is_the_least_squares_one(arrays):
    landmarks = arrays['mean_shape'][arrays['landmarks']].astype(np.float64)
    best, points = misfit(landmarks)
    np.testing.assert_allclose(points[:, 2].mean(), 0.265, atol=1e-6)
    assert np.sqrt(best / 5) < 4
    for scale, up in ((1.003, 0), (0.997, 0), (1, 0.004), (1, -0.004)):
        moved = landmarks * scale + (0, up, 0)
        moved[:, 2] += 0.265 - misfit(moved)[1][:, 2].mean()
        assert misfit(moved)[0] > best


def test_topology_without_the_transparent_parts(synthetic, arrays, kept):
    np.testing.assert_array_equal(kept[arrays['landmarks']], ict_tables.LANDMARKS)
    published = kept[arrays['triangles']]
    assert list(SKIN_FACE) in published.tolist()  # as wound in the source
    assert len(published) == 2 * (2 * 32 + 2 * 23 * 32) + 2  # two scleras, two of skin, no lash
    eye = arrays['triangles'][(published >= 21451).all(1) & (published < 22221).all(1)]
    corner = arrays['mean_shape'][eye].astype(np.float64)
    corner -= corner.mean(axis=(0, 1))
    volume = np.linalg.det(corner).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * 0.144 ** 3, rel=.1)  # outward, radius 1.5


def test_expression_units(arrays):
    assert arrays['expression_unit_names'].tolist() == ['jawOpen', 'browDownLeft', 'browDownRight']
    np.testing.assert_array_equal(arrays['expression_units'], np.eye(3))
    assert 'expression_parity' not in arrays


def test_mirror(arrays):
    mirror = arrays['mirror_vertex']
    np.testing.assert_allclose(arrays['mean_shape'][mirror] * FLIP, arrays['mean_shape'], atol=1e-6)
    assert arrays['identity_parity'].tolist() == [1, -1]
    for mode, sign in zip(arrays['identity_basis'], arrays['identity_parity']):
        np.testing.assert_allclose(mode[mirror] * FLIP, sign * mode, atol=1e-6)


def test_colours_and_regions(arrays, kept):
    region = np.array(arrays['region_names'])[arrays['vertex_regions']]
    new = {published: i for i, published in enumerate(kept)}
    rings = [new[21451]] + [new[21452 + 32 * ring] for ring in range(24)]  # one vertex of each
    assert region[rings].tolist() == ['pupil'] * 4 + ['iris'] * 4 + ['sclera'] * 17
    assert region[new[17039]] == 'teeth' and region[new[14062]] == 'gums'
    skin, lips = (np.array(ict_appearance.ALBEDO[name]) for name in ('skin', 'lips'))
    np.testing.assert_array_equal(arrays['mean_albedo'][region == 'teeth'][0], (224, 214, 196))
    by_landmark = arrays['mean_albedo'][arrays['landmarks']]
    np.testing.assert_array_equal(by_landmark[61], lips)  # well within the contour
    np.testing.assert_allclose(by_landmark[48], (skin + lips) / 2)  # on it
    np.testing.assert_array_equal(by_landmark[30], skin)
    assert (region[arrays['landmarks'][17:27]] == 'brows').all()


def test_face_mask_is_skin_above_the_jaw(synthetic, arrays, kept):
    published = kept[arrays['face_mask']]
    assert published.max() < 6706
    assert set(ict_tables.LANDMARKS) <= set(published)
    position = synthetic.vertices
    left_out = np.setdiff1d(np.arange(6706), published)
    assert len(left_out) and (position[left_out, 1] < -1.5).all()
    chin = position[ict_tables.LANDMARKS[8]]
    throat = np.flatnonzero((position[:6706, 1] < chin[1] - 1))
    assert len(throat) and not np.isin(throat, published).any()


def test_repository_root_and_npz_give_the_same(synthetic, folder, arrays, tmp_path):
    again = ict.load(folder.parent)
    path = tmp_path / 'ict.npz'
    np.savez(path, **synthetic.npz())
    stored = ict.load(path)
    assert stored['licence'] == 'licence text'
    for name in set(arrays) - {'source', 'licence', 'name', 'triangles'}:
        np.testing.assert_array_equal(again[name], arrays[name])
        tolerance = {'rtol': 0, 'atol': 1e-4} if arrays[name].dtype == np.float32 else {'rtol': 0}
        if arrays[name].dtype.kind in 'fiub':
            np.testing.assert_allclose(stored[name].astype(float), arrays[name].astype(float),
                                       **tolerance)


def test_licence_travels(arrays):
    assert arrays['licence'].startswith('MIT License\n\nCopyright (c) 2020 USC Institute')
    assert 'The above copyright notice and this permission notice shall be' in arrays['licence']
    assert arrays['licence'].endswith('SOFTWARE.\n')


def test_import_model_writes_a_model_file(folder, arrays, tmp_path):
    importers.import_model('ict', folder, tmp_path / 'model.npz')
    stored = model_file.read(tmp_path / 'model.npz')
    assert stored['name'] == 'ICT Face Model Light'
    for name in ('mean_shape', 'triangles', 'mirror_vertex', 'expression_unit_names'):
        np.testing.assert_array_equal(stored[name], arrays[name])
    for name in ('identity_basis', 'expression_basis'):
        peak = np.abs(arrays[name]).max(axis=(1, 2), keepdims=True)
        assert (np.abs(stored[name] - arrays[name]) <= 0.5 * peak / 32767 + 1e-7).all()


@pytest.mark.parametrize('kind, out, error, message', [
    ('flame', 'x.npz', ValueError, r"kind: expected one of .*'ict'\], got 'flame'"),
    ('ict', 'x.mat', ValueError, r"out: expected a path that ends in .npz, got '.*x.mat'"),
    ('ict', 'none/x.npz', FileNotFoundError, 'out: expected an existing folder'),
])
def test_import_model_checks_before_it_reads(tmp_path, kind, out, error, message):
    with pytest.raises(error, match=message):
        importers.import_model(kind, tmp_path / 'no such source', str(tmp_path / out))


class TestBrokenFolder:
    @pytest.fixture
    def links(self, folder, tmp_path):
        for path in folder.iterdir():
            (tmp_path / path.name).symlink_to(path)
        return tmp_path

    @pytest.mark.parametrize('name', ['vertex_indices.json', 'identity001.obj', 'browDown_L.obj'])
    def test_missing_file(self, links, name):
        (links / name).unlink()
        with pytest.raises(FileNotFoundError, match=f'missing {name}; git clone https://github'):
            ict.load(links)

    def test_no_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='missing vertex_indices.json, generic_neutral'):
            ict.load(tmp_path / 'nothing')

    @pytest.mark.parametrize('text, message', [
        ('{', 'vertex_indices.json: expected JSON'), ('[]', 'expected a JSON object'),
        ('{"expressions": []}', r"got no \['idx_to_landmark_verts'\]"),
        (json.dumps({'expressions': ['a'], 'idx_to_landmark_verts': [2605] * 68}),
         'an early release numbers its vertices in another order'),
        (json.dumps({'expressions': ['../a'],
                     'idx_to_landmark_verts': list(ict_tables.LANDMARKS)}),
         r"expected names of OBJ files in \"expressions\", got \['../a'\]"),
    ])
    def test_wrong_table(self, links, text, message):
        (links / 'vertex_indices.json').unlink()
        (links / 'vertex_indices.json').write_text(text)
        with pytest.raises(ValueError, match=message):
            ict.load(links)

    def test_mesh_of_another_size(self, links):
        (links / 'jawOpen.obj').unlink()
        (links / 'jawOpen.obj').write_text('v 1 2 3\n' * 9)
        with pytest.raises(ValueError, match='jawOpen.obj: expected 26719 vertices .* got 9'):
            ict.load(links)

    def test_asymmetric_mesh(self, synthetic, links):
        moved = synthetic.vertices.copy()
        moved[20:30, 0] += 1
        path = links / 'generic_neutral_mesh.obj'
        path.unlink()
        write_obj(path, moved, tail='f 1 2 3\n')
        with pytest.raises(ValueError, match='expected a left-right symmetric mesh'):
            ict.load(links)


@pytest.mark.parametrize('change, message', [
    ({'landmarks68': np.arange(68)}, 'landmarks68: expected those of the published model'),
    ({'identity_scale': np.ones(7)}, r'identity_scale: expected numbers \[2\], got float64 \[7\]'),
    ({'triangles': np.full((4, 3), COUNT)}, r'triangles: expected \[T, 3\] integers from 0'),
    ({'triangles': np.zeros((4, 4), int)}, r'triangles: expected integers \[T, 3\]'),
    ({'triangles': np.array([{}], object)}, r'triangles: expected integers .* got object'),
])
def test_wrong_npz(synthetic, tmp_path, change, message):
    np.savez(tmp_path / 'ict.npz', **{**synthetic.npz(), **change})
    with pytest.raises(ValueError, match=message):
        ict.load(tmp_path / 'ict.npz')


def test_npz_of_something_else(tmp_path):
    np.savez(tmp_path / 'a.npz', x=1)
    (tmp_path / 'b.npz').write_bytes(b'text')
    for name, message in (('a.npz', 'expected arrays .*neutral_vertices'),
                          ('b.npz', 'expected a Face Model Light .npz')):
        with pytest.raises(ValueError, match=f'{name}: {message}.* git clone'):
            ict.load(tmp_path / name)


class TestObj:
    SQUARE = 'v 0 0 0\nv 2 0 0\nv 1 .5 0\nv 0 2 0\nv 9 9 9\n'

    def read(self, tmp_path, text, count=5):
        (tmp_path / 'a.obj').write_text(text)
        return obj.read_mesh(tmp_path / 'a.obj', count)

    def test_order_winding_and_slashes(self, tmp_path):
        _, triangles = self.read(tmp_path, self.SQUARE + 'f 1 2 5\nf 4/1/1 5//2 1/7 2\nf 2 3 5\n')
        assert triangles.tolist()[0] == [0, 1, 4] and triangles.tolist()[3] == [1, 2, 4]
        assert len(triangles) == 4 and triangles.dtype == np.int32

    def test_concave_quad_is_not_folded(self, tmp_path):
        # Corner 3 is a dent: only its own diagonal, here also the shorter, lies inside.
        _, triangles = self.read(tmp_path, self.SQUARE + 'f 1 2 3 4\n')
        assert triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
        _, triangles = self.read(tmp_path, self.SQUARE + 'f 2 3 4 1\n')
        assert triangles.tolist() == [[1, 2, 0], [2, 3, 0]]

    def test_dent_whose_diagonal_is_the_longer(self, tmp_path):
        kite = 'v 0 0 0\nv 1 4 0\nv 0 3 0\nv -1 4 0\nv 9 9 9\nf 1 2 3 4\n'
        _, triangles = self.read(tmp_path, kite)
        assert triangles.tolist() == [[0, 1, 2], [0, 2, 3]]

    def test_shorter_diagonal(self, tmp_path):
        flat = 'v 0 0 0\nv 3 0 0\nv 4 1 0\nv 1 1 0\nv 9 9 9\nf 1 2 3 4\n'
        _, triangles = self.read(tmp_path, flat)
        assert triangles.tolist() == [[0, 1, 3], [1, 2, 3]]

    @pytest.mark.parametrize('text, message', [
        ('f 1 2\n', 'expected faces of 3 or 4 vertices from 1 to 5, got "f 1 2"'),
        ('f 1 2 6\n', 'expected faces of 3 or 4 vertices'),
        ('f 1 2 -1\n', 'expected faces of 3 or 4 vertices'),
        ('f a b c\n', 'expected faces of vertex numbers, got "f a b c"'),
        ('', 'expected a mesh with faces, got none'),
        ('v 1 2\nf 1 2 3\n', 'expected 5 vertices of 3 numbers, got 6 vertices and 17 numbers'),
        ('v 1 2 x\nf 1 2 3\n', 'expected "v x y z" lines of numbers'),
        ('é', 'expected an OBJ text file'),
    ])
    def test_errors(self, tmp_path, text, message):
        with pytest.raises(ValueError, match=message):
            self.read(tmp_path, self.SQUARE + text)


@needs_model
def test_published_model():
    arrays = ict.load(_published_model())
    with np.load(_published_model(), allow_pickle=False) as stored:
        published = {name: stored[name] for name in (
            'mirror_vertex', 'identity_symmetry', 'eyeball_ring', 'lip_weight')}
    model_file.check(arrays, 'ict')
    kept = np.flatnonzero(~np.isin(np.arange(COUNT), np.r_[22221:23021, 23791:COUNT]))
    np.testing.assert_array_equal(kept[arrays['mirror_vertex']], published['mirror_vertex'][kept])
    np.testing.assert_array_equal(arrays['identity_parity'], published['identity_symmetry'])
    region = np.array(arrays['region_names'])[arrays['vertex_regions']]
    ring = published['eyeball_ring'][kept]
    np.testing.assert_array_equal(region == 'pupil', ring < 4)
    np.testing.assert_array_equal(region == 'iris', (ring >= 4) & (ring < 8))
    # The lips agree with a mask drawn independently of this importer.
    lips, drawn = region == 'lips', published['lip_weight'][kept] > 127
    face = kept < 9409
    assert (lips & drawn).sum() > 0.8 * (drawn & face).sum()
    landmarks = arrays['mean_shape'][arrays['landmarks']].astype(np.float64)
    assert np.sqrt(misfit(landmarks)[0] / 5) < 2.5  # pixels; most of it in the nose's height
    # The whole skin faces outwards: at the front, towards the camera.
    corner = arrays['mean_shape'][arrays['triangles'][arrays['face_mask'][
        arrays['triangles']].all(axis=1)]]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert normal[:, 2].sum() > 0 and (normal[:, 2] > 0).mean() > 0.85
