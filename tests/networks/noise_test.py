"""Noise of layers: what is added, and the maps that are drawn."""

import numpy as np
import pytest

from tfdisco.keras_layer import Layer
from tfdisco.networks.noise import Noisy, random_noise

RNG = np.random.default_rng(0)


class Plain(Noisy, Layer):
    """Noise alone."""


@pytest.mark.parametrize('shape', [(), (3,)])
def test_noise_is_fixed_given_or_none(shape):
    layer = Plain()
    layer.add_noise_weights(4, shape)
    assert [variable.shape for variable in layer.trainable_weights] == [shape]
    strength = RNG.normal(size=shape).astype(np.float32)
    layer.strength.assign(strength)
    given = RNG.normal(size=(2, 4, 4, 1)).astype(np.float32)
    np.testing.assert_allclose(layer.scaled_noise(given), given * strength, rtol=1e-6)
    fixed = np.asarray(layer.noise)
    assert fixed.shape == (1, 4, 4, 1) and fixed.std() > 0.1
    np.testing.assert_allclose(layer.scaled_noise('const'), fixed * strength, rtol=1e-6)
    assert layer.scaled_noise('none') is None


def test_noise_is_a_function_of_its_seed():
    maps = random_noise([4, 8], 3, [1, 2])
    assert [list(values.shape) for values in maps] == [[3, 4, 4, 1], [3, 8, 8, 1]]
    for values, again, other in zip(maps, random_noise([4, 8], 3, [1, 2]),
                                    random_noise([4, 8], 3, [1, 3])):
        np.testing.assert_array_equal(values, again)
        assert not np.allclose(values, other)
