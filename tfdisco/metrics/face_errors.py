"""How far estimated faces are from true ones, face by face.

Arrays in, one number a face out.
"""

import numpy as np
import tensorflow as tf

from tfdisco.face3d import landmarks, lighting, transforms
from tfdisco.face3d.surface import MILLIMETRES
from tfdisco.shapes import check_shape

INNER = slice(17, 68)  # without the jaw, which detectors define in several ways
SPHERE = 500  # normals at which light is compared


def landmark_percent(estimated, true, part=slice(None)):
    """Mean distance of landmarks, in percent of the true distance of the outer eye corners.

    The error of the 300-W challenge (Sagonas et al. 2013).

    Args:
      estimated, true: [B, 68, 2], of one picture's pixels.
      part: which landmarks count; all, or `INNER`.

    Returns:
      [B] float64.

    Raises:
      ValueError: on wrong shapes.
    """
    estimated, true = (np.asarray(points, np.float64) for points in (estimated, true))
    check_shape('true', true, [None, landmarks.COUNT, 2])
    check_shape('estimated', estimated, list(true.shape))
    left, right = landmarks.OUTER_EYE_CORNERS
    unit = np.linalg.norm(true[:, right] - true[:, left], axis=-1)
    return 100.0 * np.linalg.norm(estimated - true, axis=-1)[:, part].mean(axis=1) / unit


def pose_degrees(estimated, true):
    """The angle of the rotation that takes one pose to the other.

    Args:
      estimated, true: [B, 3] radians (pitch, yaw, roll).

    Returns:
      [B] float64 degrees, from 0 to 180.
    """
    check_shape('estimated', estimated, list(true.shape))
    first, second = (transforms.rotation_matrix(tf.constant(np.asarray(pose, np.float64))).numpy()
                     for pose in (estimated, true))
    # |R1 - R2| = 2 sqrt(2) sin(angle / 2), which is exact for small angles too.
    apart = np.linalg.norm(first - second, axis=(1, 2)) / np.sqrt(8.0)
    return np.degrees(2.0 * np.arcsin(np.minimum(apart, 1.0)))


def illumination_l1(estimated, true):
    """Mean difference of the shading of a white sphere, as a share of the true shading.

    Args:
      estimated, true: [B, 27] illumination coefficients.

    Returns:
      [B] float64: mean |S_estimated - S_true| / mean |S_true| over the whole sphere and
      red, green, blue.
    """
    check_shape('estimated', estimated, list(true.shape))
    normals = np.broadcast_to(lighting.sphere(SPHERE), [len(true), SPHERE, 3])
    first, second = (lighting.shading(tf.constant(normals),
                                      tf.constant(np.asarray(light, np.float64))).numpy()
                     for light in (estimated, true))
    return np.abs(first - second).mean(axis=(1, 2)) / np.abs(second).mean(axis=(1, 2))


def expression_mm(model, estimated, true):
    """Mean distance of the vertices that two expressions give one face.

    Args:
      model: the `MorphableModel`; vertices of its face mask count.
      estimated, true: [B, Ke] expression coefficients.

    Returns:
      [B] float64 millimetres.
    """
    check_shape('estimated', estimated, list(true.shape))
    basis = model.arrays['expression_basis'][:, model.face_mask].astype(np.float64)
    apart = np.asarray(estimated, np.float64) - np.asarray(true, np.float64)
    moved = apart @ basis.reshape(len(basis), -1)
    distance = np.linalg.norm(moved.reshape(len(apart), -1, 3), axis=-1)
    return MILLIMETRES * distance.mean(axis=1)


def overlap(estimated, true):
    """Pixels in both masks and pixels in either, of masks [B, H, W] in [0, 1] cut at 0.5.

    Returns:
      (intersection, union), [B] int each.
    """
    check_shape('estimated', estimated, list(true.shape))
    first, second = np.asarray(estimated) > 0.5, np.asarray(true) > 0.5
    return (first & second).sum(axis=(1, 2)), (first | second).sum(axis=(1, 2))
