"""Frames: pictures, landmarks and translations move together; borders are made up as in photos."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from tests.face3d import toy
from tfdisco.data import warping
from tfdisco.face3d.landmarks import MIRRORED
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.perception import resize
from tfdisco.training.perception.augment import frame
from tfdisco.training.perception.augment.frame import Frames, reframe, whole


def noise(batch=2, size=32, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (batch, size, size, channels)).astype('f4')


def frames(batch=2, **changes):
    values = {name: tf.constant(value, value.dtype if tf.is_tensor(value) else None)
              for name, value in changes.items()}
    return whole(batch)._replace(**values)


@pytest.mark.parametrize('size, share', [(24, 1.0), (16, 1.0), (32, 1.0), (24, 0.8)])
def test_whole_pictures_are_those_that_networks_see(size, share):
    pictures = noise()
    ours, outside = reframe(tf.constant(pictures), whole(2), size, share)
    np.testing.assert_allclose(ours, resize.to_square(pictures, size, share), atol=2e-3)
    assert float(tf.reduce_max(outside)) == 0.0


def test_mirror():
    pictures = noise()
    mirrored, _ = reframe(tf.constant(pictures), frames(mirror=[True, False]), 24)
    plain, _ = reframe(tf.constant(pictures), whole(2), 24)
    np.testing.assert_allclose(mirrored[0], plain[0][:, ::-1], atol=2e-3)
    np.testing.assert_array_equal(mirrored[1], plain[1])


def test_landmarks_move_with_the_picture():
    rng = np.random.default_rng(0)
    place = rng.uniform(0.35, 0.65, (4, 1, 2))
    grid = (np.stack(np.meshgrid(np.arange(128), np.arange(128)), -1) + 0.5) / 128
    blob = np.exp(-0.5 * np.square((grid - place[:, :, np.newaxis]) / 0.03).sum(-1))[..., None]
    moved = frames(4, mirror=[False, True, True, False], scale=[1.0, 1.0, 1.2, 0.7],
                   shift=[[0.1, -0.05], [0.0, 0.0], [-0.1, 0.08], [0.05, 0.15]])
    pictures, _ = reframe(tf.constant(blob, tf.float32), moved, 96)
    grid = (np.stack(np.meshgrid(np.arange(96), np.arange(96)), -1) + 0.5) / 96
    middle = (pictures.numpy() * grid).sum(axis=(1, 2)) / pictures.numpy().sum(axis=(1, 2))
    landmarks = np.repeat(place, 68, axis=1).astype(np.float32)
    expected = frame.move_landmarks(tf.constant(landmarks), moved)
    for index in (0, 67):
        np.testing.assert_allclose(middle, expected[:, index], atol=1e-3)


def test_translation_and_coefficients_explain_the_moved_picture():
    model = toy.model()
    coefficients = toy.people(model, 4)
    translation = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32) * 0.1
    moved = frames(4, mirror=[False, True, True, False], scale=[1.1, 1.0, 0.8, 1.0],
                   shift=[[0.1, -0.05], [0.0, 0.0], [-0.1, 0.08], [0.05, 0.15]])
    partners = tf.constant(model.arrays['mirror_vertex'])
    render = FaceRenderer(model, 1, 1)  # pixels are shares
    # Depth is 0 where a shift and a scale are exactly a motion.
    flat = render.vertices(coefficients) * [1.0, 1.0, 0.0]
    flat_mirrored = tf.gather(flat, partners, axis=1) * [-1.0, 1.0, 1.0]
    now = tf.where(moved.mirror[:, None, None], flat_mirrored, flat)
    places = render.landmarks(flat + translation[:, None]).numpy()
    mirrored = render.landmarks(tf.gather(flat, partners, axis=1) + translation[:, None]).numpy()
    mirrored = mirrored * [-1, 1] + [1, 0]
    places = np.where(moved.mirror.numpy()[:, None, None], mirrored, places)
    expected = 0.5 + moved.scale.numpy()[:, None, None] * (places - 0.5)
    expected += moved.shift.numpy()[:, None]
    found = render.landmarks(now + frame.move_translation(
        tf.constant(translation), moved)[:, None])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    ours = render.vertices(frame.mirror_coefficients(
        tf.constant(coefficients), moved, model.mirror_signs()))
    truth = render.vertices(coefficients).numpy()
    truth[1:3] = truth[1:3][:, partners.numpy()] * [-1, 1, 1]
    np.testing.assert_allclose(ours, truth, atol=1e-5)


def test_mirrored_landmarks_of_the_built_in_model():
    model = MorphableModel.load('open_head')
    partner = model.arrays['mirror_vertex'][model.landmark_vertices]
    np.testing.assert_array_equal(partner, model.landmark_vertices[MIRRORED])


def test_the_border_of_a_window_is_its_reflection():
    pictures = noise(1, 32)
    window = [[[4 / 32, 6 / 32], [26 / 32, 1.0]]]
    ours, outside = reframe(tf.constant(pictures), frames(1, window=window), 32)
    inner = pictures[:, 6:, 4:26]
    np.testing.assert_allclose(
        ours, np.pad(inner, ((0, 0), (6, 0), (4, 6), (0, 0)), 'symmetric'), atol=2e-3)
    centres = np.arange(32) + 0.5
    across = np.maximum(np.maximum(4 - centres, centres - 26), 0)
    depth = np.hypot(across[np.newaxis], np.maximum(6 - centres, 0)[:, np.newaxis]) / 32
    np.testing.assert_allclose(outside[0, ..., 0], depth, atol=1e-6)


def test_a_window_hides_what_lies_outside():
    pictures = noise(1, 32)
    window = frames(1, window=[[[0.2, 0.1], [0.77, 0.83]]], softness=[3.0], scale=[1.1])
    changed = pictures.copy()
    changed[:, :3] = changed[:, :, :6] = changed[:, 27:] = changed[:, :, 25:] = 7.0
    first, _ = reframe(tf.constant(pictures), window, 24)
    second, _ = reframe(tf.constant(changed), window, 24)
    np.testing.assert_array_equal(first, second)


def test_softness_averages():
    pictures = noise(1, 32)
    ours, _ = reframe(tf.constant(pictures), frames(1, softness=[3.0]), 32)
    expected = scipy.ndimage.uniform_filter(pictures[0].astype(np.float64), (3, 3, 0))
    np.testing.assert_allclose(ours[0, 1:-1, 1:-1], expected[1:-1, 1:-1], atol=2e-3)


def test_the_border_is_blurred_and_fades_as_in_photographs():
    pictures = noise(2, 64)
    outside = np.zeros((2, 64, 64, 1), np.float32)
    outside[:, :, 40:, 0] = (np.arange(24) + 0.5) / 64
    ours = frame.fill_border(tf.constant(pictures), tf.constant(outside),
                                     tf.constant([False, True])).numpy()
    np.testing.assert_array_equal(ours[:, :, :40], pictures[:, :, :40])
    mean = pictures[:, :, :40].mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(ours[1:, :, 40:], np.broadcast_to(mean[1:], (1, 64, 24, 3)),
                               atol=1e-3)
    blurred = scipy.ndimage.gaussian_filter(pictures[0], (warping.BLUR * 64,) * 2 + (0,))
    depth = outside[0, :, 40:]
    expected = pictures[0, :, 40:]
    expected = expected + np.minimum(depth / warping.BLURRED_AT, 1) * (
        blurred[:, 40:] - expected)
    expected = expected + np.minimum(depth / warping.PLAIN_AT, 1) * (mean[0] - expected)
    np.testing.assert_allclose(ours[0, 8:-8, 40:-8], expected[8:-8, :-8], atol=0.1)


def test_frames_are_of_a_batch():
    assert {field: getattr(whole(3), field).shape[0] for field in Frames._fields} == dict.fromkeys(
        Frames._fields, 3)
