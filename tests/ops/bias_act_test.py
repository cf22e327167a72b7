"""bias_act: both implementations against NumPy, first and second derivatives, bad input."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import derivatives, oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.bias_act import bias_act

pytestmark = pytest.mark.parametrize('impl', IMPLS)

ROOT = math.sqrt(2)
# arguments, and what they mean
SETTINGS = [
    ({}, (1, 1, np.inf)),
    ({'activation': 'relu'}, (0, ROOT, np.inf)),
    ({'activation': 'lrelu'}, (0.2, ROOT, np.inf)),
    ({'activation': 'lrelu', 'alpha': 0.5, 'gain': 1}, (0.5, 1, np.inf)),
    ({'activation': 'lrelu', 'clamp': 0.7}, (0.2, ROOT, 0.7)),
    ({'activation': 'linear', 'gain': 3, 'clamp': 2}, (1, 3, 2)),
    ({'activation': 'relu', 'gain': 0.5, 'clamp': 0.3}, (0, 0.5, 0.3)),
]
each_setting = pytest.mark.parametrize('arguments, meaning', SETTINGS, ids=range(len(SETTINGS)))


def _scene(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape).astype(np.float32), rng.normal(size=shape[-1:]).astype('f')


@each_setting
@pytest.mark.parametrize('shape', [(2, 5, 3, 4), (3, 37), (19,), (1, 1), (5, 2, 64)])
def test_equals_the_definition(impl, arguments, meaning, shape):
    x, bias = _scene(*shape)
    expected = oracles.activate(x.astype(np.float64) + bias, *meaning)
    np.testing.assert_allclose(bias_act(x, bias, impl=impl, **arguments), expected, atol=1e-6)
    expected = oracles.activate(x.astype(np.float64), *meaning)
    np.testing.assert_allclose(bias_act(x, impl=impl, **arguments), expected, atol=1e-6)


@each_setting
@pytest.mark.parametrize('shape', [(2, 3, 2, 3), (3, 17)])
def test_first_and_second_derivatives(impl, arguments, meaning, shape):
    x, bias = _scene(*shape)
    # The op alone is linear almost everywhere; squares give it second derivatives.
    derivatives.check(lambda x, bias: bias_act(x * x - 1, bias * bias, impl=impl, **arguments)**2,
                      lambda x, bias: oracles.activate(x * x - 1 + bias * bias, *meaning)**2,
                      [x, bias])


def test_eager_second_derivatives_are_those_of_a_graph(impl):
    x, bias = map(tf.constant, _scene(4, 6))

    def second(x, bias):
        with tf.GradientTape() as outer:
            outer.watch([x, bias])
            with tf.GradientTape() as inner:
                inner.watch([x, bias])
                loss = tf.reduce_sum(tf.sin(bias_act(x, bias, 'lrelu', clamp=1, impl=impl)))
            squares = sum(tf.reduce_sum(g**2) for g in inner.gradient(loss, [x, bias]))
        return outer.gradient(squares, [x, bias])

    for eager, graph in zip(second(x, bias), tf.function(second)(x, bias)):
        assert np.abs(eager).max() > 0.1
        np.testing.assert_allclose(eager, graph, atol=1e-6)


@pytest.mark.parametrize('dtype, unit', [(tf.float16, 2.0**-11), (tf.bfloat16, 2.0**-8)])
def test_sixteen_bits(impl, dtype, unit):
    x, bias = _scene(3000, 5)
    x, bias = tf.cast(x, dtype), tf.constant(bias)
    with tf.GradientTape() as tape:
        tape.watch([x, bias])
        result = bias_act(x, bias, 'lrelu', impl=impl)
    exact = bias_act(tf.cast(x, tf.float32), bias, 'lrelu', impl=impl)
    assert result.dtype == dtype
    np.testing.assert_allclose(tf.cast(result, tf.float32), exact, rtol=unit, atol=1e-6)
    grad_x, grad_bias = tape.gradient(result, [x, bias])
    assert grad_x.dtype == dtype and grad_bias.dtype == tf.float32
    slopes = np.where(exact > 0, ROOT, 0.2 * ROOT)
    np.testing.assert_allclose(tf.cast(grad_x, tf.float32), slopes, rtol=unit)
    np.testing.assert_allclose(grad_bias, slopes.sum(0), rtol=unit)  # not summed in 16 bits


@pytest.mark.parametrize('clamp', [0.3, 0.7, 1.1, 2.3])  # rounded up and down
@pytest.mark.parametrize('dtype', [tf.float32, tf.float16, tf.bfloat16])
def test_what_is_clamped_has_no_gradient_in_any_type(impl, dtype, clamp):
    x = tf.constant([[-9, -1.1 * clamp, -0.9 * clamp, 0.9 * clamp, 1.1 * clamp, 9]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = bias_act(x, gain=1, clamp=clamp, impl=impl)
    np.testing.assert_array_equal(tf.cast(tape.gradient(result, x), tf.float32),
                                  [[0, 0, 1, 1, 0, 0]])
    limit = tf.cast(tf.cast(clamp, dtype), tf.float32)
    np.testing.assert_array_equal(tf.cast(result, tf.float32)[0, ::5], [-limit, limit])


def test_nan_and_infinity_stay_and_the_clamp_holds_them(impl):
    x = tf.constant([[np.nan, np.inf, -np.inf, 1.]])
    np.testing.assert_array_equal(bias_act(x, activation='lrelu', gain=1, impl=impl),
                                  [[np.nan, np.inf, -np.inf, 1]])
    np.testing.assert_array_equal(bias_act(x, activation='lrelu', gain=1, clamp=9, impl=impl),
                                  [[np.nan, 9, -9, 1]])


@pytest.mark.parametrize('shape', [(0, 3), (4, 0), (0, 2, 2, 5)])
def test_nothing(impl, shape):
    x, bias = tf.zeros(shape), tf.ones(shape[-1:])
    with tf.GradientTape() as tape:
        tape.watch([x, bias])
        result = bias_act(x, bias, 'lrelu', impl=impl)
    grad_x, grad_bias = tape.gradient(result, [x, bias])
    assert result.shape == grad_x.shape == shape
    np.testing.assert_array_equal(grad_bias, np.zeros(shape[-1:]))


def test_the_input_stays_what_it_was(impl):
    x, bias = map(tf.constant, _scene(64, 64))
    before = x.numpy().copy()

    @tf.function
    def twice(x):
        y = tf.identity(x * 1)
        return y, bias_act(y, bias, 'relu', impl=impl), bias_act(y, bias, 'lrelu', impl=impl)

    first, relu, lrelu = twice(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(first, before)
    np.testing.assert_allclose(relu, np.maximum(lrelu, 0), atol=1e-6)


def test_shapes_found_out_at_run_time(impl):
    x, bias = map(tf.constant, _scene(3, 4, 5))
    function = tf.function(lambda x, b: bias_act(x, b, 'lrelu', impl=impl), input_signature=[
        tf.TensorSpec(None), tf.TensorSpec([None])])
    np.testing.assert_array_equal(function(x, bias), bias_act(x, bias, 'lrelu', impl=impl))
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(x, bias[:3])


def test_bad_arguments_are_named(impl):
    x, bias = _scene(3, 4)
    for change, message in [
            ({'x': np.float32(1)}, r'x: expected shape \[..., C\], got \[\]'),
            ({'x': x.astype(np.float64)}, 'x: dtype: expected one of .* got .float64'),
            ({'bias': bias[:3]}, r'bias: expected shape \[4\], got \[3\]'),
            ({'activation': 'gelu'}, 'activation: expected one of .* got .gelu'),
            ({'alpha': -1}, 'alpha: expected at least 0, got -1'),
            ({'gain': -1}, 'gain: expected at least 0, got -1'),
            ({'clamp': float('nan')}, 'clamp: expected at least 0, got nan'),
            ({'impl': 'gpu' + impl}, 'impl: expected one of')]:
        with pytest.raises(ValueError, match=message):
            bias_act(**{'x': x, 'bias': bias, 'impl': impl, **change})
