"""How much of a face each coefficient changes."""

import numpy as np

from tfdisco import factors

_BASIS_OF_PART = {'identity_shape': 'identity_basis', 'identity_texture': 'albedo_basis',
                  'expression': 'expression_basis'}


def visibility(model):
    """Weights of coefficients by what one standard deviation of a mode does to the face.

    For modes, the root mean square over the face mask's vertices of the displacement or
    the change of albedo, divided by that over all modes of the part, so that shape and
    texture count alike. Pose and light, which a model does not weigh, get 1.

    Args:
      model: a `MorphableModel`.

    Returns:
      [layout.size] float64 above 0; the mean square of each part is 1.
    """
    weights = np.ones(model.layout.size)
    for part in factors.COEFFICIENT_PARTS:
        if part in _BASIS_OF_PART and getattr(model.layout, part):
            basis = model.arrays[_BASIS_OF_PART[part]][:, model.face_mask].astype(np.float64)
            change = np.sqrt(np.square(basis).sum(axis=-1).mean(axis=-1))
            # A mode that does nothing to the face still is a coefficient to learn.
            change = np.maximum(change, 1e-3 * change.max())
            weights[model.layout.slices[part]] = change / np.sqrt(np.square(change).mean())
    return weights
