"""Units: what they compute, and that freezing folds the normalisation exactly."""

import numpy as np
import pytest

from tests.perception import reference
from tfdisco.perception.layers import ConvUnit, DenseUnit

CONVS = [dict(size=3), dict(size=3, stride=2), dict(size=1, relu=False),
         dict(size=3, stride=2, padding='VALID'), dict(size=3, norm=False)]


@pytest.mark.parametrize('options', CONVS)
@pytest.mark.parametrize('side', [6, 7])
def test_convolution_and_its_frozen_twin(options, side):
    unit = reference.stir(ConvUnit(2, 5, **options))
    frozen = ConvUnit(2, 5, frozen=True, **{k: v for k, v in options.items() if k != 'norm'})
    frozen.set_arrays(unit.arrays(), 'unit')
    values = np.random.default_rng(1).normal(size=(2, side, side + 1, 2)).astype(np.float32)
    expected = np.stack([reference.conv(
        image, **unit.arrays(), stride=options.get('stride', 1),
        padding=options.get('padding', 'SAME')) for image in values])
    if options.get('relu', True):
        assert (expected < 0).any()
        expected = reference.relu(expected)
    np.testing.assert_allclose(unit(values, training=False), expected, atol=1e-5)
    np.testing.assert_allclose(frozen(values), expected, atol=1e-5)
    assert frozen.trainable_variables == []


def test_dense_and_its_frozen_twin():
    unit = reference.stir(DenseUnit(4, 3, relu=False))
    frozen = DenseUnit(4, 3, relu=False, frozen=True)
    frozen.set_arrays(unit.arrays(), 'unit')
    values = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    norm = {name: np.asarray(getattr(unit.norm, name)) for name in (
        'gamma', 'beta', 'moving_mean', 'moving_variance')}
    expected = norm['gamma'] * (values @ np.asarray(unit.kernel) - norm['moving_mean']) / np.sqrt(
        norm['moving_variance'] + 1e-3) + norm['beta']
    np.testing.assert_allclose(unit(values, training=False), expected, atol=1e-5)
    np.testing.assert_allclose(frozen(values), expected, atol=1e-5)


def test_training_normalises_the_batch_and_moves_the_averages():
    unit = ConvUnit(1, 2, relu=False)
    values = 3 + np.random.default_rng(1).normal(size=(8, 6, 6, 1)).astype(np.float32)
    before = np.array(unit.norm.moving_mean)
    trained = np.asarray(unit(values, training=True))
    np.testing.assert_allclose(trained.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(trained.std(axis=(0, 1, 2)), 1, atol=0.01)
    assert (np.array(unit.norm.moving_mean) != before).all()
    assert len(unit.trainable_variables) == 3  # kernel, gamma, beta


def test_wrong_arrays_are_named():
    frozen = DenseUnit(4, 3, frozen=True)
    with pytest.raises(ValueError, match=r'file: fc/kernel: expected shape \[4, 3\], got \[3, 4\]'):
        frozen.set_arrays({'kernel': np.zeros((3, 4)), 'bias': np.zeros(3)}, 'file: fc')
