"""Perception: each network once, any size, right gradients, clear errors."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tfdisco.perception import weights_file
from tfdisco.perception.observe import Observation, Perception


class Counted:
    """Passes calls on and counts them."""

    def __init__(self, called):
        self.called, self.count = called, 0

    def __call__(self, images):
        self.count += 1
        return self.called(images)


def test_shapes_and_one_run_of_each():
    whole = small.perception()
    parts = [Counted(part) for part in (whole.reconstruction, whole.recognition, whole.parsing)]
    seen = Perception(*parts)(small.pictures(2, 48, 40))
    assert [part.count for part in parts] == [1, 1, 1]
    assert [value.shape for value in seen] == [(2, 7), (2, 39), (2, 68, 2), (2, 48, 40, 1)]
    assert seen._fields == ('identity', 'coefficients', 'landmarks', 'hair')
    np.testing.assert_allclose(np.linalg.norm(seen.identity, axis=1), 1, atol=1e-6)


def test_a_graph_sees_the_same_whatever_the_size():
    perception = small.perception()
    graph = tf.function(perception, input_signature=[tf.TensorSpec([None, None, None, 3])])
    for height, width, count in ((40, 40, 2), (33, 50, 1)):
        images = small.pictures(count, height, width)
        for name, got, expected in zip(Observation._fields, graph(images), perception(images)):
            assert got.shape == expected.shape
            np.testing.assert_allclose(got, expected, atol=1e-4, err_msg=name)


def test_half_precision():
    """Maps in bfloat16, and what is seen hardly differs."""
    whole, half = Perception.load(), Perception.load(precision='bfloat16')
    images = tf.constant(small.pictures(2, 96, 96))
    for name, got, expected in zip(Observation._fields, half(images), whole(images)):
        assert got.dtype == tf.float32
        difference = np.abs(got - expected)
        assert 0 < difference.mean() < 0.02 * np.std(expected), name
    graph = tf.function(half).get_concrete_function(images).graph
    kinds = {operation.outputs[0].dtype for operation in graph.get_operations()
             if operation.type == 'Conv2D'}
    assert kinds == {tf.bfloat16}
    with pytest.raises(ValueError, match="precision: expected one of .*got 'float16'"):
        Perception.load(precision='float16')


@pytest.mark.parametrize('name', Observation._fields)
def test_gradients(name):
    """Along a direction, the change is the integral of the slope: exact, kinks and all."""
    perception = small.perception()
    images = tf.constant(small.pictures(1, 40, 36))
    rng = np.random.default_rng(3)
    direction = tf.constant(small.pictures(1, 40, 36, seed=9))
    weights = tf.constant(rng.normal(size=getattr(perception(images), name).shape), tf.float32)
    weights /= tf.norm(weights)

    @tf.function
    def value(images):
        return tf.reduce_sum(getattr(perception(images), name) * weights)

    @tf.function
    def slope(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            result = value(images)
        gradient = tape.gradient(result, images)
        tf.debugging.assert_all_finite(gradient, 'gradient')
        return tf.reduce_sum(gradient * direction)

    length, steps = 0.2, 200
    places = (np.arange(steps) + 0.5) / steps * length
    slopes = np.array([slope(images + place * direction) for place in places.astype(np.float32)])
    change = float(value(images + length * direction) - value(images))
    assert np.abs(slopes).mean() * length > 1e-3
    np.testing.assert_allclose(slopes.mean() * length, change,
                               atol=5e-3 * np.abs(slopes).mean() * length)


def test_the_same_picture_at_other_sizes():
    perception = small.perception()
    seen = {size: perception(small.pictures(3, size, size)) for size in (64, 96, 128, 256)}
    spread = {name: np.std(getattr(seen[256], name), axis=0).mean()
              for name in ('identity', 'coefficients')}
    for size, observation in seen.items():
        for name, apart in spread.items():
            np.testing.assert_allclose(getattr(observation, name), getattr(seen[256], name),
                                       atol=0.2 * apart, err_msg=name)
        np.testing.assert_allclose(observation.landmarks * (256 / size), seen[256].landmarks,
                                   atol=1.0)
        hair = np.asarray(observation.hair)
        middle = tf.image.resize(seen[256].hair, [size, size], antialias=True)
        assert np.abs(hair - middle).mean() < 0.02 < hair.std()


@pytest.mark.parametrize('shape, message', [
    ((2, 40, 40, 4), r'images: expected shape \[B, \?, \?, 3\], got \[2, 40, 40, 4\]'),
    ((0, 40, 40, 3), r'images: expected at least one picture, got none'),
    ((40, 40, 3), r'images: expected shape'),
    ((1, 31, 40, 3), r'images: expected sides of 32 pixels or more, got 31 x 40'),
    ((1, 40, 16, 3), r'got 40 x 16')])
def test_wrong_pictures_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        small.perception()(np.zeros(shape, np.float32))


def test_loading_takes_each_file(tmp_path):
    paths = {}
    for name, make in (('reconstruction', small.reconstruction),
                       ('recognition', small.recognition), ('parsing', small.parsing)):
        paths[name] = str(tmp_path / f'{name}.npz')
        weights_file.write(paths[name], make().stored('', ''), 'float32')
    images = small.pictures(1, 40, 40)
    loaded, direct = Perception.load(toy.model(), **paths), small.perception()
    for got, expected in zip(loaded(images), direct(images)):
        np.testing.assert_allclose(got, expected, atol=1e-5)
    vectors = np.eye(2, 7, dtype=np.float32)
    np.testing.assert_allclose(loaded.similarity(vectors, vectors), [1, 1])
    with pytest.raises(ValueError, match="of kind 'parsing', got 'recognition'"):
        Perception.load(toy.model(), **{**paths, 'parsing': paths['recognition']})


def test_a_saved_graph_needs_nothing_of_this_package(tmp_path):
    perception = small.perception()
    module = tf.Module()
    module.networks = [perception.reconstruction.network, perception.recognition.network,
                       perception.parsing.network]
    module.observe = tf.function(lambda images: perception(images)._asdict(), input_signature=[
        tf.TensorSpec([None, None, None, 3])])
    images = small.pictures(2, 48, 40)
    tf.saved_model.save(module, str(tmp_path))
    code = """
import sys
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load('.')
np.savez('seen.npz', **loaded.observe(tf.constant(np.load('images.npy'))))
assert not any(name.startswith('tfdisco') for name in sys.modules)
"""
    np.save(tmp_path / 'images.npy', images)
    subprocess.run([sys.executable, '-c', code], check=True, cwd=tmp_path)
    with np.load(tmp_path / 'seen.npz') as seen:
        for name, expected in perception(images)._asdict().items():
            np.testing.assert_allclose(seen[name], expected, atol=1e-4, err_msg=name)
