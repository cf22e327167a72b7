"""Eq. 1 and everything else a model knows about itself."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import model_file
from tfdisco.face3d.morphable_model import MorphableModel


@pytest.fixture(scope='module')
def open_head():
    return MorphableModel.load('open_head')


def test_shape_and_albedo():
    of, rng = toy.model(), np.random.default_rng(0)
    identity, texture, expression = (rng.normal(size=(3, k)).astype(np.float32) for k in (4, 3, 2))
    a = of.arrays
    np.testing.assert_allclose(
        of.shape(identity, expression),
        a['mean_shape'] + np.einsum('bk,kvc->bvc', identity, a['identity_basis'])
        + np.einsum('bk,kvc->bvc', expression, a['expression_basis']), atol=1e-5)
    np.testing.assert_allclose(
        of.albedo(texture), a['mean_albedo'] + np.einsum('bk,kvc->bvc', texture, a['albedo_basis']),
        atol=1e-3)


def test_gradient_of_shape_and_albedo():
    of = toy.model()
    for function, sizes in ((of.shape, (4, 2)), (of.albedo, (3,))):
        analytic, numeric = tf.test.compute_gradient(function, [tf.ones([1, k]) for k in sizes],
                                                     delta=0.1)  # linear: any step will do
        for a, n in zip(analytic, numeric):
            assert np.abs(a).max() > 0
            np.testing.assert_allclose(a, n, rtol=1e-2, atol=1e-3 * np.abs(n).max())


def test_empty_bases_and_batch():
    bare = MorphableModel(toy.arrays(0, 0, 0))
    shape = bare.shape(tf.zeros([2, 0]), tf.zeros([2, 0]))
    np.testing.assert_array_equal(shape[1], bare.arrays['mean_shape'])
    np.testing.assert_array_equal(bare.albedo(tf.zeros([1, 0]))[0], bare.arrays['mean_albedo'])
    np.testing.assert_array_equal(bare.expression({'open': 1.0}), np.zeros(0))
    assert toy.model().shape(tf.zeros([0, 4]), tf.zeros([0, 2])).shape == (0, 169, 3)


def test_landmarks_triangles_and_regions():
    of = toy.model()
    vertices = tf.constant(np.random.default_rng(1).normal(size=(2, 169, 3)), tf.float32)
    np.testing.assert_array_equal(of.landmarks(vertices),
                                  vertices.numpy()[:, of.landmark_vertices])
    masked = set(np.nonzero(of.face_mask)[0])
    expected = [list(t) for t in of.triangles if set(t) <= masked]
    assert of.face_triangles.tolist() == expected and 0 < len(expected) < len(of.triangles)
    assert list(of.regions) == ['upper', 'lower']
    np.testing.assert_array_equal(of.regions['upper'], ~of.regions['lower'])


def test_normals_use_all_triangles():
    of = toy.model()
    vertices = of.arrays['mean_shape'].astype(np.float64)
    np.testing.assert_allclose(of.normals(tf.constant(vertices[None], tf.float32))[0],
                               toy.vertex_normals(vertices, of.triangles), atol=1e-5)


def test_expression_adds_named_units():
    of = toy.model()
    units = of.arrays['expression_units']
    np.testing.assert_allclose(of.expression({'open': 0.5, 'smile': -2.0}),
                               0.5 * units[0] - 2.0 * units[1], rtol=1e-6)
    np.testing.assert_array_equal(of.expression({}), [0, 0])
    with pytest.raises(ValueError, match=r"expression: expected names among \['open', 'smile'\], "
                                         r"got \['frown'\]"):
        of.expression({'open': 1.0, 'frown': 1.0})


def test_coefficients():
    of = toy.model()
    rows = of.coefficients(2, pose=[[1, 2, 3], [4, 5, 6]], expression=7)
    parts = of.layout.split(rows)
    np.testing.assert_array_equal(parts.pose, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(parts.expression, 7)
    assert rows.dtype == np.float32 and np.count_nonzero(rows) == 10
    with pytest.raises(ValueError, match="parts: expected names among .*, got 'hair'"):
        of.coefficients(hair=1)


def test_mirror():
    of = toy.model()
    coefficients = toy.people(of, 3)
    mirrored = of.mirror(coefficients)
    np.testing.assert_array_equal(of.mirror(mirrored), coefficients)
    parts, others = of.layout.split(coefficients), of.layout.split(mirrored)
    np.testing.assert_array_equal(others.pose, parts.pose * [1, -1, -1])
    shape, other = (of.shape(p.identity_shape, p.expression).numpy() for p in (parts, others))
    mirror = of.arrays['mirror_vertex']
    np.testing.assert_allclose(other, shape[:, mirror] * [-1, 1, 1], atol=1e-6)
    albedo, other = (of.albedo(p.identity_texture).numpy() for p in (parts, others))
    np.testing.assert_allclose(other, albedo[:, mirror], atol=1e-3)
    assert np.abs(albedo - other).max() > 1.0
    with pytest.raises(ValueError, match=r'coefficients: expected \[..., 39\]'):
        of.mirror(coefficients[:, :-1])


def test_mirror_needs_parities():
    arrays = toy.arrays()
    del arrays['albedo_parity']
    with pytest.raises(ValueError, match='toy: expected albedo_parity to mirror coefficients, '
                                         'got none'):
        MorphableModel(arrays).mirror_signs()


def test_load_and_its_errors(tmp_path):
    path = tmp_path / 'toy.npz'
    model_file.write(path, toy.arrays())
    of = MorphableModel.load(path)
    assert (of.name, of.layout, of.vertex_count) == ('toy', toy.model().layout, 169)
    np.testing.assert_array_equal(of.triangles, toy.model().triangles)
    with pytest.raises(FileNotFoundError, match='nowhere.npz'):
        MorphableModel.load(tmp_path / 'nowhere.npz')
    with pytest.raises(ValueError, match=r'toy: triangles: expected \[T, 3\]'):
        MorphableModel({**toy.arrays(), 'triangles': np.zeros((4, 2), np.int32)})


def test_built_in_model_is_in_the_conventions(open_head):
    a = open_head.arrays
    points = a['mean_shape'][open_head.landmark_vertices]
    jaw = points[16] - points[0]
    assert jaw[0] == pytest.approx(1.5, abs=0.25)  # width in decimetres, subject's left at +x
    assert np.abs(jaw[1:]).max() < 0.05
    assert points[27:31].mean(0)[1] > points[48:68].mean(0)[1] > points[8, 1]  # y is up
    assert points[30, 2] > points[36, 2] > points[0, 2]  # z is forward
    normals = open_head.normals(a['mean_shape'][None])[0].numpy()
    assert normals[open_head.landmark_vertices[30], 2] > 0.5  # triangles face outside
    assert 0 < len(open_head.face_triangles) < len(open_head.triangles)
    assert 0 <= a['mean_albedo'].min() and a['mean_albedo'].max() <= 255
    assert 'jawOpen' in open_head.expression_names


def test_wrong_shapes():
    of = toy.model()
    with pytest.raises(ValueError, match=r'identity_shape: expected shape \[B, 4\], got \[1, 5\]'):
        of.shape(tf.zeros([1, 5]), tf.zeros([1, 2]))
    with pytest.raises(ValueError, match=r'expression: expected shape \[1, 2\], got \[2, 2\]'):
        of.shape(tf.zeros([1, 4]), tf.zeros([2, 2]))
    with pytest.raises(ValueError, match=r'identity_texture: expected shape \[\?, 3\], got \[3\]'):
        of.albedo(tf.zeros([3]))
    with pytest.raises(ValueError, match=r'vertices: expected shape \[\?, 169, 3\], got \[1, 3\]'):
        of.landmarks(tf.zeros([1, 3]))
