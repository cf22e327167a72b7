"""The eyeballs: finer than MakeHuman's helper eyes, and moved by them."""

import typing

import numpy as np
import scipy.sparse

from open_head import source

# Rings of vertices at these angles (degrees) from the gaze. They lie close
# together where the colour changes: pupil, iris, limbus.
RINGS = (4.5, 8.0, 9.0, 12.5, 16, 19.5, 22, 24.5, 32, 42, 54, 68, 84, 105)
SECTORS = 24


class Eyeballs(typing.NamedTuple):
    """The left and the right eyeball, of n vertices each.

    operators: two sparse [n, C], from control vertices.
    triangles: two [T, 3], counter-clockwise from outside.
    angle: [n] degrees from the gaze.
    """

    operators: list
    triangles: tuple
    angle: np.ndarray


def eyeballs(points, control):
    """Makes the `Eyeballs` over control vertices at [C, 3] points, base vertices [C].

    MakeHuman's helper eyes are coarse spheres. Ours hang on them by an affine
    map, the least-squares fit of the helper's vertices, so that they turn,
    move and grow with the helper.
    """
    directions, triangles, angle = _template()
    operators = []
    for helper, flip in ((source.LEFT_EYE, 1), (source.RIGHT_EYE, -1)):
        columns = np.searchsorted(control, np.arange(helper.start, helper.stop))
        ball = points[columns]
        arms = ball - ball.mean(axis=0)
        radius = np.linalg.norm(arms, axis=1).mean()
        weights = directions * [flip, 1, 1] @ np.linalg.pinv(arms / radius)
        weights += (1 - weights.sum(axis=1, keepdims=True)) / len(columns)
        dense = np.zeros((len(weights), len(control)))
        dense[:, columns] = weights
        operators.append(scipy.sparse.csr_matrix(dense))
    return Eyeballs(operators, (triangles, triangles[:, ::-1]), angle)


def _template():
    """A unit sphere without its back: points [n, 3], triangles [T, 3], angles [n]."""
    angles, turn = [0.0], [0.0]
    for angle in RINGS:
        angles += [angle] * SECTORS
        turn += [2 * np.pi * sector / SECTORS for sector in range(SECTORS)]
    polar = np.radians(angles)
    directions = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn),
                           np.cos(polar)], axis=1)
    sectors = np.arange(SECTORS)
    onward = (sectors + 1) % SECTORS
    triangles = [np.stack([np.zeros_like(sectors), 1 + sectors, 1 + onward], axis=1)]
    for ring in range(len(RINGS) - 1):
        inner, outer = 1 + ring * SECTORS, 1 + (ring + 1) * SECTORS
        triangles += [np.stack([inner + sectors, outer + sectors, outer + onward], axis=1),
                      np.stack([inner + sectors, outer + onward, inner + onward], axis=1)]
    return directions, np.concatenate(triangles), np.array(angles)
