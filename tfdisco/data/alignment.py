"""Where the aligned picture of a face lies in a photograph.

A transform is a [2, 3] float64 array A that takes pixels (x, y) of the photograph to
pixels of the aligned picture: p' = A[:, :2] p + A[:, 2]. It is a similarity: one scale,
one rotation, one shift, no mirroring.

The first alignment goes by five points. A turned head has its five points closer
together than a frontal one, so they are not laid on fixed places: they are laid on five
standard 3D points, turned by the pitch and yaw that fit best and seen by the camera of the
renderer, at zero translation. (Deng et al. 2019, "Accurate 3D Face Reconstruction with
Weakly-Supervised Learning", align by standard 3D points too, with an affine camera.)
In-plane rotation is removed as well, as in FFHQ, from which the pose statistics of
`sampling.POSE_DEVIATION` come. The second one, `refined`, removes the translation that a
reconstruction network finds in the once-aligned picture.
"""

import numpy as np
import scipy.optimize

from tfdisco.face3d import framing, sampling
from tfdisco.shapes import check_positive, check_shape

POINTS = 'left eye, right eye, nose tip, left and right mouth corner, left as in the picture'
# How far a person's five points lie from the turned mean face's, pixels of
# framing.IMAGE_SIZE, one standard deviation: detected points of photographs leave 2.7.
POINT_DEVIATION = 3.0
# Beyond these the reconstruction has not found the face the five points show: a shift of
# its origin as a share of the picture's width, and a factor of its size.
LARGEST_SHIFT, LARGEST_FACTOR = 0.25, 1.5


def standard_points(model):
    """Five points [5, 3] decimetres that the camera sees at `framing.STANDARD_POINTS`.

    At the depths that a `MorphableModel`'s mean face has them. Detectors and models do not
    put a nose tip quite at the same place; photographs aligned by a detector's points are
    what the standard points are the mean of.
    """
    mean = np.asarray(model.arrays['mean_shape'], np.float64)[model.landmark_vertices]
    depth = framing.five_points(mean)[:, 2]
    centred = (np.array(framing.STANDARD_POINTS) - framing.IMAGE_SIZE / 2) * [1, -1]
    unit = (framing.DISTANCE - depth) / framing.focal_length(framing.IMAGE_SIZE)
    return np.column_stack([centred * unit[:, np.newaxis], depth])


def aligned(points, standard, size):
    """The transform that puts five points of a photograph where a picture of `size` has them.

    In least squares over scale, in-plane rotation, shift, pitch and yaw. Five points tell
    a turned head from an unusual face only by how common either is, so both deviations are
    weighed: points by `POINT_DEVIATION`, pitch and yaw by `sampling.POSE_DEVIATION`.

    Args:
      points: [5, 2] pixels of the photograph: `POINTS`.
      standard: [5, 3] decimetres, see `standard_points`.
      size: edge of the aligned picture, pixels.

    Returns:
      [2, 3] float64.

    Raises:
      ValueError: on wrong shapes, points that are no face's, or left and right swapped.
    """
    check_positive('size', size)
    points, standard = np.asarray(points, np.float64), np.asarray(standard, np.float64)
    check_shape('points', points, [5, 2])
    check_shape('standard', standard, [5, 3])
    _check_face(points)

    def target(angles):
        return framing.to_pixels(standard @ _turned(*angles).T)

    def misfit(angles):
        there = target(angles)
        apart = apply(similarity(points, there), points) - there
        return np.concatenate([apart.ravel() / POINT_DEVIATION,
                               angles / sampling.POSE_DEVIATION[:2]])

    angles = scipy.optimize.least_squares(misfit, np.zeros(2)).x
    return similarity(points, target(angles)) * (size / framing.IMAGE_SIZE)


def refined(transform, translation, size):
    """The transform without the translation that is left in a picture aligned by `transform`.

    A point X at translation t is seen at W/2 + f (X + t_x) / (D - t_z - Z). Scaled and
    shifted, it is seen as without t; exactly so at the depth Z = `framing.POINT_DEPTH` of
    the five points, and 1 % nearer to or farther from the centre 1 dm behind when t_z is 1.

    Args:
      transform: [2, 3], photograph to once-aligned picture.
      translation: [3] decimetres, found in the once-aligned picture.
      size: edge of the aligned picture, pixels.

    Returns:
      [2, 3] float64, photograph to twice-aligned picture.

    Raises:
      ValueError: on wrong shapes, or if the translation is too large to be believed.
    """
    transform, translation = np.asarray(transform, np.float64), np.asarray(translation, np.float64)
    check_shape('transform', transform, [2, 3])
    check_shape('translation', translation, [3])
    distance = framing.DISTANCE - framing.POINT_DEPTH
    factor = (distance - translation[2]) / distance
    shift = framing.focal_length(size) / distance * translation[:2] * [1, -1]
    if not (1 / LARGEST_FACTOR < factor < LARGEST_FACTOR
            and np.abs(shift).max() < LARGEST_SHIFT * size):
        raise ValueError(f'translation: expected what a roughly aligned face has, at most '
                         f'{LARGEST_SHIFT:g} of the width and a factor of {LARGEST_FACTOR:g}, '
                         f'got {np.array2string(translation, precision=2)} dm')
    step = np.array([[factor, 0.0, size / 2 * (1 - factor) - shift[0]],
                     [0.0, factor, size / 2 * (1 - factor) - shift[1]]])
    return compose(step, transform)


def similarity(source, target):
    """The [2, 3] similarity that takes points [N, 2] nearest to others, in least squares."""
    centre, there = source.mean(axis=0), target.mean(axis=0)
    # As complex numbers, a similarity without shift is a multiplication.
    from_ = (source - centre) @ [1, 1j]
    factor = np.vdot(from_, (target - there) @ [1, 1j]) / np.vdot(from_, from_).real
    matrix = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([matrix, there - matrix @ centre])


def apply(transform, points):
    """Takes points [..., 2] through a transform [2, 3]."""
    return np.asarray(points) @ transform[:, :2].T + transform[:, 2]


def invert(transform):
    """The transform [2, 3] of the way back."""
    back = np.linalg.inv(np.asarray(transform, np.float64)[:, :2])
    return np.column_stack([back, -back @ transform[:, 2]])


def compose(second, first):
    """The transform [2, 3] that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], apply(second, first[:, 2])])


def scale(transform):
    """Pixels of the aligned picture a pixel of the photograph."""
    return float(np.sqrt(abs(np.linalg.det(np.asarray(transform)[:, :2]))))


def _check_face(points):
    if not np.isfinite(points).all():
        raise ValueError('points: expected finite numbers, got NaN or infinity')
    (across_x, across_y), (down_x, down_y) = (points[1] - points[0],
                                              points[3:].mean(axis=0) - points[:2].mean(axis=0))
    area = across_x * down_y - across_y * down_x
    if area < 0:
        raise ValueError(f'points: expected {POINTS}; got left and right swapped')
    if area < 1.0:
        raise ValueError('points: expected eyes and mouth some pixels apart, got '
                         f'{points.round(1).tolist()}')


def _turned(pitch, yaw):
    """Ry Rx, [3, 3]."""
    (sine_x, sine_y), (cosine_x, cosine_y) = np.sin([pitch, yaw]), np.cos([pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, cosine_x, -sine_x], [0, sine_x, cosine_x]])
    about_y = np.array([[cosine_y, 0, sine_y], [0, 1, 0], [-sine_y, 0, cosine_y]])
    return about_y @ about_x
