"""Cuts the parts of a head out of MakeHuman's base mesh."""

import collections

import numpy as np
import scipy.sparse
from scipy.sparse import csgraph

# What a vertex belongs to. Where parts meet, the earlier name wins.
PARTS = ('skin', 'neck', 'mouth', 'socket', 'teeth', 'tongue', 'left_eye', 'right_eye')
MASKS = {'face': 'mpfb_face', 'ears': 'mpfb_ears', 'lips': 'mpfb_lips'}

# UV islands of the body, by their number of quads.
HEAD_QUADS, MOUTH_QUADS, SOCKET_QUADS = 3116, 398, 293
NECK_RINGS = 6  # clean rings of 48 vertices below the head island
SOCKET_RINGS = 3  # enough to hide the rim behind the eyeball


def islands(mesh):
    """Quad indices of the head's skin, the mouth, the left and the right socket, and the rest."""
    body = np.flatnonzero(mesh.groups == 'body')
    corners = mesh.texture_quads[body]
    count = len(mesh.texture_coordinates)
    links = scipy.sparse.coo_matrix(
        (np.ones(corners.size), (corners.ravel(), np.roll(corners, -1, axis=1).ravel())),
        shape=(count, count))
    labels = csgraph.connected_components(links, directed=False)[1][corners[:, 0]]
    sizes = collections.Counter(labels.tolist())

    def of_size(size):
        found = [body[labels == label] for label in sorted(sizes) if sizes[label] == size]
        return sorted(found, key=lambda quads: -mesh.vertices[mesh.quads[quads], 0].mean())

    (head,), (mouth,) = of_size(HEAD_QUADS), of_size(MOUTH_QUADS)
    left_socket, right_socket = of_size(SOCKET_QUADS)
    torso = body[labels == sizes.most_common(1)[0][0]]
    return head, mouth, left_socket, right_socket, torso


def parts_of_quads(mesh):
    """[Q] the part of each quad of the base mesh, -1 for what is left out."""
    head, mouth, left_socket, right_socket, torso = islands(mesh)
    skin = set(np.unique(mesh.quads[head]).tolist())
    parts = np.full(len(mesh.quads), -1)
    parts[head] = PARTS.index('skin')
    parts[mouth] = PARTS.index('mouth')
    parts[_grow(mesh, skin, torso, NECK_RINGS)] = PARTS.index('neck')
    for socket in (left_socket, right_socket):
        parts[_grow(mesh, skin, socket, SOCKET_RINGS)] = PARTS.index('socket')
    parts[np.isin(mesh.groups, ['helper-upper-teeth', 'helper-lower-teeth'])] = (
        PARTS.index('teeth'))
    parts[mesh.groups == 'helper-tongue'] = PARTS.index('tongue')
    return parts


def _grow(mesh, seed, candidates, rings):
    """The quads among `candidates` within `rings` quads of the vertices `seed`."""
    reached = np.zeros(len(mesh.vertices), bool)
    reached[sorted(seed)] = True
    for _ in range(rings):
        quads = candidates[reached[mesh.quads[candidates]].any(axis=1)]
        reached[mesh.quads[quads]] = True
    return quads


def sample_mask(mesh, image):
    """Largest bilinear sample of a texture mask over a body vertex's UV copies: [B]."""
    body = mesh.groups == 'body'
    height, width = image.shape
    u, v = mesh.texture_coordinates[mesh.texture_quads[body].ravel()].T
    x = np.clip(u * width - 0.5, 0, width - 1.001)
    y = np.clip((1 - v) * height - 0.5, 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    right_share, low_share = x - left, y - top
    samples = ((image[top, left] * (1 - right_share) + image[top, left + 1] * right_share)
               * (1 - low_share)
               + (image[top + 1, left] * (1 - right_share)
                  + image[top + 1, left + 1] * right_share) * low_share)
    mask = np.zeros(len(mesh.vertices))
    np.maximum.at(mask, mesh.quads[body].ravel(), samples)
    return mask
