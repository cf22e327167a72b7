"""Puts heads into one frame: Procrustes alignment, scale, and the camera's framing."""

import numpy as np
import scipy.optimize

# The paper's camera (focal length in units of the image's width, distance from the
# origin) and where five points of the average photograph stand at 256 pixels:
# eyes of the image's left and right, tip of the nose, corners of the mouth.
FOCAL = 1238.3 / 256
CAMERA_Z = 10.0
IMAGE_SIZE = 256
STANDARD_POINTS = np.array([(88.9, 91.6), (166.9, 91.6), (128.4, 134.1), (96.1, 176.3),
                            (159.5, 176.3)])

EYE_DISTANCE = 0.63  # decimetres between the eyeballs' centres of the mean face


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


def five_points(landmarks):
    """[68, 2 or 3] landmarks -> [5, 2 or 3]: eyes, nose tip, corners of the mouth."""
    return np.stack([landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0), landmarks[30],
                     landmarks[48], landmarks[54]])


def to_pixels(points, size=IMAGE_SIZE):
    """Projects [..., 3] decimetres to [..., 2] pixels of a square image."""
    scale = FOCAL * size / (CAMERA_Z - points[..., 2])
    return np.stack([size / 2 + scale * points[..., 0], size / 2 - scale * points[..., 1]], axis=-1)


def framing_offset(landmarks):
    """The translation [3] that brings the mean face's five points to the standard ones.

    Only up and down and the distance from the camera are free: the face is
    symmetric, and its scale is fixed by the distance of the eyes.
    """
    points = five_points(landmarks)
    # The standard points are those of photographs, not exactly symmetric.
    flipped = STANDARD_POINTS[[1, 0, 2, 4, 3]] * [-1, 1] + [IMAGE_SIZE, 0]
    standard = (STANDARD_POINTS + flipped) / 2

    def error(move):
        return (to_pixels(points + [0, *move]) - standard).ravel()

    found = scipy.optimize.least_squares(error, -points.mean(axis=0)[1:], xtol=1e-12, ftol=1e-12)
    # Rounded to what the solver can be trusted with, so that it is the same everywhere.
    return np.round([0, *found.x], 5)
