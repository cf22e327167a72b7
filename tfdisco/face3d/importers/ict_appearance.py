"""Colours and regions for ICT Face Model Light, which publishes a shape only.

One plausible person, constant: the model has no albedo modes.
"""

import numpy as np

from tfdisco.face3d.importers import ict_tables

REGIONS = ('skin', 'lips', 'brows', 'sclera', 'iris', 'pupil', 'teeth', 'gums', 'mouth', 'socket')
ALBEDO = {  # 0 to 255, display space
    'skin': (200, 152, 128),
    'lips': (172, 100, 92),
    'brows': (92, 66, 52),
    'sclera': (226, 220, 214),
    'iris': (92, 62, 42),
    'pupil': (18, 14, 12),
    'teeth': (224, 214, 196),
    'gums': (168, 92, 88),
    'mouth': (112, 52, 50),
    'socket': (168, 104, 92),
}
_REGION_OF_PART = {
    'face': 'skin', 'head_and_neck': 'skin', 'mouth_socket': 'mouth', 'eye_socket_left': 'socket',
    'eye_socket_right': 'socket', 'gums_and_tongue': 'gums', 'teeth': 'teeth',
    'sclera_left': 'sclera', 'sclera_right': 'sclera'}

_LIP_CONTOUR = slice(48, 60)  # landmarks, iBUG order
_BROWS = (slice(17, 22), slice(22, 27))
_LIP_EDGE = 0.12  # centimetres from full lip colour to skin
_BROW_HALF_WIDTH, _BROW_EDGE = 0.22, 0.30


def colour(vertices, triangles):
    """Albedo and region of every vertex.

    Args:
      vertices: [V, 3] neutral face, source units, all published vertices.
      triangles: [T, 3] integer.

    Returns:
      [V, 3] float32 albedo, 0 to 255, and [V] uint8 index into `REGIONS`. Parts in
      `ict_tables.DROPPED` keep the colour of skin.
    """
    region = np.zeros(len(vertices), np.uint8)
    for part, name in _REGION_OF_PART.items():
        region[slice(*ict_tables.PARTS[part])] = REGIONS.index(name)
    for part, pole in ict_tables.SCLERA_POLES.items():
        span = slice(*ict_tables.PARTS[part])
        ring = _rings(triangles, span.start, span.stop, pole)
        region[span][ring < ict_tables.IRIS_RINGS] = REGIONS.index('iris')
        region[span][ring < ict_tables.PUPIL_RINGS] = REGIONS.index('pupil')
    albedo = np.array([ALBEDO[name] for name in REGIONS], np.float32)[region]

    # Lips and brows are painted on the skin, seen from the front, with a soft edge.
    skin = slice(*ict_tables.PARTS['face'])
    points = vertices[skin, :2]
    landmarks = vertices[list(ict_tables.LANDMARKS), :2]
    contour = landmarks[_LIP_CONTOUR]
    loop = np.concatenate([contour, contour[:1]])
    signed = np.where(_inside(points, contour), 1, -1) * _distance(points, loop)
    brow = np.minimum(*(_distance(points, landmarks[span]) for span in _BROWS))
    weights = {
        'lips': np.clip(0.5 + signed / _LIP_EDGE, 0, 1),
        'brows': np.clip((_BROW_HALF_WIDTH - brow) / _BROW_EDGE + 0.5, 0, 1),
    }
    for name, weight in weights.items():
        albedo[skin] += weight[:, None] * (np.float32(ALBEDO[name]) - albedo[skin])
        region[skin][weight > 0.5] = REGIONS.index(name)
    return albedo.astype(np.float32), region


def _rings(triangles, start, stop, pole):
    """[stop - start] distance in edges from `pole` over the part's own triangles."""
    own = triangles[((triangles >= start) & (triangles < stop)).all(axis=1)] - start
    ring = np.full(stop - start, np.iinfo(np.int32).max)
    ring[pole - start] = 0
    for step in range(stop - start):
        reached = own[(ring[own] == step).any(axis=1)]
        if not len(reached):
            break
        ring[reached] = np.minimum(ring[reached], step + 1)
    return ring


def _distance(points, line):
    """[N] distance of [N, 2] points from the polyline [M, 2]."""
    start, along = line[:-1], np.diff(line, axis=0)
    offset = points[:, None] - start  # [N, M - 1, 2]
    share = np.clip((offset * along).sum(-1) / (along * along).sum(-1), 0, 1)
    return np.linalg.norm(offset - share[..., None] * along, axis=-1).min(axis=1)


def _inside(points, polygon):
    """[N] bool: is the [N, 2] point inside the [M, 2] polygon? (Even-odd rule.)"""
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    with np.errstate(divide='ignore', invalid='ignore'):  # level edges are never crossed
        crossing = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return (((y0 > y) != (y1 > y)) & (x < crossing)).sum(axis=1) % 2 == 1
