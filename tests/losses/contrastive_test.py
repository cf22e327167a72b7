"""The contrastive terms: what they count, and what they leave out."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from tfdisco.face3d.flow import SurfaceFlow
from tfdisco.losses import contrastive
from tfdisco.perception.observe import Observation

SIDE = 12
RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.uniform(-1, 1, [2, 2, SIDE, SIDE, 3]).astype(np.float32)
NONE, ALL = np.zeros([2, SIDE, SIDE, 1], np.float32), np.ones([2, SIDE, SIDE, 1], np.float32)


def warp(before, after, x=0.0, valid=ALL, before_mask=ALL, after_mask=ALL):
    flow = np.broadcast_to(np.float32([x, 0.0]), [2, SIDE, SIDE, 2])
    return float(contrastive.expression_terms(
        tf.constant(before), tf.constant(after), SurfaceFlow(tf.constant(flow),
                                                             tf.constant(valid)),
        before_mask, after_mask)['warp'])


def blurred(images):
    taps = np.exp(-0.5 * (np.arange(-2, 3) / 2.0) ** 2)
    for axis in (1, 2):
        images = scipy.ndimage.correlate1d(np.float64(images), taps / taps.sum(), axis,
                                           mode='mirror')
    return images


def test_without_motion_it_is_the_difference_of_what_is_blurred():
    assert warp(FIRST, SECOND) == pytest.approx(np.abs(blurred(FIRST) - blurred(SECOND)).mean(),
                                                rel=1e-5)
    assert warp(FIRST, FIRST) == 0


def test_a_face_that_moved_with_the_flow_costs_nothing():
    # The flow tells, for each place of the second face, where it was in the first.
    moved = np.roll(FIRST, 2, axis=2)
    inside = NONE.copy()
    inside[:, :, 5:9] = 1
    assert warp(FIRST, moved, -2.0, valid=inside) < 1e-6
    assert warp(FIRST, moved, 2.0, valid=inside) > 0.05


def test_left_out_is_what_one_of_the_faces_does_not_show():
    left, right = NONE.copy(), NONE.copy()
    left[:, :, :6], right[:, :, 6:] = 1, 1
    difference = np.abs(blurred(FIRST) - blurred(SECOND))
    # On the right there was no face and there is none now; on the left there is no match.
    assert warp(FIRST, SECOND, valid=NONE, before_mask=left, after_mask=left) == pytest.approx(
        difference[:, :, 6:].mean(), rel=1e-5)
    # The first face on the left is uncovered; the second on the right is new.
    assert warp(FIRST, SECOND, valid=NONE, before_mask=left, after_mask=right) == 0


def test_light_pairs_compare_hair_landmarks_and_identity():
    vectors = np.eye(4, dtype=np.float32)
    landmarks = RNG.uniform(size=[2, 68, 2]).astype(np.float32)
    hair = RNG.uniform(size=[2, 2, SIDE, SIDE, 1]).astype(np.float32)
    first = Observation(vectors[:2], None, tf.constant(landmarks), tf.constant(hair[0]))
    second = Observation(vectors[1:3], None, tf.constant(landmarks + np.float32([3, 4])),
                         tf.constant(hair[1]))
    terms = contrastive.illumination_terms(
        first, second, 10, lambda a, b: tf.reduce_sum(a * b, axis=-1))
    assert float(terms['hair']) == pytest.approx(np.square(hair[0] - hair[1]).mean(), rel=1e-5)
    assert float(terms['landmarks']) == pytest.approx(0.25, rel=1e-5)
    assert float(terms['identity']) == 1


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r'^after: expected shape'):
        warp(FIRST, SECOND[:, :-1])
    with pytest.raises(ValueError, match=r'^flow.valid: expected shape'):
        warp(FIRST, SECOND, valid=ALL[:1])
