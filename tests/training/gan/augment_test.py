"""Discriminator augmentation: its changes against NumPy, its gradient, and how p is steered."""

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.training.gan import augment as ada
from tfdisco.training.gan.augment import COLOR, GEOMETRY, NUMBERS, adjusted, augment
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer

SIDE = 16
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, [3, SIDE, SIDE, 3]).astype(np.float32)
NEVER, ALWAYS = 8.0, -8.0  # as uniform numbers: 1 and 0
CHANGES = (*GEOMETRY, *COLOR)
AMOUNTS = (*GEOMETRY, 'shift_y', 'fraction_y', *COLOR)


def numbers(**changes):
    """Those that make these changes alone, with these numbers of N(0, 1)."""
    row = np.full(NUMBERS, NEVER, np.float32)
    for name, value in changes.items():
        if name in CHANGES:
            row[CHANGES.index(name)] = ALWAYS
        row[len(CHANGES) + AMOUNTS.index(name)] = value
    return np.tile(row, [len(IMAGES), 1])


def changed(images=IMAGES, p=0.5, **changes):
    return augment(tf.constant(images), tf.constant(numbers(**changes)), tf.constant(p)).numpy()


def normal(uniform):
    return scipy.special.ndtri(uniform)


def test_nothing_happens_at_probability_0():
    drawn = tf.random.stateless_normal([3, NUMBERS], [0, 1])
    np.testing.assert_array_equal(augment(IMAGES, drawn, tf.constant(0.0)), IMAGES)
    np.testing.assert_array_equal(changed(), IMAGES)


def test_geometry_of_whole_pixels_is_numpys():
    np.testing.assert_allclose(changed(mirror=-1.0), IMAGES[:, :, ::-1], atol=1e-5)
    for quarters in range(4):
        turned = changed(quarter=normal((quarters + 0.5) / 4))
        assert min(np.abs(turned - np.rot90(IMAGES, times, (1, 2))).max()
                   for times in (quarters, -quarters)) < 1e-4, quarters
    # Two pixels to the right, none down; what comes in is mirrored about the outermost pixels.
    moved = changed(shift=normal(1.0 - 1e-6), shift_y=0.0)
    np.testing.assert_allclose(moved, np.pad(IMAGES, [(0, 0), (0, 0), (2, 0), (0, 0)],
                                             'reflect')[:, :, :SIDE], atol=1e-4)


def test_scale_and_turns_about_the_centre():
    y, x = np.meshgrid(np.arange(SIDE) - (SIDE - 1) / 2, np.arange(SIDE) - (SIDE - 1) / 2,
                       indexing='ij')
    ramp = np.tile((0.02 * x + 0.03 * y)[None, :, :, None], [3, 1, 1, 3]).astype(np.float32)
    inner = slice(5, 11)
    enlarged = changed(ramp, scale=1.0)[:, inner, inner]
    np.testing.assert_allclose(enlarged, ramp[:, inner, inner] / 2 ** ada.SCALE, atol=1e-5)
    angle = np.pi * (2 * 0.6 - 1)
    turned = changed(ramp, turn=normal(0.6), p=0.9)[0, inner, inner, 0]
    wanted = [0.02 * (np.cos(a) * x - np.sin(a) * y) + 0.03 * (np.sin(a) * x + np.cos(a) * y)
              for a in (angle, -angle)]
    assert min(np.abs(turned - each[inner, inner]).max() for each in wanted) < 1e-5
    stretched = changed(ramp, anisotropy=1.0)[0, inner, inner, 0]
    np.testing.assert_allclose(stretched, (
        0.02 * x / 2 ** ada.ANISOTROPY + 0.03 * y * 2 ** ada.ANISOTROPY)[inner, inner], atol=1e-5)


def test_colours_are_numpys():
    np.testing.assert_allclose(changed(brightness=0.7), IMAGES + 0.7 * ada.BRIGHTNESS, atol=1e-5)
    np.testing.assert_allclose(changed(contrast=1.5), IMAGES * 2 ** (1.5 * ada.CONTRAST),
                               rtol=1e-5, atol=1e-6)
    grey = IMAGES.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(changed(saturation=-1.2), grey + (IMAGES - grey) * 2 ** (
        -1.2 * ada.SATURATION), atol=1e-5)
    np.testing.assert_allclose(changed(luma_flip=-0.3), IMAGES - 2 * grey, atol=1e-5)
    third = changed(hue=normal((2 / 3 + 1) / 2))  # by 120 degrees
    assert min(np.abs(third - np.roll(IMAGES, times, -1)).max() for times in (1, 2)) < 1e-4


def test_each_change_comes_as_often_as_p_says():
    count, p = 4000, 0.3
    flat = np.zeros([count, 4, 4, 3], np.float32) + [0.1, 0.2, -0.3]
    drawn = tf.random.stateless_normal([count, NUMBERS], [3, 4])
    colored = np.abs(augment(tf.constant(flat, tf.float32), drawn, tf.constant(p)).numpy()
                     - flat).max((1, 2, 3)) > 1e-6
    # The flip of brightness does nothing every other time.
    wanted = 1 - (1 - p) ** 4 * (1 - p / 2)
    assert colored.mean() == pytest.approx(wanted, abs=4 * np.sqrt(wanted / count))


def test_gradient_to_the_picture_is_numeric():
    drawn = tf.random.stateless_normal([3, NUMBERS], [5, 6])
    weight = RNG.normal(size=IMAGES.shape).astype(np.float32)

    def loss(images):
        return tf.reduce_sum(augment(images, drawn, tf.constant(0.9)) * weight)

    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = loss(images)
    gradient = tape.gradient(value, images).numpy()
    for step in RNG.normal(size=[3, *IMAGES.shape]).astype(np.float32):
        # Linear in the picture, so that a step of any size will do.
        numeric = float(loss(images + step)) - float(loss(images))
        assert float((gradient * step).sum()) == pytest.approx(numeric, rel=1e-2, abs=0.05)


def test_p_follows_how_sure_the_discriminator_is():
    p = tf.constant(0.0)
    for _ in range(100):
        p = adjusted(p, tf.constant(0.9), 50)
    assert float(p) == pytest.approx(100 * 50 / 500e3, rel=1e-4)
    assert float(adjusted(p, tf.constant(0.3), 1000)) == pytest.approx(float(p) - 0.002, rel=1e-3)
    assert float(adjusted(tf.constant(0.0), tf.constant(0.3), 1000)) == 0
    assert float(adjusted(tf.constant(1.0), tf.constant(0.9), 1000)) == 1


def test_shapes_are_checked():
    with pytest.raises(ValueError, match='^numbers: expected shape'):
        augment(IMAGES, tf.zeros([2, NUMBERS]), tf.constant(0.1))


def trainer_of(kind):
    model = toy.model()
    config = GanConfig.of(**small.NETWORK, batch=4, imitative=False, contrastive=False,
                          path_length_weight=0.0, augment=kind)
    tf.keras.utils.set_random_seed(0)
    inputs = GeneratorInputs(small.vaes_of(model.layout), small.NETWORK['noise'])
    made = GanTrainer(config.network, config.loss, config.schedule, model, inputs, None)
    return made, Schedule(config.network, config.loss, config.schedule).at(0)


@pytest.mark.slow
def test_a_trainer_steers_p_and_keeps_it():
    images = tf.constant(RNG.integers(0, 256, [4, 32, 32, 3]), tf.uint8)
    found = {}
    for kind in ('none', '0.0', '1.0', 'ada'):
        trainer, state = trainer_of(kind)
        found[kind] = trainer.step(images, state)
        assert ('augment' in found[kind]) == (kind != 'none')
    assert found['0.0']['discriminator/real'] == pytest.approx(found['none']['discriminator/real'])
    assert found['1.0']['augment'] == 1
    assert found['1.0']['discriminator/real'] != pytest.approx(found['none']['discriminator/real'],
                                                              rel=1e-4)
    # Untrained, it is as likely as not to be sure; p begins at 0 and cannot fall below.
    wanted = 4 / 500e3 if found['ada']['discriminator/sign'] > ada.TARGET else 0.0
    assert float(trainer._augment) == pytest.approx(wanted)
    assert trainer.checkpoint.augment is trainer._augment
