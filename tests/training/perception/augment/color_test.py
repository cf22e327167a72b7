"""Colours: what light explains is light, the rest keeps to its definitions."""

import io

import numpy as np
import pytest
import scipy.fft
import tensorflow as tf
from PIL import Image

from tests.face3d import toy
from tfdisco.training.perception.augment import color
from tfdisco.training.perception.augment.color import Tones, tone


def tones(batch, **changes):
    values = {'gain': np.ones((batch, 3)), 'saturation': np.ones(batch),
              'contrast': np.ones(batch), 'curve': np.zeros(batch)}
    return Tones(**{name: tf.constant(changes.get(name, value), tf.float32)
                    for name, value in values.items()}, bent=tf.zeros([batch], tf.bool))


def pictures(low=20.0, high=120.0, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(low, high, (3, 16, 16, 3)), tf.float32)


def test_light_explains_a_gain():
    rng = np.random.default_rng(0)
    albedo, gains = rng.uniform(50, 200, (3, 40, 3)), rng.uniform(0.7, 1.4, (3, 3))
    normals = rng.normal(size=(40, 3))
    harmonics = toy.harmonics(normals / np.linalg.norm(normals, axis=1, keepdims=True))
    light = rng.normal(size=(3, 27)).astype(np.float32) * 0.05

    def colors(illumination):
        gamma = illumination.reshape(3, 3, 9) + 0.8 * np.eye(9)[0]
        return albedo * np.einsum('nk,bck->bnc', harmonics, gamma)

    moved = color.light(tf.constant(light), tf.constant(gains, tf.float32)).numpy()
    np.testing.assert_allclose(colors(moved), colors(light) * gains[:, np.newaxis], rtol=1e-4)
    seen = tone(tf.constant(colors(light)[:, :, np.newaxis] / 3, tf.float32),
                tones(3, gain=gains))
    np.testing.assert_allclose(seen[:, :, 0], colors(moved) / 3, rtol=1e-3)


def test_grey_keeps_the_luminance():
    before = pictures()
    grey = tone(before, tones(3, saturation=np.zeros(3))).numpy()
    np.testing.assert_allclose(grey, np.repeat(grey[..., :1], 3, axis=-1), rtol=1e-5)
    np.testing.assert_allclose(grey[..., 0], before.numpy() @ [0.299, 0.587, 0.114], rtol=1e-5)


def test_contrast_and_curve():
    before = pictures()
    flat = tone(before, tones(3, contrast=[0.5, 1.0, 1.2])).numpy()
    mean = before.numpy().mean(axis=(1, 2, 3), keepdims=True)
    factor = np.reshape([0.5, 1.0, 1.2], (3, 1, 1, 1))
    np.testing.assert_allclose(flat, mean + factor * (before - mean), rtol=1e-4)
    ramp = tf.tile(tf.reshape(tf.linspace(0.0, 255.0, 256), [1, 16, 16, 1]), [3, 1, 1, 3])
    bent = tone(ramp, tones(3, curve=[1.0, -1.0, 0.4])).numpy()[..., 0].reshape(3, 256)
    assert (np.diff(bent, axis=1) > -1e-4).all()
    np.testing.assert_allclose(bent[:, [0, -1]], [[0, 255]] * 3, atol=1e-3)
    np.testing.assert_allclose(bent[:, 127], 127 + np.array([1, -1, 0.4]) * 127 * 128 / 255,
                               rtol=1e-5)


def test_nothing_leaves_the_range():
    wild = tone(pictures(0, 255), tones(3, gain=np.full((3, 3), 3.0), contrast=np.full(3, 2.0),
                                        curve=np.full(3, 0.7)))
    assert 0 <= float(tf.reduce_min(wild)) and float(tf.reduce_max(wild)) <= 255 + 1e-3


def test_cover():
    before = pictures()
    after, covered = color.cover(
        before, tf.constant([[0.5, 0.25]] * 3), tf.constant([[0.25, 0.125], [0.0, 0.0],
                                                             [0.25, 0.25]]),
        tf.constant([False, False, True]), tf.constant([[1.0, 2.0, 3.0]] * 3),
        tf.constant([True, True, False]))
    rectangle = np.zeros((16, 16), bool)
    rectangle[2:6, 4:12] = True
    np.testing.assert_array_equal(covered[0, ..., 0], rectangle)
    assert float(tf.reduce_sum(covered[1])) == 0
    np.testing.assert_array_equal(after[0].numpy()[rectangle], [[1, 2, 3]] * 32)
    np.testing.assert_array_equal(after[1], before[1])
    round_ = covered[2, ..., 0].numpy() > 0
    assert round_.sum() == pytest.approx(np.pi * 16, rel=0.1)
    np.testing.assert_array_equal(after[2].numpy()[round_], before[1].numpy()[round_])
    for index in range(3):
        kept = covered[index, ..., 0].numpy() == 0
        np.testing.assert_array_equal(after[index].numpy()[kept], before[index].numpy()[kept])


def test_compression_rounds_cosines_of_blocks():
    before = pictures()
    after = color.compress(before, tf.constant([0.5, 1.0, 2.0])).numpy()
    for index, coarseness in enumerate((0.5, 1.0, 2.0)):
        steps = coarseness * color.QUANTISATION
        for row, column, channel in ((0, 0, 0), (8, 8, 2)):
            block = before[index, row:row + 8, column:column + 8, channel].numpy()
            waves = np.rint(scipy.fft.dctn(block, norm='ortho') / steps) * steps
            np.testing.assert_allclose(after[index, row:row + 8, column:column + 8, channel],
                                       scipy.fft.idctn(waves, norm='ortho'), atol=0.05)


def test_the_table_is_that_of_jpeg_files():
    file = io.BytesIO()
    Image.new('L', (8, 8)).save(file, 'JPEG', quality=50)
    table = Image.open(file).quantization[0]
    np.testing.assert_array_equal(np.sort(table), np.sort(color.QUANTISATION.ravel()))


def test_compression_needs_whole_blocks():
    with pytest.raises(ValueError, match='images: expected an edge divisible by 8, got 12'):
        color.compress(tf.zeros([1, 12, 12, 3]), tf.ones([1]))
