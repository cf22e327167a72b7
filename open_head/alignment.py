"""Puts heads into one frame: Procrustes alignment and scale."""

import numpy as np

# Decimetres between the eyeballs' centres of the mean face: the size at which it fits the
# standard points of photographs (framing.fit finds a scale of 1).
EYE_DISTANCE = 0.6012


def procrustes(shapes, reference, weights):
    """Similarity transforms that bring shapes onto a reference.

    Args:
      shapes: [N, V, 3].
      reference: [V, 3].
      weights: [V] weight of each vertex, not negative.

    Returns:
      The aligned shapes [N, V, 3] and the scale [N] that each was multiplied by.
    """
    weights = (weights / weights.sum())[:, None]
    target_centre = (weights * reference).sum(axis=0)
    target = reference - target_centre
    centred = shapes - (weights * shapes).sum(axis=1, keepdims=True)
    covariance = np.einsum('nvi,vj->nij', centred, weights * target)
    left, singular, right = np.linalg.svd(covariance)
    mirror = np.ones_like(singular)  # a reflection is not a rotation
    mirror[:, 2] = np.sign(np.linalg.det(left @ right))
    rotation = (left * mirror[:, None, :]) @ right
    scale = (singular * mirror).sum(axis=1) / (weights * centred ** 2).sum(axis=(1, 2))
    return scale[:, None, None] * centred @ rotation + target_centre, scale


def generalized_procrustes(shapes, weights, reference, iterations=3):
    """The mean shape [V, 3] of shapes [N, V, 3] aligned to it, at their average size."""
    for _ in range(iterations):
        aligned, scale = procrustes(shapes, reference, weights)
        reference = aligned.mean(axis=0) / scale.mean()
    return reference
