"""Layers of the generators and discriminators against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.networks.layers import EqualConv, EqualDense, MappingNetwork, minibatch_stddev

RNG = np.random.default_rng(0)


def lrelu(values):
    return np.where(values > 0, values, 0.2 * values) * np.sqrt(2)


def fill(layer, scale=1.0):
    for variable in layer.weights:
        variable.assign(scale * RNG.normal(size=variable.shape))
    return layer


@pytest.mark.parametrize('multiplier', [1.0, 0.01])
def test_dense_is_scaled_by_its_inputs_and_its_speed(multiplier):
    layer = fill(EqualDense(5, 3, 'lrelu', lr_multiplier=multiplier))
    values = RNG.normal(size=(4, 5)).astype(np.float32)
    weight, bias = (np.asarray(variable, np.float64) for variable in (layer.weight, layer.bias))
    expected = lrelu(multiplier * (values @ weight / np.sqrt(5) + bias))
    np.testing.assert_allclose(layer(values), expected, rtol=1e-5, atol=1e-6)


def test_first_weights_have_unit_gain_whatever_the_speed():
    values = RNG.normal(size=(64, 400)).astype(np.float32)
    for multiplier in (1.0, 0.01):
        assert np.std(EqualDense(400, 300, lr_multiplier=multiplier)(values)) == pytest.approx(
            1.0, rel=0.05)


def test_bias_starts_where_it_is_told():
    layer = EqualDense(2, 3, bias_start=1.0, lr_multiplier=0.01)
    np.testing.assert_allclose(layer(np.zeros([1, 2], np.float32)), np.ones([1, 3]), rtol=1e-6)


def convolution(images, weight):
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
    height, width = images.shape[1:3]
    return sum(padded[:, y:y + height, x:x + width] @ weight[y, x]
               for y in range(3) for x in range(3))


def test_convolution_is_the_sum_over_neighbours():
    layer = fill(EqualConv(3, 4, output_gain=0.5, clamp=1.5))
    images = RNG.normal(size=(2, 6, 5, 3)).astype(np.float32)
    plain = convolution(np.float64(images), np.asarray(layer.weight, np.float64) / np.sqrt(27))
    expected = np.clip(0.5 * lrelu(plain + layer.bias.numpy()), -1.5, 1.5)
    np.testing.assert_allclose(layer(images), expected, rtol=1e-4, atol=1e-5)


def test_a_linear_convolution_has_its_gain_in_the_weight():
    layer = fill(EqualConv(3, 4, 1, activation='linear', bias=False, output_gain=0.25))
    images = RNG.normal(size=(2, 4, 4, 3)).astype(np.float32)
    expected = 0.25 * images @ (layer.weight.numpy()[0, 0] / np.sqrt(3))
    np.testing.assert_allclose(layer(images), expected, rtol=1e-4, atol=1e-6)


def test_mapping_standardises_its_input_by_what_it_was_told():
    network = MappingNetwork(4, 6, 2, 0.01)
    mean, scale = RNG.normal(size=4), RNG.uniform(0.5, 2, 4)
    network.set_normalization(mean, scale)
    values = RNG.normal(size=(3, 4)).astype(np.float32)
    expected = (values - mean) / scale
    for layer in (network.dense0, network.dense1):
        expected = lrelu(0.01 * expected @ np.asarray(layer.weight, np.float64)
                         / np.sqrt(layer.weight.shape[0]))
    np.testing.assert_allclose(network(values), expected, rtol=1e-4, atol=1e-5)
    # How long an input is means something (Sec. 3.1): no normalisation to unit length.
    assert not np.allclose(network(values), network(2 * values), atol=1e-2)


@pytest.mark.parametrize('mean, scale, message', [
    (np.zeros(3), np.ones(4), r'^mean: expected shape \[4\]'),
    (np.zeros(4), np.zeros(4), 'scales above 0'),
    (np.full(4, np.nan), np.ones(4), 'finite means')])
def test_a_wrong_standardisation_is_refused(mean, scale, message):
    with pytest.raises(ValueError, match=message):
        MappingNetwork(4, 6, 1, 0.01).set_normalization(mean, scale)


@pytest.mark.parametrize('batch, group', [(8, 4), (6, 3), (5, 1), (1, 1)])
def test_minibatch_deviation(batch, group):
    values = RNG.normal(size=(batch, 3, 3, 2)).astype(np.float32)
    found = minibatch_stddev(tf.constant(values), 4).numpy()
    np.testing.assert_array_equal(found[..., :2], values)
    count = batch // group
    for index in range(batch):
        members = values[index % count::count].astype(np.float64)
        assert len(members) == group
        expected = np.sqrt(members.var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(found[index, ..., 2], expected, rtol=1e-4)
