"""interpolate_attributes: both implementations against NumPy, gradients, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.interpolate_attributes import interpolate_attributes

pytestmark = pytest.mark.parametrize('impl', IMPLS)


def _scene(height=6, width=8, channels=4, batch=2, seed=0):
    rng = np.random.default_rng(seed)
    attributes = rng.normal(size=(batch, 10, channels)).astype(np.float32)
    triangles = rng.integers(0, 10, (7, 3)).astype(np.int32)
    ids = rng.integers(-1, 7, (batch, height, width)).astype(np.int32)
    barycentrics = rng.dirichlet([1, 1, 1], (batch, height, width)).astype(np.float32)
    return attributes, triangles, ids, barycentrics


@pytest.mark.parametrize('channels', [1, 3, 4, 7])
@pytest.mark.parametrize('size', [(6, 8), (1, 1), (70, 3)])
def test_equals_the_definition(impl, channels, size):
    attributes, triangles, ids, barycentrics = _scene(*size, channels)
    image = interpolate_attributes(attributes, triangles, ids, barycentrics, impl)
    for i in range(2):
        expected = oracles.interpolate(attributes[i], triangles, ids[i], barycentrics[i])
        np.testing.assert_allclose(image[i], expected, atol=1e-6)


def test_gradients_equal_numeric_gradients(impl):
    attributes, triangles, ids, barycentrics = _scene(3, 4, 2)
    weights = np.random.default_rng(1).normal(size=(2, 3, 4, 2))

    def objective(a, b):
        return sum((oracles.interpolate(a[i], triangles, ids[i], b[i]) * weights[i]).sum()
                   for i in range(2))

    a, b = tf.constant(attributes), tf.constant(barycentrics)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        image = interpolate_attributes(a, triangles, ids, b, impl)
        loss = tf.reduce_sum(image * weights.astype(np.float32))
    grad_a, grad_b = tape.gradient(loss, [a, b])
    np.testing.assert_allclose(
        grad_a, oracles.numeric_gradient(lambda v: objective(v, barycentrics), attributes),
        atol=1e-5)
    np.testing.assert_allclose(
        grad_b, oracles.numeric_gradient(lambda v: objective(attributes, v), barycentrics),
        atol=1e-5)


def test_same_gradient_on_every_run_and_for_one_image_as_for_many(impl):
    scene = _scene(130, 40, batch=1)
    def gradient(copies):
        attributes, ids, barycentrics = (
            tf.constant(np.tile(scene[k], (copies,) + (1,) * (scene[k].ndim - 1)))
            for k in (0, 2, 3))
        with tf.GradientTape() as tape:
            tape.watch(attributes)
            loss = tf.reduce_sum(tf.sin(interpolate_attributes(attributes, scene[1], ids,
                                                               barycentrics, impl)))
        return tape.gradient(loss, attributes).numpy()
    one = gradient(1)
    np.testing.assert_array_equal(one, gradient(1))
    np.testing.assert_allclose(one[0], gradient(5)[4], rtol=1e-4, atol=1e-4)


def test_background_carries_neither_value_nor_gradient(impl):
    attributes, triangles, ids, barycentrics = _scene()
    a, b = tf.constant(attributes), tf.constant(barycentrics)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        image = interpolate_attributes(a, triangles, np.full_like(ids, -1), b, impl)
        loss = tf.reduce_sum(image + 1)
    np.testing.assert_array_equal(image, np.zeros(ids.shape + (4,)))
    for gradient in tape.gradient(loss, [a, b]):
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))


def test_empty_inputs(impl):
    attributes, triangles, ids, barycentrics = _scene()
    none = np.zeros((0, 3), np.int32)
    assert interpolate_attributes(attributes[:0], triangles, ids[:0], barycentrics[:0],
                                  impl).shape == (0, 6, 8, 4)
    for a in (attributes, attributes[:, :0]):
        image = interpolate_attributes(a, none, np.full_like(ids, -1), barycentrics, impl)
        np.testing.assert_array_equal(image, np.zeros((2, 6, 8, 4)))


def test_bad_arguments_are_named(impl):
    attributes, triangles, ids, barycentrics = _scene()
    with pytest.raises(ValueError, match=r'attributes: expected shape \[B, V, C\]'):
        interpolate_attributes(attributes[0], triangles, ids, barycentrics, impl)
    with pytest.raises(ValueError, match=r'triangle_ids: expected shape \[2, H, W\], got \[1'):
        interpolate_attributes(attributes, triangles, ids[:1], barycentrics, impl)
    with pytest.raises(ValueError, match=r'barycentrics: expected shape \[2, 6, 8, 3\]'):
        interpolate_attributes(attributes, triangles, ids, barycentrics[:, 1:], impl)


@pytest.mark.parametrize('table, index', [('triangles', 10), ('triangles', -1), ('ids', 7)])
def test_an_index_out_of_range_is_refused(impl, table, index):
    attributes, triangles, ids, barycentrics = _scene()
    (triangles if table == 'triangles' else ids)[0, 0] = index
    ids[0, 1, 1] = 0
    with pytest.raises(tf.errors.InvalidArgumentError):
        interpolate_attributes(attributes, triangles, ids, barycentrics, impl)
