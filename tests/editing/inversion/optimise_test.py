"""Faces of the generator are found again; Adam, the start and the objective by themselves."""

import numpy as np
import pytest
import tensorflow as tf

from tests.editing import small
from tfdisco import factors
from tfdisco.editing.inversion import adam, objective, optimise
from tfdisco.editing.inversion.start import Mapping, within
from tfdisco.perception.parsing import Parsed


def test_adam_moves_as_kerass_does():
    start = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    variable = tf.Variable(start)
    keras = tf.keras.optimizers.Adam(0.1, beta_1=adam.BETA1, beta_2=adam.BETA2,
                                     epsilon=adam.EPSILON)
    values, state = [tf.constant(start)], adam.start([tf.constant(start)])
    for number in range(5):
        keras.apply_gradients([(variable ** 3 + 1.0, variable)])
        values, state = adam.step(values, [values[0] ** 3 + 1.0], state, 0.1, number + 1.0)
    np.testing.assert_allclose(values[0], variable.numpy(), rtol=2e-5, atol=1e-6)


def test_the_rate_rises_stays_and_falls():
    rates = [adam.rate_at(number, 100, 2.0) for number in range(100)]
    assert rates[0] == pytest.approx(0.4) and rates[4] == rates[50] == rates[69] == 2.0
    assert 0 < rates[-1] < 0.01 and np.all(np.diff(rates[70:]) < 0)
    assert adam.rate_at(0, 1, 2.0) > 0


@pytest.mark.parametrize('mapping, arch', [('sum', 'stylegan2'), ('joint', 'stylegan')])
def test_generated_faces_are_found_again(mapping, arch):
    faces = small.faces(mapping, arch)
    search = optimise.Inverter(faces, small.goal(start=0.0, strength=0.0),
                               optimise.Search(40, 0.1))
    coefficients = small.people(2)
    start = search.mapping.start(coefficients)
    rng = np.random.default_rng(1)
    hidden = start.ws + 0.4 * search.mapping.spread * rng.normal(
        size=start.ws.shape).astype(np.float32)
    layers = len(faces.generator.noise_sides())
    strength = np.full([2, layers], 0.5, np.float32)
    images = optimise.draw(faces.generator, tf.constant(hidden), tf.constant(strength))
    weight = tf.ones([2, small.SIDE, small.SIDE, 1])
    ticks = []
    found = search(images, weight, start, lambda: ticks.append(1))
    assert len(ticks) == 40 and found.ws.shape == start.ws.shape

    def error(inverted):
        drawn = optimise.draw(faces.generator, tf.constant(inverted.ws),
                              tf.constant(inverted.strength))
        return np.abs(drawn - images).mean(axis=(1, 2, 3))

    assert (error(found) < 0.5 * error(optimise.unchanged(start, layers))).all()
    np.testing.assert_array_equal(found.coefficients, coefficients)


def test_each_face_of_a_batch_is_found_as_by_itself():
    faces = small.faces()
    search = optimise.Inverter(faces, small.goal(), optimise.Search(4, 0.05))
    start = search.mapping.start(small.people(2))
    images = tf.constant(small.perception.pictures(2, small.SIDE, small.SIDE))
    weight = tf.ones([2, small.SIDE, small.SIDE, 1])
    both = search(images, weight, start)
    alone = search(images[1:], weight[1:], type(start)(*(part[1:] for part in start)))
    np.testing.assert_allclose(both.ws[1:], alone.ws, atol=5e-3)
    np.testing.assert_allclose(both.take(slice(1, 2)).loss, alone.loss, rtol=1e-2)


def test_a_heavy_start_holds_and_a_light_one_lets_go():
    faces = small.faces()
    images = tf.constant(small.perception.pictures(1, small.SIDE, small.SIDE))
    weight, moved = tf.ones([1, small.SIDE, small.SIDE, 1]), []
    for held in (0.0, 100.0):
        search = optimise.Inverter(faces, small.goal(start=held), optimise.Search(20, 0.05))
        start = search.mapping.start(small.people(1))
        moved.append(np.square(search(images, weight, start).ws - start.ws).mean())
    assert moved[1] < 0.1 * moved[0]


def test_delta_of_eq_10():
    faces = small.faces('sum')
    mapping = Mapping(faces)
    first, second = small.people(1), small.people(1, seed=1)
    changed = first.copy()
    part = faces.inputs.layout.factor_slice(factors.POSE)
    changed[:, part] = second[:, part]
    noise = np.zeros([1, faces.inputs.noise], np.float32)
    inputs = [faces.inputs.join(tf.constant(values), noise) for values in (first, changed)]
    expected = faces.generator.mapping(inputs[1]) - faces.generator.mapping(inputs[0])
    np.testing.assert_allclose(mapping.delta(first, changed), expected, atol=1e-6)
    # A mapping that is a sum adds the same for everyone.
    other = small.people(1, seed=2)
    turned = other.copy()
    other[:, part], turned[:, part] = first[:, part], second[:, part]
    np.testing.assert_allclose(mapping.delta(other, turned), expected, atol=1e-5)


def test_terms_of_the_objective():
    goal = small.goal(pixels=2.0, perceptual=3.0, identity=4.0)
    images = tf.constant(small.perception.pictures(2, small.SIDE, small.SIDE))
    weight = np.ones([2, small.SIDE, small.SIDE, 1], np.float32)
    weight[:, :16] = 3.0
    target = goal.target(images, tf.constant(weight))
    np.testing.assert_allclose(tf.reduce_mean(target.weight, axis=[1, 2, 3]), 1, rtol=1e-5)
    for value in goal(images, target).values():
        np.testing.assert_allclose(value, 0, atol=1e-4)
    drawn = tf.concat([images[:, :16] + 0.1, images[:, 16:]], 1)
    terms = goal(drawn, target)
    np.testing.assert_allclose(terms['pixels'], 2.0 * 0.1 * 0.75, rtol=1e-4)
    assert (terms['perceptual'].numpy() > 0).all() and (terms['identity'].numpy() > 0).all()


def test_background_counts_less():
    parts = np.random.default_rng(0).dirichlet([1, 1, 1], (1, 4, 4)).astype(np.float32)
    parsed = Parsed(*np.split(parts, 3, axis=-1))
    np.testing.assert_allclose(objective.face_weight(parsed, 0.25),
                               parts[..., :1] + parts[..., 1:2] + 0.25 * parts[..., 2:], rtol=1e-5)


def test_identities_stay_within_those_of_the_generator():
    faces = small.faces()
    wild = 50 * np.ones([1, faces.inputs.layout.size], np.float32)
    tame = within(wild, faces, count=100)
    part = faces.inputs.layout.factor_slice(factors.IDENTITY)
    assert (tame[:, part] < 50).all() and (np.delete(tame, np.r_[part], 1) == 50).all()
    seen = faces.coefficients(faces.latents(100, seed=1))
    np.testing.assert_allclose(tame[0, part], seen[:, part].max(axis=0))
    np.testing.assert_array_equal(within(seen, faces, count=100), seen)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match='steps: expected a positive'):
        optimise.Search(steps=0)
    with pytest.raises(ValueError, match='learning_rate: expected above 0'):
        optimise.Search(learning_rate=0.0)
    with pytest.raises(ValueError, match='identity: expected 0 or more, got -1'):
        objective.Weights(identity=-1)
    search = optimise.Inverter(small.faces(), small.goal(), optimise.Search(1))
    start = search.mapping.start(small.people(1))
    with pytest.raises(ValueError, match=r'images: expected shape \[B, 32, 32, 3\]'):
        search(np.zeros([1, 16, 16, 3], np.float32), None, start)
    with pytest.raises(FloatingPointError, match='inversion: expected a finite loss'):
        search(np.full([1, 32, 32, 3], np.nan, np.float32), tf.ones([1, 32, 32, 1]), start)
