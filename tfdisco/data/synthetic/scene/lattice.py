"""A lattice over the head along which hair grows and on which caps sit.

One axis runs around the head (azimuth, 0 in front), the other from the crown down
over the scalp and then straight down past the neck. Hair of any style is this lattice,
lifted off the head and cut where the hair ends, so that all share their triangles.
"""

import numpy as np
from scipy import interpolate, ndimage
from scipy.spatial import cKDTree

AROUND, OVER_CAP, DOWN = 96, 26, 38
ROWS = OVER_CAP + DOWN
LOWEST = -1.5  # decimetres, below the picture
NEIGHBOURS = 12
# The natural hairline of the built-in head: azimuth in degrees -> height in decimetres. From
# the middle of the forehead over temple, sideburn and ear to the nape.
HAIRLINE = ((0, 20, 38, 52, 62, 70, 78, 86, 92, 104, 118, 135, 160, 180),
            (0.95, 0.95, 0.92, 0.80, 0.61, 0.44, 0.20, 0.12, 0.40, 0.42, 0.08, -0.29, -0.55, -0.60))
_GROWN_ON = ('skin', 'scalp', 'neck')  # regions; ears stick out of it


class ScalpLattice:
    """The lattice of one morphable model; all arrays are of its mean face.

    Attributes:
      azimuth: [AROUND] degrees, -180 to 180, both ends behind the head.
      base: [AROUND, ROWS, 3] points on the head, decimetres.
      outward: [AROUND, ROWS, 3] unit vectors.
      arc: [AROUND, ROWS] distance from the crown along the second axis, decimetres.
      triangles: [T, 3] int32, counter-clockwise from outside.
      centre: [3] of the skull.
    """

    def __init__(self, model):
        """Takes a `MorphableModel` with the regions of the built-in one.

        Raises:
          ValueError: if the model has no such regions.
        """
        missing = [name for name in (*_GROWN_ON, 'ears', 'eyes', 'lips')
                   if name not in model.regions]
        if missing:
            raise ValueError(f'model: expected the regions {missing} to place hair and the like, '
                             f'got {sorted(model.regions)}; use the built-in model, or --data of '
                             'scripts/prepare_photos.py in place of people drawn')
        shape = np.asarray(model.arrays['mean_shape'], np.float64)
        grown = np.any([model.regions[name] for name in _GROWN_ON], axis=0)
        scalp = shape[model.regions['scalp']]
        brows, bridge = (shape[model.landmark_vertices[index]] for index in ([19, 24], 27))
        self.centre = np.array([0.0, brows[:, 1].mean() - 0.14,
                                (scalp[:, 2].min() + bridge[2]) / 2])
        self.azimuth = np.linspace(-180.0, 180.0, AROUND)
        self.base, self.outward = self._surface(shape[grown & (shape[:, 1] > LOWEST)])
        steps = np.linalg.norm(np.diff(self.base, axis=1), axis=-1)
        self.arc = np.concatenate([np.zeros((AROUND, 1)), np.cumsum(steps, axis=1)], axis=1)
        self.triangles = _grid_triangles(AROUND, ROWS)
        self._attach = Attachment(shape, np.flatnonzero(grown))
        self._weights = self._attach.to(self.base.reshape(-1, 3))

    def points(self, displacement):
        """The lattice [AROUND, ROWS, 3] on a face whose vertices moved by [V, 3]."""
        return self.base + self._attach.move(displacement, self._weights).reshape(self.base.shape)

    def end(self, heights):
        """Distance along the arc at which each line comes down to heights [AROUND]."""
        return np.array([np.interp(-height, -line[:, 1], arc)
                         for height, line, arc in zip(heights, self.base, self.arc)])

    def hairline(self):
        """Height [AROUND] of the natural hairline at each azimuth."""
        return interpolate.PchipInterpolator(*HAIRLINE)(np.abs(self.azimuth))

    def above_hairline(self, points):
        """Height of points [N, 3] over the natural hairline at their azimuth, decimetres."""
        azimuth = np.degrees(np.arctan2(points[:, 0], points[:, 2] - self.centre[2]))
        return points[:, 1] - interpolate.PchipInterpolator(*HAIRLINE)(np.abs(azimuth))

    def _surface(self, points):
        offset = points - self.centre
        azimuth = np.degrees(np.arctan2(offset[:, 0], offset[:, 2]))
        radius = np.linalg.norm(offset, axis=1)
        polar = np.degrees(np.arccos(offset[:, 1] / radius))
        crown = radius[polar.argmin()]
        around = np.concatenate([azimuth - 360, azimuth, azimuth + 360])
        ring = np.linspace(-540, 540, 73)
        cap = interpolate.LinearNDInterpolator(
            np.concatenate([np.stack([np.tile(polar, 3), around], 1),
                            np.stack([0 * ring, ring], 1)]),
            np.concatenate([np.tile(radius, 3), np.full(73, crown)]))
        horizontal = np.hypot(offset[:, 0], offset[:, 2])
        # Degrees a decimetre, so that neighbours are near along both axes.
        side = interpolate.LinearNDInterpolator(
            np.stack([np.tile(points[:, 1] * 60, 3), around], 1), np.tile(horizontal, 3))

        polar = np.linspace(0, 90, OVER_CAP)
        grid = np.meshgrid(self.azimuth, polar, indexing='ij')
        cap_radius = np.nan_to_num(cap(grid[1], grid[0]), nan=0.8)
        cap_radius = ndimage.gaussian_filter(cap_radius, (1, 1), mode=('wrap', 'nearest'))
        heights = np.linspace(self.centre[1], LOWEST, DOWN + 1)[1:]
        grid = np.meshgrid(self.azimuth, heights * 60, indexing='ij')
        side_radius = np.nan_to_num(side(grid[1], grid[0]), nan=0.0)
        # What hangs down does not come closer to the axis again, as the neck does.
        side_radius = np.maximum.accumulate(
            np.concatenate([cap_radius[:, -1:], side_radius], axis=1), axis=1)[:, 1:]
        side_radius = ndimage.gaussian_filter(side_radius, (1, 1), mode=('wrap', 'nearest'))

        polar = np.concatenate([np.radians(polar), np.full(DOWN, np.pi / 2)])
        height = np.concatenate([cap_radius * np.cos(polar[:OVER_CAP]),
                                 np.tile(heights - self.centre[1], (AROUND, 1))], axis=1)
        reach = np.concatenate([cap_radius * np.sin(polar[:OVER_CAP]), side_radius], axis=1)
        sine, cosine = (f(np.radians(self.azimuth))[:, None] for f in (np.sin, np.cos))
        base = np.stack([reach * sine, height, reach * cosine], axis=-1) + self.centre
        outward = np.stack([np.sin(polar) * sine, np.cos(polar) + 0 * sine,
                            np.sin(polar) * cosine], axis=-1)
        return base, outward


class Attachment:
    """Carries points along with the surface near them."""

    def __init__(self, shape, vertices):
        """Takes a mean shape [V, 3] and the indices of vertices to hold on to."""
        self._vertices = vertices
        self._tree = cKDTree(shape[vertices])

    def to(self, points):
        """What `move` needs to know of points [N, 3] on or near the mean shape."""
        distance, index = self._tree.query(points, k=NEIGHBOURS)
        weight = 1.0 / (distance**2 + 0.02)
        return self._vertices[index], (weight / weight.sum(axis=1, keepdims=True))[..., None]

    def move(self, displacement, weights):
        """Displacement [N, 3] of the points when vertices move by [V, 3]."""
        index, weight = weights
        return (displacement[index] * weight).sum(axis=1)


def normals(points):
    """Unit normals [A, R, 3] of a lattice of points [A, R, 3], outside."""
    along, around = np.gradient(points, axis=1), np.gradient(points, axis=0)
    return unit(np.cross(along, around))


def unit(vectors):
    """Vectors [..., 3] divided by their length."""
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)


def _grid_triangles(around, rows):
    index = np.arange(around * rows).reshape(around, rows)
    a, b, c, d = (index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(),
                  index[:-1, 1:].ravel())
    return np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)]).astype(np.int32)
