"""Errors of estimates that are wrong by a known amount."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.face3d import toy
from tfdisco.metrics import face_errors


def test_landmarks_in_percent_of_the_outer_eye_corners():
    true = np.random.default_rng(0).uniform(0, 256, (2, 68, 2))
    true[:, 36], true[:, 45] = [50, 80], [130, 140]  # 100 apart
    estimated = true + [3.0, 4.0]
    estimated[1] = true[1]
    np.testing.assert_allclose(face_errors.landmark_percent(estimated, true), [5, 0], atol=1e-12)
    estimated[1, :17] += 1000.0  # the jaw is no inner point
    np.testing.assert_allclose(
        face_errors.landmark_percent(estimated, true, face_errors.INNER), [5, 0], atol=1e-12)
    estimated[1, 17] += [0, 51]
    np.testing.assert_allclose(
        face_errors.landmark_percent(estimated, true, face_errors.INNER)[1], 1.0)


@pytest.mark.parametrize('degrees', [0.0, 1e-4, 0.5, 30.0, 179.0])
def test_pose_error_is_the_angle_of_the_rotation_between(degrees):
    rng = np.random.default_rng(0)
    true = rng.normal(size=(20, 3)) * 0.5
    axis = rng.normal(size=(20, 3))
    axis *= np.radians(degrees) / np.linalg.norm(axis, axis=1, keepdims=True)
    # xyz from the outside: R = Rz Ry Rx.
    turned = Rotation.from_rotvec(axis) * Rotation.from_euler('xyz', true)
    np.testing.assert_allclose(face_errors.pose_degrees(turned.as_euler('xyz'), true), degrees,
                               rtol=1e-5, atol=1e-9)


def test_light_as_a_share_of_the_true_shading():
    light = np.random.default_rng(0).normal(size=(3, 27)) * 0.1
    gamma = light.reshape(3, 3, 9) + 0.8 * np.eye(9)[0]
    brighter = 1.25 * gamma - 0.8 * np.eye(9)[0]
    np.testing.assert_allclose(face_errors.illumination_l1(brighter.reshape(3, 27), light), 0.25)
    normals = np.random.default_rng(1).normal(size=(200000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    other = np.random.default_rng(2).normal(size=27) * 0.2
    first, second = (toy.harmonics(normals) @ (of.reshape(3, 9) + 0.8 * np.eye(9)[0]).T
                     for of in (other, light[0]))
    np.testing.assert_allclose(face_errors.illumination_l1(other[np.newaxis], light[:1]),
                               np.abs(first - second).mean() / np.abs(second).mean(), rtol=0.01)


def test_expression_in_millimetres_over_the_face():
    model = toy.model()
    rng = np.random.default_rng(0)
    true, estimated = rng.normal(size=(2, 5, model.layout.expression)).astype(np.float32)
    inside = model.face_mask
    moved = [np.tensordot(weights, model.arrays['expression_basis'], 1)[inside]
             for weights in estimated - true]
    expected = [100 * np.linalg.norm(vertices, axis=1).mean() for vertices in moved]
    np.testing.assert_allclose(face_errors.expression_mm(model, estimated, true), expected,
                               rtol=1e-5)
    assert face_errors.expression_mm(model, true, true).tolist() == [0] * 5


def test_overlap_counts_pixels_above_one_half():
    true = np.zeros((2, 4, 4))
    true[0, :, :2] = 1.0
    estimated = np.zeros((2, 4, 4))
    estimated[0, 1:3] = 0.51
    estimated[1, 0, 0] = 0.5
    both, either = face_errors.overlap(estimated, true)
    assert both.tolist() == [4, 0] and either.tolist() == [12, 0]


@pytest.mark.parametrize('error, shape', [
    (face_errors.pose_degrees, (2, 3)), (face_errors.illumination_l1, (2, 27)),
    (face_errors.overlap, (2, 4, 4)), (face_errors.landmark_percent, (2, 68, 2))])
def test_estimates_must_have_the_shape_of_the_truth(error, shape):
    with pytest.raises(ValueError, match='estimated: expected shape .* got'):
        error(np.zeros((1, *shape[1:])), np.zeros(shape))
