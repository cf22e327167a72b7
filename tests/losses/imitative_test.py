"""The imitative terms against the paper's formulas."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import surface
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.losses import imitative
from tfdisco.perception.observe import Observation

COUNT, SIDE = 3, 24


def cosine(first, second):
    return tf.reduce_sum(first * second, axis=-1)


@pytest.fixture(scope='module')
def scene():
    model = toy.model()
    coefficients = toy.people(model, COUNT)
    rendered = FaceRenderer(model, SIDE, SIDE)(coefficients)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=[2, COUNT, 5])
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    images = rng.uniform(-1, 1, [COUNT, SIDE, SIDE, 3]).astype(np.float32)
    return model, coefficients, rendered, vectors.astype(np.float32), images


def root(model):
    return surface.root(model.arrays['expression_basis'], model.face_mask).astype(np.float32)


def terms(scene, coefficients=None, landmarks=None, alike=None, images=None):
    model, true, rendered, vectors, drawn = scene
    seen = Observation(vectors[0] if alike is None else vectors[1],
                       true if coefficients is None else coefficients,
                       rendered.landmarks if landmarks is None else landmarks, None)
    return imitative.imitative_terms(seen, vectors[1], rendered, true,
                                     tf.constant(drawn if images is None else images),
                                     model.layout, cosine, root(model))


def test_a_perfect_imitation_costs_nothing(scene):
    found = terms(scene, alike=True, images=scene[2].image)
    assert max(map(float, found.values())) < 2e-4  # 100 times the root of 1e-12


def test_identity_has_a_margin(scene):
    vectors = scene[3].astype(np.float64)
    distance = np.maximum(1 - (vectors[0] * vectors[1]).sum(-1) - 0.3, 0)
    assert float(terms(scene)['identity']) == pytest.approx(distance.mean(), rel=1e-5)


def test_landmarks_are_in_shares_of_the_width(scene):
    moved = scene[2].landmarks + [3.0, 4.0]
    assert float(terms(scene, landmarks=moved)['landmarks']) == pytest.approx(25 / SIDE**2,
                                                                              rel=1e-5)


def test_illumination_alone_of_all_coefficients_counts(scene):
    model, true = scene[:2]
    light = model.layout.factor_slice('illumination')
    changed = true + 1.0
    assert float(terms(scene, changed)['illumination']) == pytest.approx(1.0, rel=1e-5)
    changed[:, light] = true[:, light]
    assert float(terms(scene, changed)['illumination']) == pytest.approx(0.0, abs=1e-6)


def test_expression_is_how_far_the_face_moves(scene):
    model, true = scene[:2]
    part = model.layout.factor_slice('expression')
    changed = true.copy()
    changed[:, part] += np.random.default_rng(1).normal(size=[COUNT, part.stop - part.start])
    basis = model.arrays['expression_basis'][:, model.face_mask].astype(np.float64)
    moved = np.tensordot((changed - true)[:, part].astype(np.float64), basis, 1)
    expected = 100.0 * np.sqrt((moved ** 2).sum(axis=-1).mean(axis=-1)).mean()
    assert float(terms(scene, changed)['expression']) == pytest.approx(expected, rel=1e-4)


def test_skin_is_the_mean_colour_under_the_mask(scene):
    rendered, images = scene[2], scene[4].astype(np.float64)
    image, mask = (np.asarray(values, np.float64) for values in (rendered.image, rendered.mask))
    apart = [(images[i] - image[i])[mask[i, ..., 0] > 0] * mask[i][mask[i, ..., 0] > 0]
             for i in range(COUNT)]
    expected = np.mean([np.linalg.norm(values.sum(axis=0) / mask[i].sum())
                        for i, values in enumerate(apart)])
    assert float(terms(scene)['skin']) == pytest.approx(expected, rel=1e-4)
    pixel = np.mean([np.abs(values).sum() / mask[i].sum() / 3 for i, values in enumerate(apart)])
    assert float(imitative.pixel_term(tf.constant(scene[4]), rendered)) == pytest.approx(
        pixel, rel=1e-4)


def test_a_face_out_of_the_picture_does_not_break_the_mean(scene):
    rendered = scene[2]._replace(mask=tf.zeros([COUNT, SIDE, SIDE, 1]))
    images = tf.Variable(scene[4])
    with tf.GradientTape() as tape:
        total = imitative.skin_term(images, rendered) + imitative.pixel_term(images, rendered)
    assert float(total) < 1e-5
    assert np.isfinite(tape.gradient(total, images)).all()


def test_shapes_are_checked(scene):
    with pytest.raises(ValueError, match=r'^wanted: expected shape \[2, 68, 2\]'):
        imitative.landmarks_term(tf.zeros([2, 68, 2]), tf.zeros([3, 68, 2]), 8)
    with pytest.raises(ValueError, match=r'^rendered.image: expected shape'):
        imitative.skin_term(tf.zeros([COUNT, 8, 8, 3]), scene[2])
