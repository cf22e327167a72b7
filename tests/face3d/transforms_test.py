"""Rotations against NumPy, tensorflow-graphics and numeric gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import transforms

POSES = np.random.default_rng(0).normal(size=(5, 3))


def test_rotation_is_rz_ry_rx():
    expected = [toy.rotation(*pose) for pose in POSES]
    np.testing.assert_allclose(transforms.rotation_matrix(tf.constant(POSES)), expected,
                               atol=1e-12)


def test_rotation_equals_tensorflow_graphics():
    rotation_matrix_3d = pytest.importorskip(
        'tensorflow_graphics.geometry.transformation.rotation_matrix_3d')
    expected = rotation_matrix_3d.from_euler(tf.constant(POSES))
    np.testing.assert_allclose(transforms.rotation_matrix(tf.constant(POSES)), expected,
                               atol=1e-12)


@pytest.mark.parametrize('axis, point, image', [
    (0, (0, 0, 1), (0, -1, 0)),  # pitch: the nose goes down
    (1, (0, 0, 1), (1, 0, 0)),  # yaw: the nose goes to image right
    (2, (1, 0, 0), (0, 1, 0)),  # roll: the subject's left goes up, counter-clockwise
])
def test_quarter_turns(axis, point, image):
    pose = tf.constant(np.pi / 2 * np.eye(3)[axis][None], tf.float32)
    vertices = tf.constant([[point]], tf.float32)
    np.testing.assert_allclose(transforms.pose_vertices(vertices, pose)[0, 0], image, atol=1e-6)


def test_rotates_then_translates():
    rng = np.random.default_rng(1)
    vertices, move = rng.normal(size=(5, 7, 3)), rng.normal(size=(5, 3))
    posed = transforms.pose_vertices(*(tf.constant(v, tf.float32) for v in (vertices, POSES, move)))
    for row in range(5):
        expected = vertices[row] @ toy.rotation(*POSES[row]).T + move[row]
        np.testing.assert_allclose(posed[row], expected, atol=2e-6)


def test_gradient():
    vertices = tf.constant(np.random.default_rng(2).normal(size=(5, 4, 3)))
    analytic, numeric = tf.test.compute_gradient(
        lambda pose: transforms.pose_vertices(vertices, pose), [tf.constant(POSES)])
    np.testing.assert_allclose(analytic[0], numeric[0], atol=1e-6)


def test_empty_batch_and_leading_axes():
    assert transforms.rotation_matrix(tf.zeros([0, 3])).shape == (0, 3, 3)
    assert transforms.rotation_matrix(tf.zeros([3])).shape == (3, 3)
    assert transforms.rotation_matrix(tf.zeros([2, 4, 3])).shape == (2, 4, 3, 3)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r'pose: expected \[..., 3\] \(pitch, yaw, roll\), got '
                                         r'shape \[2, 4\]'):
        transforms.rotation_matrix(tf.zeros([2, 4]))
    with pytest.raises(ValueError, match=r'vertices: expected shape \[B, \?, 3\], got \[4, 3\]'):
        transforms.pose_vertices(tf.zeros([4, 3]), tf.zeros([1, 3]))
    with pytest.raises(ValueError, match=r'pose: expected shape \[2, 3\], got \[1, 3\]'):
        transforms.pose_vertices(tf.zeros([2, 4, 3]), tf.zeros([1, 3]))
