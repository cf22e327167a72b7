"""Control figures of a generator that is the renderer itself: it obeys, and knows no noise."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tests.training.gan import small as gan
from tfdisco import factors
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.metrics.control import control
from tfdisco.networks.inputs import GeneratorInputs

SIDE, COUNT = 32, 5


@pytest.fixture(scope='module')
def figures():
    model, perception = toy.model(), small.perception()
    inputs = GeneratorInputs(gan.vaes_of(model.layout), 4)
    render = FaceRenderer(model, SIDE, SIDE)

    def generate(values):
        return render(values[:, :model.layout.size]).image

    z = np.random.default_rng(0).standard_normal([2, COUNT, inputs.latents], np.float32)[0]
    return control(generate, inputs, model, perception, SIDE, COUNT, seed=0), (
        model, perception, inputs, render, z)


def test_what_is_rendered_is_who_was_rendered(figures):
    found, _ = figures
    assert found['identity_rendered'] == pytest.approx(1, abs=1e-5)
    assert found['identity_head'] < 0.999  # drawn is the face alone
    assert found['identity_noise'] == pytest.approx(1, abs=1e-5)
    for factor in (factors.EXPRESSION, factors.ILLUMINATION, factors.IDENTITY):
        assert found[f'identity_{factor}'] < 1 - 1e-6


def test_errors_are_of_what_perception_sees(figures):
    found, (model, perception, inputs, render, z) = figures
    coefficients = inputs.coefficients(z)
    face = render(coefficients)
    seen = perception(face.image)
    light = model.layout.factor_slice(factors.ILLUMINATION)
    assert np.abs(seen.coefficients[:, light] - coefficients[:, light]).max() > 0
    left, right = face.landmarks[:, 36], face.landmarks[:, 45]
    percent = 100 * tf.norm(seen.landmarks - face.landmarks, axis=-1) / tf.norm(
        right - left, axis=-1)[:, tf.newaxis]
    assert found['landmark_percent'] == pytest.approx(float(tf.reduce_mean(percent)), rel=1e-3)
    assert 0 < found['pose_degrees'] < 180 and found['expression_mm'] > 0


def test_a_count_is_positive(figures):
    _, (model, perception, inputs, _, _) = figures
    with pytest.raises(ValueError, match='count'):
        control(None, inputs, model, perception, SIDE, 0, seed=0)
