"""Truncation, with a linear mapping whose mean is known."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import factors
from tfdisco.editing.truncation import Truncation
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs

LAYOUT = factors.CoefficientLayout(3, 3, 2)
W_SIZE = 5


class LinearMapping:
    """Stands for a generator."""

    def __init__(self, inputs):
        rng = np.random.default_rng(3)
        self.kernel = rng.normal(size=(inputs.size, W_SIZE)).astype(np.float32)

    def mapping(self, values):
        return tf.matmul(values, self.kernel)


@pytest.fixture(scope='module')
def inputs():
    vaes = CoefficientVAEs(LAYOUT, {factors.IDENTITY: 4, factors.EXPRESSION: 3,
                                    factors.ILLUMINATION: 2, factors.POSE: 1},
                           {factor: 8 for factor in factors.PARTS_OF_FACTOR})
    return GeneratorInputs(vaes, noise=6)


def draw(count, inputs, seed=0):
    return np.random.default_rng(seed).standard_normal([count, inputs.latents], np.float32)


def test_center_is_the_mean_of_identities_with_all_else_zero(inputs):
    generator = LinearMapping(inputs)
    found = Truncation(generator, inputs, count=300, seed=1).center
    z = np.random.default_rng(1).standard_normal([300, inputs.latents], np.float32)
    z[:, 4:4 + 3 + 2 + 1] = 0.0  # expression, illumination, pose
    np.testing.assert_allclose(found, np.mean(inputs(z).numpy() @ generator.kernel, axis=0),
                               atol=1e-5)


def test_psi_zero_leaves_the_attributes_and_one_identity(inputs):
    generator = LinearMapping(inputs)
    truncation = Truncation(generator, inputs, count=8)
    z = draw(4, inputs)
    np.testing.assert_allclose(truncation(z, 1.0), generator.mapping(inputs(z)), atol=1e-6)
    # The mapping is linear, so what expression, illumination and pose add is kept whole.
    neutral = z.copy()
    neutral[:, 4:10] = 0.0
    added = generator.mapping(inputs(z)) - generator.mapping(inputs(neutral))
    np.testing.assert_allclose(truncation(z, 0.0), truncation.center + added, atol=1e-5)


def test_wrong_latents_are_refused(inputs):
    truncation = Truncation(LinearMapping(inputs), inputs, count=2)
    with pytest.raises(ValueError, match='z: expected shape'):
        truncation(np.zeros([1, 3], np.float32), 0.5)
