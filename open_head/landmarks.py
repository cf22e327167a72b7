"""The 68 iBUG landmarks as vertices of the head."""

import numpy as np

# Landmarks 17 to 67 as vertices of base.obj.
BROWS = (262, 231, 229, 233, 228, 7001, 7006, 7002, 7004, 7031)
NOSE = (133, 5063, 291, 5054, 326, 332, 317, 7094, 7088)
EYES = (24, 0, 54, 66, 47, 41, 6850, 6838, 6784, 6808, 6825, 6831)
OUTER_LIPS = (422, 410, 456, 455, 7215, 7170, 7182, 7166, 7235, 492, 480, 406)
INNER_LIPS = (432, 470, 474, 7226, 7192, 7236, 493, 481)
CHIN = 5296  # landmark 8
JAW_COUNT = 17

# The landmark at the mirrored place.
MIRROR = np.array([*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
                   45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, *range(54, 47, -1),
                   *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1)])


def find(head, mean_shape, normals):
    """The landmarks' vertices: [68].

    Args:
      head: `topology.Head`.
      mean_shape: [V, 3] the mean face.
      normals: [V, 3] its unit normals.
    """
    vertex_of = {base: vertex for vertex, base in enumerate(head.base_vertex) if base >= 0}
    inner = [vertex_of[base] for base in BROWS + NOSE + EYES + OUTER_LIPS + INNER_LIPS]
    eye_height, mouth_height = (mean_shape[[vertex_of[base] for base in group], 1].mean()
                                for group in (EYES, INNER_LIPS))
    jaw = _jaw(head, mean_shape, normals, vertex_of[CHIN], eye_height, mouth_height)
    return np.array([*head.mirror_vertex[jaw], vertex_of[CHIN], *jaw[::-1], *inner])


def _jaw(head, shape, normals, chin, eye_height, mouth_height):
    """Vertices of landmarks 16 down to 9: the outline of the left half of the face.

    The outline is found in the frontal view, as the farthest vertices around
    the mouth that still face forward. Its depth is a smooth curve down to the
    chin; the vertices nearest to evenly spaced points of that curve are taken.
    """
    # Towards the chin the surface must face forward more, or the outline would
    # run below the chin and back along the throat.
    least = np.interp(shape[:, 1], [mouth_height - .45, mouth_height], [.35, .08])
    usable = (head.is_part('skin') & (head.masks['ears'] < .25) & (shape[:, 0] > 1e-3)
              & (normals[:, 2] > least) & (normals[:, 2] < .80) & (normals[:, 1] < .35)
              & (shape[:, 1] < eye_height + .08))
    points = shape[usable]
    height = points[:, 1] - mouth_height
    angle, radius = np.arctan2(height, points[:, 0]), np.hypot(points[:, 0], height)
    top = np.arctan2(eye_height - mouth_height - .03, .74)
    sweep = np.linspace(top, -np.pi / 2, 75)
    reach = np.full(len(sweep), np.nan)
    for step, direction in enumerate(sweep):
        near = np.abs(angle - direction) < np.radians(5)
        if near.any():
            reach[step] = radius[near].max()
    known = np.isfinite(reach)
    reach = np.interp(-sweep, -sweep[known], reach[known])
    reach = np.convolve(np.pad(reach, 4, 'edge'), np.ones(9) / 9, 'valid')
    outline = np.stack([reach * np.cos(sweep), mouth_height + reach * np.sin(sweep)], axis=1)
    outline[-1] = shape[chin, :2]

    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
    distance = np.linalg.norm(points[:, None, :2] - outline, axis=-1)
    beside = distance.min(axis=1) < .05
    # Depth along the outline: a parabola through the chin, by least squares.
    to_chin = arc[-1] - arc[distance.argmin(axis=1)][beside]
    powers = np.stack([to_chin, to_chin ** 2], axis=1)
    slope = np.linalg.lstsq(powers, points[beside, 2] - shape[chin, 2], rcond=None)[0]
    places = np.linspace(0, arc[-1], JAW_COUNT // 2 + 1)[:-1]
    remaining = arc[-1] - places
    depth = shape[chin, 2] + np.stack([remaining, remaining ** 2], axis=1) @ slope
    targets = np.stack([np.interp(places, arc, outline[:, 0]),
                        np.interp(places, arc, outline[:, 1]), depth], axis=1)
    choices = np.flatnonzero(head.is_part('skin') & (head.masks['ears'] < .4)
                             & (shape[:, 0] > 1e-3))
    nearest = np.linalg.norm(shape[choices] - targets[:, None], axis=-1).argmin(axis=1)
    return choices[nearest]
