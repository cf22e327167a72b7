"""The terms of pairs: what they count, and what they leave out."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from tfdisco.face3d.flow import SurfaceFlow
from tfdisco.losses import contrastive

SIDE = 12
RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.uniform(-1, 1, [2, 2, SIDE, SIDE, 3]).astype(np.float32)
MAPS = RNG.uniform(size=[2, 2, SIDE, SIDE, 1]).astype(np.float32)
NONE, ALL = np.zeros([2, SIDE, SIDE, 1], np.float32), np.ones([2, SIDE, SIDE, 1], np.float32)


def flow_of(x=0.0, valid=ALL):
    return SurfaceFlow(tf.constant(np.broadcast_to(np.float32([x, 0.0]), [2, SIDE, SIDE, 2])),
                       tf.constant(valid))


def warp(before, after, x=0.0, valid=ALL, before_mask=ALL, after_mask=ALL):
    return contrastive.expression_warp(tf.constant(before), tf.constant(after),
                                       flow_of(x, valid), before_mask, after_mask).numpy()


def blurred(images):
    taps = np.exp(-0.5 * (np.arange(-2, 3) / 2.0) ** 2)
    for axis in (1, 2):
        images = scipy.ndimage.correlate1d(np.float64(images), taps / taps.sum(), axis,
                                           mode='mirror')
    return images


def test_without_motion_it_is_the_difference_of_what_is_blurred():
    np.testing.assert_allclose(
        warp(FIRST, SECOND), np.abs(blurred(FIRST) - blurred(SECOND)).mean((1, 2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(warp(FIRST, FIRST), 0)


def test_a_pair_counts_the_same_whatever_the_size_of_its_face():
    small = NONE.copy()
    small[0, 3:5, 3:5] = 1
    small[1] = 1
    difference = np.abs(blurred(FIRST) - blurred(SECOND))
    found = contrastive.surface(tf.constant(FIRST), tf.constant(SECOND), flow_of(), small)
    np.testing.assert_allclose(found, [difference[0, 3:5, 3:5].mean(), difference[1].mean()],
                               rtol=1e-5)


def test_a_face_that_moved_with_the_flow_costs_nothing():
    # The flow tells, for each place of the second face, where it was in the first.
    moved = np.roll(FIRST, 2, axis=2)
    inside = NONE.copy()
    inside[:, :, 5:9] = 1
    assert warp(FIRST, moved, -2.0, valid=inside).max() < 1e-6
    assert warp(FIRST, moved, 2.0, valid=inside).min() > 0.05
    right, wrong = (contrastive.surface(tf.constant(FIRST), tf.constant(moved),
                                        flow_of(x, inside), ALL).numpy() for x in (-2.0, 2.0))
    assert right.max() < 1e-6 and wrong.min() > 0.05


def test_left_out_is_what_one_of_the_faces_does_not_show():
    left, right = NONE.copy(), NONE.copy()
    left[:, :, :6], right[:, :, 6:] = 1, 1
    difference = np.abs(blurred(FIRST) - blurred(SECOND))
    # On the right there was no face and there is none now; on the left there is no match.
    np.testing.assert_allclose(
        warp(FIRST, SECOND, valid=NONE, before_mask=left, after_mask=left),
        difference[:, :, 6:].mean((1, 2, 3)), rtol=1e-5)
    # The first face on the left is uncovered; the second on the right is new.
    np.testing.assert_array_equal(
        warp(FIRST, SECOND, valid=NONE, before_mask=left, after_mask=right), 0)


def test_hair_and_landmarks():
    np.testing.assert_allclose(contrastive.hair(*MAPS),
                               np.square(MAPS[0] - MAPS[1]).mean((1, 2, 3)), rtol=1e-5)
    points = RNG.uniform(size=[2, 68, 2]).astype(np.float32)
    np.testing.assert_allclose(contrastive.landmarks(points, points + np.float32([3, 4]), 10),
                               [0.25, 0.25], rtol=1e-5)


def test_surroundings_are_compared_where_both_show_them():
    outside = MAPS[0]
    np.testing.assert_allclose(
        contrastive.background(FIRST, SECOND, outside),
        (np.abs(FIRST - SECOND) * outside).sum((1, 2, 3)) / (3 * outside.sum((1, 2, 3))),
        rtol=1e-5)
    np.testing.assert_array_equal(contrastive.background(FIRST, SECOND, NONE), 0)


def test_colour_of_hair_is_a_mean_under_each_map():
    colors = [(images * maps).sum((1, 2)) / maps.sum((1, 2))
              for images, maps in zip((FIRST, SECOND), MAPS)]
    np.testing.assert_allclose(contrastive.hair_color(FIRST, SECOND, *MAPS),
                               np.linalg.norm(colors[0] - colors[1], axis=-1), rtol=1e-4)
    # A bald head has no colour of hair to keep.
    np.testing.assert_allclose(contrastive.hair_color(FIRST, SECOND, MAPS[0], NONE), 0, atol=1e-6)


def test_where_hair_and_background_are_is_no_way_out():
    with tf.GradientTape() as tape:
        maps = tf.constant(MAPS)
        tape.watch(maps)
        value = (contrastive.background(FIRST, SECOND, maps[0])
                 + contrastive.hair_color(FIRST, SECOND, maps[0], maps[1]))
    assert tape.gradient(value, maps) is None


def test_shortfall():
    np.testing.assert_allclose(contrastive.shortfall(tf.constant([0.0, 0.1, 0.4, 0.9]), 0.4),
                               [1.0, 0.75, 0.0, 0.0], atol=1e-6)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r'^second: expected shape'):
        warp(FIRST, SECOND[:, :-1])
    with pytest.raises(ValueError, match=r'^flow.valid: expected shape'):
        warp(FIRST, SECOND, valid=ALL[:1])
    with pytest.raises(ValueError, match=r'^outside: expected shape'):
        contrastive.background(FIRST, SECOND, ALL[:1])


def test_a_person_need_not_look_more_alike_than_rendered():
    found = contrastive.kept_identity(tf.constant([0.5, 0.9, 0.7]), tf.constant([0.8, 0.8, 1.0]))
    np.testing.assert_allclose(found, [0.3, 0.0, 0.3], atol=1e-7)
