"""ICT Face Model Light (ICT-FaceKit, MIT) in the project's conventions.

100 identity modes (standard deviations), 53 expression units (0 to 1 each, named
as ARKit names them), no albedo modes. The units of one side are not symmetric
modes, so the model has no `expression_parity`.
"""

import numpy as np
import scipy.spatial

from tfdisco.face3d import framing
from tfdisco.face3d.importers import ict_appearance, ict_source, ict_tables

# Centimetres that the eyeballs are set back. The source's cornea is transparent; opaque, it would
# come through the closed lids of many people.
EYE_SETBACK = 0.15
JAW_MARGIN = 0.4  # centimetres below the jaw bone that still belong to the face


def load(source):
    """Converts the published model.

    Args:
      source: ICT-FaceKit's folder FaceXModel, the repository around it, or an .npz of
        the same data.

    Returns:
      The arrays of `model_file`, bases in float32.

    Raises:
      FileNotFoundError, ValueError: see `ict_source.read`.
    """
    data = ict_source.read(source)
    keep = np.ones(ict_tables.VERTICES, bool)
    for part in ict_tables.DROPPED:
        keep[slice(*ict_tables.PARTS[part])] = False
    new_index = np.cumsum(keep) - 1
    triangles = data.triangles[keep[data.triangles].all(axis=1)]
    landmarks = np.array(ict_tables.LANDMARKS)

    placed = data.vertices.copy()
    for part in ict_tables.SCLERA_POLES:
        placed[slice(*ict_tables.PARTS[part]), 2] -= EYE_SETBACK
    # From centimetres; within 4 % of 0.1.
    scale, translation = framing.fit(data.vertices[landmarks])
    mirror = mirror_vertices(data.vertices, data.triangles, keep)
    albedo, regions = ict_appearance.colour(data.vertices, data.triangles)
    face = face_region(data.vertices)
    names = [unit_name(name) for name in data.expression_names]
    return {
        'name': 'ICT Face Model Light',
        'source': f'{data.origin}; scaled by {scale:.5f} and moved by '
                  f'{np.round(translation, 5).tolist()} to the project\'s camera, '
                  f'eyeballs set back by {EYE_SETBACK} source units; colours are the project\'s '
                  'own; expression coefficients run from 0 to 1',
        'licence': data.licence,
        'mean_shape': (scale * placed[keep] + translation).astype(np.float32),
        'identity_basis': np.float32(scale) * data.identity[:, keep],
        'expression_basis': np.float32(scale) * data.expression[:, keep],
        'mean_albedo': albedo[keep],
        'albedo_basis': np.zeros([0, keep.sum(), 3], np.float32),
        'triangles': new_index[triangles].astype(np.int32),
        'landmarks': new_index[landmarks].astype(np.int32),
        'face_mask': face[keep],
        'expression_unit_names': np.array(names),
        'expression_units': np.eye(len(names), dtype=np.float32),
        'region_names': np.array(ict_appearance.REGIONS),
        'vertex_regions': regions[keep],
        'mirror_vertex': new_index[mirror[keep]].astype(np.int32),
        'identity_parity': parities(data.identity, mirror, keep),
        'albedo_parity': np.zeros([0], np.int8),
    }


def face_region(vertices):
    """[V] bool, skin and lips of the face: without ears, scalp, neck, and all that is inside.

    The source's narrow face reaches down the throat. It is cut along the jaw bone,
    whose line falls steadily from the ear forwards to the chin: what lies lower than
    the bone at the same depth is throat. (Symmetric, as the right line serves both sides.)
    """
    face = np.zeros(len(vertices), bool)
    face[slice(*ict_tables.NARROW_FACE)] = True
    bone = vertices[list(ict_tables.RIGHT_JAWLINE)]
    return face & (vertices[:, 1] > np.interp(vertices[:, 2], bone[:, 2], bone[:, 1]) - JAW_MARGIN)


def mirror_vertices(vertices, triangles, keep):
    """[V] integer: the vertex at the mirrored place.

    Position alone does not tell the two lips, or the two sides of a tooth, apart
    where they touch; position and normal together do.

    Args:
      vertices: [V, 3], source units.
      triangles: [T, 3].
      keep: [V] bool, vertices for which the answer must be an involution.

    Raises:
      ValueError: if the mesh is not symmetric.
    """
    corner = vertices[triangles]
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normal, triangles[:, k], area)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    feature = np.concatenate([vertices, normal], axis=1)
    flip = np.array([-1, 1, 1, -1, 1, 1])
    mirror = scipy.spatial.cKDTree(feature).query(feature * flip)[1]
    lost = np.flatnonzero((mirror[mirror] != np.arange(len(mirror))) & keep)
    if len(lost):
        raise ValueError(f'neutral mesh: expected a left-right symmetric mesh, got {len(lost)} '
                         f'vertices without a mirrored one (first {lost[0]})')
    return mirror


def parities(basis, mirror, keep):
    """[K] int8: +1 for a symmetric mode, -1 for an antisymmetric one."""
    flip = np.array([-1, 1, 1], np.float32)
    partner = mirror[keep]
    return np.array([1 if np.vdot(mode[keep], mode[partner] * flip) > 0 else -1 for mode in basis],
                    np.int8)


def unit_name(name):
    """`browDown_L` -> `browDownLeft`, as ARKit spells it; other names stay."""
    for suffix, side in (('_L', 'Left'), ('_R', 'Right')):
        if name.endswith(suffix):
            return name[:-len(suffix)] + side
    return name
