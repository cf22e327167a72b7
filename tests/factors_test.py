"""The vocabulary: the order of the coefficient vector and who owns which part."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import factors

BFM = factors.CoefficientLayout(identity_shape=80, identity_texture=80, expression=64)


def test_bfm_layout_is_the_papers():
    assert BFM.size == 254
    assert {part: (s.start, s.stop) for part, s in BFM.slices.items()} == {
        'identity_shape': (0, 80), 'identity_texture': (80, 160), 'expression': (160, 224),
        'pose': (224, 227), 'illumination': (227, 254)}
    assert sum(factors.LATENT_SIZES.values()) == 211
    assert tuple(factors.LATENT_SIZES) == factors.FACTORS


@pytest.mark.parametrize('layout', [
    BFM, factors.CoefficientLayout(0, 0, 0), factors.CoefficientLayout(3, 0, 5)])
def test_split_takes_the_vector_apart_without_loss(layout):
    vector = np.arange(2.0 * layout.size).reshape(2, layout.size)
    parts = layout.split(vector)
    assert parts._fields == factors.COEFFICIENT_PARTS
    np.testing.assert_array_equal(np.concatenate(parts, -1), vector)
    for name, part in parts._asdict().items():
        assert part.shape == (2, getattr(layout, name))
    np.testing.assert_array_equal(layout.split(tf.constant(vector)).pose, parts.pose)
    np.testing.assert_array_equal(layout.split(vector[0]).illumination, parts.illumination[0])


def test_factor_slices():
    assert BFM.factor_slice('identity') == slice(0, 160)
    assert BFM.factor_slice('expression') == slice(160, 224)
    assert BFM.factor_slice('pose') == slice(224, 227)
    assert BFM.factor_slice('illumination') == slice(227, 254)


def test_factor_slices_cover_the_vector_once():
    covered = sum((list(range(BFM.size))[BFM.factor_slice(f)] for f in factors.PARTS_OF_FACTOR), [])
    assert sorted(covered) == list(range(BFM.size))


def test_errors():
    with pytest.raises(ValueError) as error:
        BFM.split(np.zeros((2, 253)))
    assert str(error.value) == (
        'coefficients: expected [..., 254] (identity_shape 80, identity_texture 80, expression 64, '
        'pose 3, illumination 27), got shape (2, 253)')
    with pytest.raises(ValueError) as error:
        BFM.factor_slice('noise')
    assert str(error.value) == ("factor: expected one of ['expression', 'identity', "
                                "'illumination', 'pose'], got 'noise'")
