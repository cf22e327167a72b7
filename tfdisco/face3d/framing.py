"""How photographs frame a face: the camera's numbers, and how a face model is put there.

Training photographs are aligned by five points; a model whose mean face projects to
them needs no translation (and published coefficients mean the same with it).
"""

import numpy as np
import scipy.optimize

DISTANCE = 10.0  # decimetres from the camera to the origin
FOCAL_PER_WIDTH = 1238.3 / 256.0  # 1015 at 224 pixels of the published reconstruction, times 1.22
# Eye centres, nose tip and mouth corners (x, y) in an image of IMAGE_SIZE, image left first,
# which is the subject's right.
STANDARD_POINTS = ((88.9, 91.6), (166.9, 91.6), (128.4, 134.1), (96.1, 176.3), (159.5, 176.3))
IMAGE_SIZE = 256
# Mean z of these points in the published, centred Basel face (similarity_Lm3D_all of Deng et
# al. 2019). A picture does not tell a large face far away from a small one nearby, and this
# decides; it is also what a head turns about, a little behind its eyes.
POINT_DEPTH = 0.265


def focal_length(width):
    """Focal length in pixels of an image `width` pixels wide."""
    return FOCAL_PER_WIDTH * width


def five_points(landmarks):
    """[68, 2 or 3] landmarks -> [5, 2 or 3]: eye centres, nose tip, mouth corners."""
    return np.stack([landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0), landmarks[30],
                     landmarks[48], landmarks[54]])


def to_pixels(points):
    """Projects [..., 3] decimetres to [..., 2] pixels of a square image of IMAGE_SIZE."""
    points = np.asarray(points, np.float64)
    distance = DISTANCE - points[..., 2]
    scale = focal_length(IMAGE_SIZE) / distance
    return IMAGE_SIZE / 2 + scale[..., None] * points[..., :2] * [1, -1]


def fit(landmarks, scale=None):
    """The scale and translation that put a mean face where photographs have it.

    In least squares over the five projected points, at POINT_DEPTH. The face is not
    rotated (only the nose would tell its pitch) and stays symmetric about x = 0.

    Args:
      landmarks: [68, 3], in any unit.
      scale: decimetres per that unit, where it is known; found if None.

    Returns:
      scale, a float, and translation, [3] float64: decimetres = scale * points + translation.
    """
    points = five_points(np.asarray(landmarks, np.float64))
    # The standard points are those of photographs, not exactly symmetric.
    standard = np.array(STANDARD_POINTS)
    flipped = standard[[1, 0, 2, 4, 3]] * [-1, 1] + [IMAGE_SIZE, 0]
    standard = (standard + flipped) / 2
    unit = DISTANCE / focal_length(IMAGE_SIZE)  # decimetres a pixel
    guess = unit * np.ptp(standard[:, 0]) / np.ptp(points[:, 0]) if scale is None else scale

    def place(up, factor):
        return np.array([0, up, POINT_DEPTH - factor * points[:, 2].mean()])

    def misfit(parameters):
        up, factor = parameters if scale is None else (*parameters, scale)
        return (to_pixels(factor * points + place(up, factor)) - standard).ravel()

    start = [-guess * points[:, 1].mean(), guess][:2 if scale is None else 1]
    found = scipy.optimize.least_squares(misfit, start, x_scale=[0.1, guess][:len(start)],
                                         xtol=1e-12, ftol=1e-12).x
    factor = float(found[1]) if scale is None else float(scale)
    return factor, place(found[0], factor)
