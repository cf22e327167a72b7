"""Adaptive Catmull-Clark subdivision and triangulation of a quad mesh."""

import typing

import numpy as np
import scipy.sparse


class Subdivision(typing.NamedTuple):
    """A subdivided mesh; `V` old vertices come first among the `W` new ones.

    operator: [W, V] sparse; new vertices are `operator @ old vertices`.
    quads: [Q, 4] new vertex indices.
    quad_sources: [Q] the old quad that each comes from.
    fans: [F, 3] triangles that close the steps between refined and unrefined quads.
    fan_sources: [F] the old quad that each comes from.
    """

    operator: scipy.sparse.csr_matrix
    quads: np.ndarray
    quad_sources: np.ndarray
    fans: np.ndarray
    fan_sources: np.ndarray


def subdivide(quads, selected, vertex_count):
    """One Catmull-Clark step on the selected quads only.

    Inside the selection the rules are Catmull and Clark's (1978). On its border
    vertices stay and edges are halved; an unselected quad with a halved edge
    becomes a fan of triangles around its centre, so that no T-junction is left.

    Args:
      quads: [Q, 4] vertex indices.
      selected: [Q] bool.
      vertex_count: the number of vertices V.

    Returns:
      `Subdivision`.
    """
    quads, selected = np.asarray(quads), np.asarray(selected, bool)
    count = len(quads)
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1)  # [Q, 4 sides, 2]
    edges, side_edge = np.unique(np.sort(ends, axis=-1).reshape(-1, 2), axis=0,
                                 return_inverse=True)
    side_edge = side_edge.reshape(count, 4)

    quad_vertices = _incidence(np.repeat(np.arange(count), 4), quads.ravel(),
                               (count, vertex_count))
    edge_quads = _incidence(side_edge.ravel(), np.repeat(np.arange(count), 4),
                            (len(edges), count))
    edge_vertices = _incidence(np.repeat(np.arange(len(edges)), 2), edges.ravel(),
                               (len(edges), vertex_count))
    faces_of_edge = np.asarray(edge_quads.sum(1)).ravel()
    selected_of_edge = edge_quads @ selected.astype(float)

    centres = quad_vertices * 0.25  # [Q, V]
    halves = edge_vertices * 0.5  # [E, V]
    smooth_edge = (faces_of_edge == 2) & (selected_of_edge == 2)
    smooth_points = edge_vertices * 0.25 + edge_quads @ centres * 0.25
    edge_points = _choose(smooth_edge, smooth_points, halves)

    valence = np.asarray(quad_vertices.sum(0)).ravel()
    inner = valence > 0
    inner &= quad_vertices.T @ selected.astype(float) == valence
    inner &= edge_vertices.T @ (faces_of_edge != 2).astype(float) == 0
    weight = scipy.sparse.diags(1 / np.maximum(valence, 1) ** 2)
    moved = (weight @ (quad_vertices.T @ centres) + 2 * weight @ (edge_vertices.T @ halves)
             + scipy.sparse.diags((valence - 3) / np.maximum(valence, 1)))
    vertex_points = _choose(inner, moved, scipy.sparse.identity(vertex_count))

    split_edges = np.flatnonzero(selected_of_edge > 0)
    has_split_side = (selected_of_edge > 0)[side_edge].any(axis=1)
    centred_quads = np.flatnonzero(has_split_side)  # the selected quads and the fans
    edge_vertex = np.full(len(edges), -1)
    edge_vertex[split_edges] = vertex_count + np.arange(len(split_edges))
    centre_vertex = np.full(count, -1)
    centre_vertex[centred_quads] = (vertex_count + len(split_edges)
                                    + np.arange(len(centred_quads)))
    operator = scipy.sparse.vstack([vertex_points, edge_points.tocsr()[split_edges],
                                    centres.tocsr()[centred_quads]]).tocsr()

    new_quads, quad_sources, fans, fan_sources = [], [], [], []
    for index, corners in enumerate(quads):
        middles = edge_vertex[side_edge[index]]
        centre = centre_vertex[index]
        if selected[index]:
            for side in range(4):
                new_quads.append((corners[side], middles[side], centre, middles[side - 1]))
                quad_sources.append(index)
        elif centre < 0:
            new_quads.append(tuple(corners))
            quad_sources.append(index)
        else:
            outline = [vertex for pair in zip(corners, middles) for vertex in pair if vertex >= 0]
            for start, stop in zip(outline, outline[1:] + outline[:1]):
                fans.append((start, stop, centre))
                fan_sources.append(index)
    return Subdivision(operator, np.array(new_quads), np.array(quad_sources),
                       np.array(fans, int).reshape(-1, 3), np.array(fan_sources, int))


def triangulate(quads, vertices, mirror_vertex):
    """Cuts quads along their shorter diagonal, alike on both sides of the mirror.

    Args:
      quads: [Q, 4]; no quad may be its own mirror image.
      vertices: [V, 3], symmetric in x.
      mirror_vertex: [V].

    Returns:
      [2 Q, 3] triangles; 2 k and 2 k + 1 come from quad k.
    """
    first = np.linalg.norm(vertices[quads[:, 0]] - vertices[quads[:, 2]], axis=1)
    second = np.linalg.norm(vertices[quads[:, 1]] - vertices[quads[:, 3]], axis=1)
    cut = np.where((first <= second)[:, None], quads[:, [0, 2]], quads[:, [1, 3]])
    # Equal diagonals are frequent, and rounding would cut the two sides
    # differently: the subject's left decides for both.
    on_left = vertices[quads][..., 0].mean(axis=1) > 0
    cuts_of_left = {frozenset(quad): set(pair)
                    for quad, pair in zip(quads[on_left], cut[on_left])}
    triangles = []
    for quad, pair, left in zip(quads, cut, on_left):
        if not left:
            partner = cuts_of_left[frozenset(mirror_vertex[quad])]
            pair = mirror_vertex[list(partner)]
        a, b, c, d = quad if quad[0] in pair else np.roll(quad, -1)
        triangles += [(a, b, c), (a, c, d)]
    return np.array(triangles)


def _incidence(rows, columns, shape):
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def _choose(condition, yes, no):
    """Row k of `yes` where condition[k], else of `no`."""
    keep = scipy.sparse.diags(condition.astype(float))
    drop = scipy.sparse.diags((~condition).astype(float))
    return (keep @ yes + drop @ no).tocsr()
