"""The rings of vertices around the lips and around each eye.

MakeHuman's head is modelled in concentric edge loops around the mouth and the
eyes. A ring is numbered from the seam between the head's skin and what lies
inside (the mouth, the eye socket): ring 0 is the seam, positive rings run
outward on the skin, negative ones inward. All rings of one opening have the
same number of vertices, and column k of every ring lies on the same spoke.
"""

import collections

import numpy as np

LIP_COLUMNS = 38  # column 0 is the middle of the lower lip, 19 that of the upper
LIP_CORNER = 7  # the column of the left corner of the mouth; the right one is 38 - 7
LIP_CONTACT_RING = 1  # where the closed lips touch
LIP_RINGS = range(-5, 11)

EYE_COLUMNS = 28  # column 0 is the inner corner, 14 the outer one; 1 to 13 the upper lid
EYE_OUTER_CORNER = 14
EYE_RINGS = range(-2, 10)


def lip_loops(mesh, skin, mouth):
    """Loops around the mouth, from the middle of the lower lip to the subject's left.

    Args:
      mesh: `source.BaseMesh`.
      skin: set of the base vertices of the head's skin.
      mouth: set of those of the inside of the mouth.

    Returns:
      {ring: [38] base vertex indices}.
    """
    adjacency = _adjacency(mesh)
    loops = {}
    for ring, vertices in _rings(adjacency, skin, mouth, LIP_RINGS).items():
        middle = [v for v in vertices if abs(mesh.vertices[v, 0]) < 1e-6]
        start = min(middle, key=lambda v: mesh.vertices[v, 1])
        second = max(adjacency[start] & vertices, key=lambda v: mesh.vertices[v, 0])
        loops[ring] = _ordered(vertices, adjacency, start, second, LIP_COLUMNS)
    return loops


def left_eye_loops(mesh, skin, socket):
    """Loops around the left eye, from the inner corner along the upper lid.

    Args:
      mesh: `source.BaseMesh`.
      skin: set of the base vertices of the head's skin.
      socket: set of those of the left eye socket.

    Returns:
      {ring: [28] base vertex indices}.
    """
    adjacency = _adjacency(mesh)
    loops = {}
    for ring, vertices in _rings(adjacency, skin, socket, EYE_RINGS).items():
        start = min(vertices, key=lambda v: abs(mesh.vertices[v, 0]))
        second = max(adjacency[start] & vertices, key=lambda v: mesh.vertices[v, 1])
        loops[ring] = _ordered(vertices, adjacency, start, second, EYE_COLUMNS)
    return loops


def _adjacency(mesh):
    """{vertex: set of its neighbours} over the body's quads."""
    adjacency = collections.defaultdict(set)
    for quad in mesh.quads[mesh.groups == 'body'].tolist():
        for a, b in zip(quad, quad[1:] + quad[:1]):
            adjacency[a].add(b)
            adjacency[b].add(a)
    return adjacency


def _rings(adjacency, outside, inside, numbers):
    """{ring number: set of vertices}, breadth first from the seam to either side."""
    rings = {0: outside & inside}
    for step, allowed, stop in ((1, outside, max(numbers)), (-1, inside - outside, min(numbers))):
        used = set(rings[0])
        for ring in range(step, stop + step, step):
            rings[ring] = {w for v in rings[ring - step] for w in adjacency[v] & allowed} - used
            used |= rings[ring]
    return rings


def _ordered(vertices, adjacency, start, second, length):
    """The vertices of a closed loop in the order of a walk along it: [length]."""
    walk = [start, second]
    while True:
        onward = sorted((adjacency[walk[-1]] & vertices) - set(walk))
        if not onward:
            break
        walk.append(onward[0])
    if len(walk) != length:
        raise ValueError(f'base mesh: expected a loop of {length} vertices, got {len(walk)}')
    return np.array(walk)
