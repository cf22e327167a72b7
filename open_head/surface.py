"""Areas, normals and error weights over the head's surface."""

import typing

import numpy as np

from open_head import albedo_regions, regions

EYE_EMPHASIS = 8  # weight of the eyes in expressions: small, but what people look at


class Weights(typing.NamedTuple):
    """Weights of a vertex's squared error; all symmetric.

    shape: [C] on control vertices, for the identity modes.
    expression: [C] likewise, for the expression modes.
    align: [C] for Procrustes: the face only.
    albedo: [V] on the head's vertices.
    """

    shape: np.ndarray
    expression: np.ndarray
    align: np.ndarray
    albedo: np.ndarray


def error_weights(head):
    """The `Weights` of a `topology.Head`: area times how much its place matters."""
    area = vertex_areas(head.vertices, head.triangles)
    importance = area * _importance(head)
    influence = abs(head.operator).T  # [C, V]
    shape = influence @ importance
    # Vertices with hardly any surface, as in the helper eyes, must count for something.
    shape = np.maximum(shape, np.median(shape) * 0.05)

    places = albedo_regions.places_of(head)
    aside = np.hypot(places.x - albedo_regions.EYE[0], places.y - albedo_regions.EYE[1])
    eyes = ((aside < .25) & (places.z > .9)).astype(float)
    near_eyes = influence @ eyes > 0.5 * np.asarray(influence.sum(1)).ravel()

    wide_brow = albedo_regions.BrowShape(thickness=.08)
    details = (albedo_regions.brow(places, wide_brow) > .05) | (head.masks['lips'] > .1)
    albedo = importance * np.where(details, 2, 1) * np.where(np.isfinite(head.eye_angle), 4, 1)
    control, final = head.control_mirror, head.mirror_vertex
    align = influence @ (area * regions.face_mask(head))
    return Weights(_averaged(shape, control),
                   _averaged(shape * np.where(near_eyes, EYE_EMPHASIS, 1), control),
                   _averaged(align, control), _averaged(albedo, final))


def vertex_areas(vertices, triangles):
    """[V] a third of the area of the triangles around each vertex."""
    area = np.linalg.norm(_crosses(vertices, triangles), axis=1) / 2
    return np.bincount(triangles.ravel(), np.repeat(area / 3, 3), len(vertices))


def vertex_normals(vertices, triangles):
    """[V, 3] unit normals: sums of the area-weighted normals of the triangles around."""
    normals = np.repeat(_crosses(vertices, triangles), 3, axis=0)
    summed = np.stack([np.bincount(triangles.ravel(), normals[:, axis], len(vertices))
                       for axis in range(3)], axis=1)
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)


def _importance(head):
    """[V] most on the face, less on the ears and the rest of the skin, least inside."""
    skin, ears = head.is_part('skin', 'neck'), head.masks['ears'] > .3
    face = np.where(ears, 0, head.masks['face'])
    weights = np.where(skin, np.maximum(face, np.where(ears, .25, .12)), .10)
    return np.where(head.is_part('left_eye', 'right_eye'), .5, weights)


def _crosses(vertices, triangles):
    corners = vertices[triangles]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _averaged(values, partner):
    return (values + values[partner]) / 2
