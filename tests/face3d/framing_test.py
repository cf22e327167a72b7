"""framing: the project's camera, and models put where photographs have faces."""

import numpy as np
import pytest

from tfdisco.face3d import camera, framing
from tfdisco.face3d.morphable_model import MorphableModel

SYMMETRIC = np.array([(89, 91.6), (167, 91.6), (128, 134.1), (96.3, 176.3), (159.7, 176.3)])


def _face():
    """[68, 3] decimetres of a face that projects to symmetric standard points exactly."""
    depth = np.array([0.1, 0.1, 0.625, 0.25, 0.25])  # mean framing.POINT_DEPTH
    pixels = (SYMMETRIC - 128) * [1, -1]
    five = np.concatenate([pixels * (10 - depth[:, None]) / 1238.3, depth[:, None]], axis=1)
    landmarks = np.zeros((68, 3))
    landmarks[36:42], landmarks[42:48], landmarks[[30, 48, 54]] = five[0], five[1], five[2:]
    return landmarks


@pytest.mark.parametrize('unit, moved', [(1.0, (0, .3, -2)), (0.1, (0, -40, 7))])
def test_fit_finds_scale_and_translation(unit, moved):
    landmarks = _face() / unit + moved
    scale, translation = framing.fit(landmarks)
    # The standard points, made symmetric, are those above but for 0.35 px.
    np.testing.assert_allclose(scale, unit, rtol=2e-2)
    placed = framing.to_pixels(framing.five_points(scale * landmarks + translation))
    np.testing.assert_allclose(placed, framing.STANDARD_POINTS, atol=0.8)
    assert framing.five_points(scale * landmarks + translation)[:, 2].mean() == pytest.approx(
        framing.POINT_DEPTH)


def test_fit_keeps_a_given_scale():
    landmarks = _face() * 1.1
    scale, translation = framing.fit(landmarks, scale=1.0)
    assert scale == 1.0
    assert translation[0] == 0
    assert framing.five_points(landmarks + translation)[:, 2].mean() == pytest.approx(
        framing.POINT_DEPTH)


def test_to_pixels_is_the_camera():
    points = np.random.default_rng(0).uniform(-1, 1, (7, 3))
    np.testing.assert_allclose(framing.to_pixels(points),
                               camera.project(points, 256, 256), atol=1e-9)


def test_the_built_in_model_needs_no_scale():
    model = MorphableModel.load('open_head')
    zeros = [np.zeros([1, size], np.float32) for size in (80, 64)]
    landmarks = model.landmarks(model.shape(*zeros))[0].numpy()
    scale, translation = framing.fit(landmarks)
    assert scale == pytest.approx(1, abs=2e-3)
    np.testing.assert_allclose(translation, 0, atol=2e-3)
