"""Vertex normals against a loop, tensorflow-graphics and numeric gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import mesh

ARRAYS = toy.arrays(edge=7)
TRIANGLES = ARRAYS['triangles']
VERTICES = (ARRAYS['mean_shape'] + 0.02 * np.random.default_rng(0).normal(size=(3, 49, 3)))


def test_normals_equal_the_loop():
    normals = mesh.VertexNormals(TRIANGLES, 49)(tf.constant(VERTICES, tf.float32))
    for row in range(3):
        np.testing.assert_allclose(normals[row], toy.vertex_normals(VERTICES[row], TRIANGLES),
                                   atol=1e-5)
    assert (normals[..., 2].numpy() > 0).mean() > 0.9  # the shell faces the camera


def test_normals_equal_tensorflow_graphics():
    tfg = pytest.importorskip('tensorflow_graphics.geometry.representation.mesh.normals')
    expected = tfg.vertex_normals(tf.constant(VERTICES), tf.tile(TRIANGLES[None], [3, 1, 1]))
    normals = mesh.VertexNormals(TRIANGLES, 49)(tf.constant(VERTICES))
    np.testing.assert_allclose(normals, expected, atol=1e-12)


def test_gradient():
    normals = mesh.VertexNormals(TRIANGLES, 49)
    analytic, numeric = tf.test.compute_gradient(normals, [tf.constant(VERTICES[:2])], delta=1e-5)
    np.testing.assert_allclose(analytic[0], numeric[0], atol=1e-5)


def test_gradient_in_float32():
    weights = np.random.default_rng(1).normal(size=(3, 49, 3))
    results = []
    for dtype in (tf.float32, tf.float64):
        vertices = tf.constant(VERTICES, dtype)
        with tf.GradientTape() as tape:
            tape.watch(vertices)
            total = tf.reduce_sum(mesh.VertexNormals(TRIANGLES, 49)(vertices) * weights)
        results.append(tape.gradient(total, vertices).numpy())
    np.testing.assert_allclose(*results, rtol=1e-3, atol=1e-3)


def test_vertex_without_triangle_is_zero_and_has_no_nan_gradient():
    vertices = tf.constant([[[0., 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]]])
    with tf.GradientTape() as tape:
        tape.watch(vertices)
        normals = mesh.VertexNormals([[0, 1, 2]], 4)(vertices)
        total = tf.reduce_sum(normals * np.arange(12.).reshape(1, 4, 3))
    np.testing.assert_array_equal(normals[0], [[0, 0, 1]] * 3 + [[0, 0, 0]])
    assert np.isfinite(tape.gradient(total, vertices)).all()


def test_small_triangles_keep_unit_normals():
    vertices = tf.constant([[[0., 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]]])
    normals = mesh.VertexNormals([[0, 1, 2]], 3)(vertices)
    np.testing.assert_allclose(normals[0], [[0, 0, 1]] * 3, atol=1e-6)


def test_empty_batch():
    vertices = tf.zeros([0, 49, 3])
    with tf.GradientTape() as tape:
        tape.watch(vertices)
        normals = mesh.VertexNormals(TRIANGLES, 49)(vertices)
    assert normals.shape == (0, 49, 3)
    assert tape.gradient(normals, vertices).shape == (0, 49, 3)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r'triangles: expected shape \[\?, 3\], got \[2, 4\]'):
        mesh.VertexNormals(np.zeros((2, 4), int), 5)
    with pytest.raises(ValueError, match=r'vertices: expected shape \[\?, 49, 3\], got '
                                         r'\[1, 48, 3\]'):
        mesh.VertexNormals(TRIANGLES, 49)(tf.zeros([1, 48, 3]))
