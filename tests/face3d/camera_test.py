"""The projection in pixels, its clip-space twin, and what the rasteriser makes of it."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.face3d import camera
from tfdisco.ops.rasterize_triangles import rasterize_triangles

POINTS = np.random.default_rng(0).uniform(-1.5, 1.5, size=(3, 20, 3))
SIZES = [(256, 256), (48, 96), (97, 33)]


def by_hand(points, height, width):
    focal = 1238.3 * width / 256
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([width / 2 + focal * x / (10 - z), height / 2 - focal * y / (10 - z)], -1)


@pytest.mark.parametrize('height, width', SIZES)
def test_project(height, width):
    np.testing.assert_allclose(camera.project(tf.constant(POINTS), height, width),
                               by_hand(POINTS, height, width), atol=1e-9)
    assert camera.focal_length(256) == pytest.approx(1238.3)


@pytest.mark.parametrize('height, width', SIZES)
def test_clip_space_is_the_same_projection(height, width):
    clip = camera.to_clip(tf.constant(POINTS), height, width).numpy()
    x, y, z, w = np.moveaxis(clip, -1, 0)
    pixels = np.stack([(x / w + 1) * width / 2, (1 - y / w) * height / 2], -1)
    np.testing.assert_allclose(pixels, by_hand(POINTS, height, width), atol=1e-9)
    np.testing.assert_allclose(w, 10 - POINTS[..., 2])
    nearer = np.argsort(POINTS[0, :, 2])[::-1]
    assert (np.diff((z / w)[0, nearer]) > 0).all()  # depth grows away from the camera


def test_near_and_far_plane():
    clip = camera.to_clip(tf.constant([[0, 0, 10 - camera.NEAR], [0, 0, 10 - camera.FAR]]), 8, 8)
    np.testing.assert_allclose(clip[:, 2] / clip[:, 3], [-1, 1], atol=1e-6)


@pytest.mark.parametrize('height, width', SIZES)
def test_matrix_equals_tensorflow_graphics(height, width):
    perspective = pytest.importorskip('tensorflow_graphics.rendering.camera.perspective')
    field_of_view = 2 * np.arctan(height / 2 / camera.focal_length(width))
    expected = perspective.right_handed(
        *(tf.constant([v], tf.float64)
          for v in (field_of_view, width / height, camera.NEAR, camera.FAR))).numpy()
    view = np.eye(4)
    view[2, 3] = -10
    np.testing.assert_allclose(camera.clip_matrix(height, width), expected @ view, atol=1e-9)


def test_rasteriser_samples_pixel_centres():
    # A triangle with its right angle at pixel position (3, 2) covers the centres right of
    # and below it, and no other.
    height, width = 9, 11
    pixels = np.array([[3, 2], [3, 8], [9, 2]], float)
    z = np.array([0.3, -0.5, 0.9])
    scale = (10 - z) / camera.focal_length(width)
    points = np.stack([(pixels[:, 0] - width / 2) * scale, (height / 2 - pixels[:, 1]) * scale, z],
                      axis=-1)[None]
    clip = camera.to_clip(tf.constant(points, tf.float32), height, width)
    ids = rasterize_triangles(clip, np.array([[0, 1, 2]], np.int32), height, width).triangle_ids
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    inside = (x > 3) & (y > 2) & ((x - 3) + (y - 2) < 6 - 1e-3)
    edge = np.abs((x - 3) + (y - 2) - 6) < 1e-3
    np.testing.assert_array_equal((ids[0].numpy() >= 0)[~edge], inside[~edge])
