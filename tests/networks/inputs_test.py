"""The generator's input: which factor stands where."""

import numpy as np
import pytest

from tfdisco import factors
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs

LAYOUT = factors.CoefficientLayout(5, 4, 3)


@pytest.fixture(scope='module')
def inputs():
    vaes = CoefficientVAEs(LAYOUT, {factors.IDENTITY: 4, factors.EXPRESSION: 3,
                                    factors.ILLUMINATION: 2, factors.POSE: 1},
                           {factor: 8 for factor in factors.PARTS_OF_FACTOR})
    return GeneratorInputs(vaes, noise=6)


def draw(count, inputs, seed=0):
    return np.random.default_rng(seed).normal(size=(count, inputs.latents)).astype(np.float32)


def test_sizes_and_order(inputs):
    assert (inputs.latents, inputs.size) == (4 + 3 + 2 + 1 + 6, LAYOUT.size + 6)
    z = draw(2, inputs)
    parts = inputs.by_factor(z)
    assert list(parts) == list(factors.FACTORS)
    np.testing.assert_array_equal(np.concatenate(list(parts.values()), axis=-1), z)


def test_input_is_decoded_coefficients_and_the_noise_itself(inputs):
    z = draw(3, inputs)
    result = inputs(z).numpy()
    np.testing.assert_array_equal(result[:, LAYOUT.size:], z[:, -6:])
    np.testing.assert_allclose(result[:, :LAYOUT.size], inputs.vaes.decode(z[:, :-6]), rtol=1e-6)
    np.testing.assert_allclose(inputs.coefficients(z), result[:, :LAYOUT.size], rtol=1e-6)


@pytest.mark.parametrize('factor', factors.FACTORS)
def test_replace_changes_one_factor_and_its_coefficients_alone(inputs, factor):
    z, other = draw(2, inputs), draw(2, inputs, seed=1)
    mixed = inputs.replace(z, other, [factor])
    for name, part in inputs.by_factor(mixed).items():
        source = other if name == factor else z
        np.testing.assert_array_equal(part, inputs.by_factor(source)[name])
    differs = np.any(inputs.coefficients(mixed) != inputs.coefficients(z), axis=0)
    expected = np.zeros(LAYOUT.size, bool)
    if factor != factors.NOISE:
        expected[LAYOUT.factor_slice(factor)] = True
    np.testing.assert_array_equal(differs, expected)


def test_mix_replaces_factors_row_by_row(inputs):
    z, other = draw(5, inputs), draw(5, inputs, seed=1)
    mixed = inputs.mix(z, other, np.eye(5, dtype=np.float32)).numpy()
    for row, factor in enumerate(factors.FACTORS):
        np.testing.assert_array_equal(mixed[row:row + 1], inputs.replace(
            z[row:row + 1], other[row:row + 1], [factor]), factor)


def test_errors(inputs):
    with pytest.raises(ValueError, match='z: expected shape'):
        inputs(np.zeros([2, inputs.latents + 1], np.float32))
    with pytest.raises(ValueError, match="changed: expected one of .*, got 'hair'"):
        inputs.replace(draw(1, inputs), draw(1, inputs), ['hair'])
    with pytest.raises(ValueError, match='noise: expected shape'):
        inputs.join(np.zeros([2, LAYOUT.size], np.float32), np.zeros([3, 6], np.float32))
    with pytest.raises(ValueError, match='noise: expected a positive integer, got 0'):
        GeneratorInputs(inputs.vaes, noise=0)


def test_spread_gives_each_factor_the_same_variance(inputs):
    mean, scale = inputs.spread()
    values = (inputs(draw(4096, inputs)).numpy() - mean) / scale
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=0.1)
    assert np.square(values).mean() == pytest.approx(1, rel=0.05)
    parts = [inputs.layout.factor_slice(factor) for factor in factors.PARTS_OF_FACTOR]
    for part in (*parts, slice(inputs.layout.size, None)):
        assert np.square(values[:, part]).sum(axis=1).mean() == pytest.approx(
            inputs.size / 5, rel=0.1)
    assert sum(inputs.factor_sizes.values()) == inputs.size
    plain_mean, plain = inputs.spread(balanced=False)
    np.testing.assert_array_equal(plain_mean, mean)
    np.testing.assert_allclose(((inputs(draw(4096, inputs)).numpy() - mean) / plain).std(axis=0), 1,
                               rtol=0.1)
