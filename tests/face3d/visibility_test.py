"""Visibility weights against the definition, on the toy model."""

import numpy as np

from tests.face3d import toy
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.visibility import visibility


def test_is_the_displacement_of_a_mode_over_that_of_the_part():
    model = toy.model()
    weights = model.layout.split(visibility(model))
    for part, basis in (('identity_shape', 'identity_basis'), ('expression', 'expression_basis'),
                        ('identity_texture', 'albedo_basis')):
        moved = [np.linalg.norm(mode[model.face_mask], axis=1) for mode in model.arrays[basis]]
        expected = np.sqrt([(lengths**2).mean() for lengths in moved])
        got = getattr(weights, part)
        np.testing.assert_allclose(got / got[0], expected / expected[0], rtol=1e-5)
        np.testing.assert_allclose((got**2).mean(), 1.0)
    assert (weights.pose == 1).all() and (weights.illumination == 1).all()


def test_a_mode_without_effect_keeps_a_little_weight():
    arrays = toy.arrays()
    arrays['expression_basis'] = arrays['expression_basis'].copy()
    arrays['expression_basis'][1] = 0
    weights = visibility(MorphableModel(arrays))
    expression = MorphableModel(arrays).layout.split(weights).expression
    np.testing.assert_allclose(expression[1] / expression[0], 1e-3)
