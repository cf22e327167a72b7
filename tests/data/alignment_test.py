"""The alignment by five points, exact where the face is the standard one, and its refinement."""

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.face3d import framing
from tfdisco.face3d.morphable_model import MorphableModel

# Five plausible points, decimetres: the nose forward.
STANDARD = np.array([(-0.31, 0.3, 0.19), (0.31, 0.3, 0.19), (0.0, -0.07, 0.48),
                     (-0.24, -0.38, 0.23), (0.24, -0.38, 0.23)])


def seen(points, rotation=None, translation=(0.0, 0.0, 0.0), size=256):
    """ARCHITECTURE.md's camera, written out."""
    x, y, z = ((points if rotation is None else points @ rotation.T) + translation).T
    focal = 1238.3 * size / 256
    return np.stack([size / 2 + focal * x / (10 - z), size / 2 - focal * y / (10 - z)], -1)


def placed(points, scale=1.7, degrees=25.0, shift=(300.0, 120.0)):
    """A photograph of pixels that one sees at `points` after alignment: the inverse."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


@pytest.mark.parametrize('size', [256, 64])
def test_a_frontal_standard_face_is_put_exactly_where_the_camera_sees_it(size):
    photo = placed(seen(STANDARD, size=size))
    transform = alignment.aligned(photo, STANDARD, size)
    np.testing.assert_allclose(alignment.apply(transform, photo), seen(STANDARD, size=size),
                               atol=1e-4 * size / 256)
    assert alignment.scale(transform) == pytest.approx(1 / 1.7, rel=1e-5)


def test_standard_points_are_seen_where_photographs_have_them():
    points = alignment.standard_points(toy.model())
    np.testing.assert_allclose(seen(points), framing.STANDARD_POINTS, atol=1e-9)
    mean = toy.arrays()['mean_shape'][toy.arrays()['landmarks'], 2]
    np.testing.assert_allclose(points[:, 2], [mean[36:42].mean(), mean[42:48].mean(), mean[30],
                                              mean[48], mean[54]], rtol=1e-6)


def test_the_mean_face_of_the_built_in_model_stays_where_the_renderer_puts_it():
    model = MorphableModel.load('open_head')
    photo = placed(seen(model.arrays['mean_shape'][model.landmark_vertices]), 0.6, -70.0)
    transform = alignment.aligned(framing.five_points(photo), alignment.standard_points(model),
                                  256)
    apart = alignment.apply(transform, photo) - seen(
        model.arrays['mean_shape'][model.landmark_vertices])
    assert np.abs(apart).max() < 3.0 and np.linalg.norm(apart.mean(axis=0)) < 2.5


@pytest.mark.parametrize('yaw, pitch', [(0.5, 0.0), (-0.8, 0.0), (0.3, 0.2), (-0.3, -0.2)])
def test_a_turned_face_keeps_its_size_and_place(yaw, pitch):
    there = seen(STANDARD, toy.rotation(pitch, yaw, 0.0))
    photo = placed(there)
    transform = alignment.aligned(photo, STANDARD, 256)
    assert np.abs(alignment.apply(transform, photo) - there).max() < 4.0
    assert alignment.scale(transform) * 1.7 == pytest.approx(1.0, abs=0.02)
    # Laid on fixed places it would be enlarged.
    fixed = alignment.similarity(photo, seen(STANDARD))
    assert abs(alignment.scale(fixed) * 1.7 - 1.0) > abs(alignment.scale(transform) * 1.7 - 1.0)


@pytest.mark.parametrize('translation', [(0.1, -0.15, 0.0), (0.0, 0.0, 1.5), (-0.2, 0.1, -1.0)])
def test_refinement_removes_the_translation(translation):
    flat = np.random.default_rng(0).uniform(-0.7, 0.7, (20, 3))
    flat[:, 2] = framing.POINT_DEPTH
    first = np.array([[0.5, 0.1, -20.0], [-0.1, 0.5, 30.0]])
    back = alignment.invert(first)
    photo = alignment.apply(back, seen(flat, translation=translation, size=128))
    second = alignment.refined(first, translation, 128)
    np.testing.assert_allclose(alignment.apply(second, photo), seen(flat, size=128), atol=1e-9)


def test_refinement_of_a_face_with_depth_leaves_little():
    deep = np.array([(0.7, 0.0, -0.7), (0.0, -0.6, 0.3), (0.1, 0.1, 0.6)])
    translation = (0.1, 0.1, 0.5)
    first = alignment.refined(np.eye(2, 3), translation, 256)
    apart = alignment.apply(first, seen(deep, translation=translation)) - seen(deep)
    assert 0.05 < np.abs(apart).max() < 2.0


@pytest.mark.parametrize('translation', [(0.6, 0.0, 0.0), (0.0, -0.6, 0.0), (0.0, 0.0, 5.0),
                                         (0.0, 0.0, -6.0), (np.nan, 0.0, 0.0)])
def test_a_translation_that_is_no_correction_is_refused(translation):
    with pytest.raises(ValueError, match='translation: expected what a roughly aligned face has'):
        alignment.refined(np.eye(2, 3), translation, 256)


def test_similarity_is_the_least_squares_one():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, 6, 2))
    # [a, b, c, d] of x' = a x - b y + c, y' = b x + a y + d, solved as linear equations.
    rows = [row for x, y in source for row in ([x, -y, 1, 0], [y, x, 0, 1])]
    a, b, c, d = np.linalg.lstsq(np.array(rows), target.ravel(), rcond=None)[0]
    np.testing.assert_allclose(alignment.similarity(source, target), [[a, -b, c], [b, a, d]],
                               atol=1e-12)


def test_transforms_compose_and_invert():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 2, 3))
    points = rng.normal(size=(4, 5, 2))
    both = alignment.compose(second, first)
    np.testing.assert_allclose(alignment.apply(both, points),
                               alignment.apply(second, alignment.apply(first, points)))
    np.testing.assert_allclose(alignment.apply(alignment.invert(first),
                                               alignment.apply(first, points)), points)


@pytest.mark.parametrize('points, message', [
    (np.zeros((4, 2)), r'points: expected shape \[5, 2\], got \[4, 2\]'),
    (np.full((5, 2), np.nan), 'points: expected finite numbers'),
    (np.ones((5, 2)), 'points: expected eyes and mouth some pixels apart'),
    (seen(STANDARD)[[1, 0, 2, 4, 3]], 'got left and right swapped'),
])
def test_points_of_no_face(points, message):
    with pytest.raises(ValueError, match=message):
        alignment.aligned(points, STANDARD, 256)
