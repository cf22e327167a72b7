"""A small, exactly symmetric face model, and ARCHITECTURE.md's formulas in NumPy float64."""

import functools

import numpy as np

from tfdisco.face3d import model_file


def arrays(identity_shape=4, identity_texture=3, expression=2, edge=13, seed=0):
    """Model arrays of a bumpy shell, edge x edge vertices, seen from +z."""
    rng = np.random.default_rng(seed)
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, edge), np.linspace(-1, 1, edge)))
    mirror = np.arange(edge**2).reshape(edge, edge)[:, ::-1].ravel()

    def mirrored(values, flip):
        return values[..., mirror, :] * flip

    def symmetric(shape, flip):
        values = rng.normal(size=shape)
        return (values + mirrored(values, flip)) / 2

    def basis(count, flip, scale):
        parity = np.where(np.arange(count) % 3 == 2, -1, 1).reshape(count, 1, 1)
        values = rng.normal(size=(count, edge**2, 3)) * scale
        return ((values + parity * mirrored(values, flip)) / 2).astype(np.float32), parity.ravel()

    in_space, in_color = np.array([-1, 1, 1]), np.ones(3)
    shape = np.stack([0.8 * u, 0.9 * v, 0.9 - 0.7 * u**2 - 0.6 * v**2], axis=-1)
    shape += 0.05 * symmetric(shape.shape, in_space)
    cell = np.arange(edge**2).reshape(edge, edge)
    a, b, c, d = (cell[:-1, :-1], cell[:-1, 1:], cell[1:, :-1], cell[1:, 1:])
    left = (np.arange(edge - 1) < (edge - 1) // 2) & np.ones_like(a, bool)
    triangles = np.concatenate([
        np.stack([a, b, np.where(left, c, d)], -1).reshape(-1, 3),
        np.stack([np.where(left, b, a), d, c], -1).reshape(-1, 3)])
    # Landmarks in mirrored pairs, so that their set is symmetric.
    picked = rng.choice(edge**2, 34, replace=False)
    identity_basis, identity_parity = basis(identity_shape, in_space, 0.04)
    expression_basis, expression_parity = basis(expression, in_space, 0.04)
    albedo_basis, albedo_parity = basis(identity_texture, in_color, 15.0)
    return {
        'name': 'toy', 'source': 'test', 'licence': 'none',
        'mean_shape': shape.astype(np.float32), 'identity_basis': identity_basis,
        'expression_basis': expression_basis,
        'mean_albedo': (150 + 40 * symmetric(shape.shape, in_color)).astype(np.float32),
        'albedo_basis': albedo_basis, 'triangles': triangles.astype(np.int32),
        'landmarks': np.concatenate([picked, mirror[picked]]).astype(np.int32),
        'face_mask': (np.abs(u) < 0.8) & (np.abs(v) < 0.75),
        'expression_unit_names': np.array(['open', 'smile']),
        'expression_units': rng.normal(size=(2, expression)).astype(np.float32),
        'region_names': np.array(['upper', 'lower']),
        'vertex_regions': (v < 0).astype(np.uint8), 'mirror_vertex': mirror.astype(np.int32),
        'identity_parity': identity_parity, 'expression_parity': expression_parity,
        'albedo_parity': albedo_parity,
    }


@functools.lru_cache(maxsize=None)
def model():
    """The toy as a `MorphableModel`."""
    from tfdisco.face3d.morphable_model import MorphableModel
    return MorphableModel(arrays())


def people(of, count, seed=0, pose=0.25, light=0.15):
    """Coefficients [count, size] of moderate size, all parts at work."""
    rng = np.random.default_rng(seed)
    scale = {'pose': pose, 'illumination': light}
    parts = {part: rng.normal(size=(count, getattr(of.layout, part))) * scale.get(part, 1.0)
             for part in of.layout.slices}
    parts['pose'] = np.clip(parts['pose'], -1.5 * pose, 1.5 * pose)
    return of.coefficients(count, **parts)


def rotation(pitch, yaw, roll):
    """Rz Ry Rx, one factor after the other."""
    def about(axis, angle):
        matrix = np.eye(3)
        i, j = [k for k in range(3) if k != axis]
        sine = np.sin(angle) * (-1 if axis == 1 else 1)
        matrix[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -sine, sine, np.cos(angle)
        return matrix
    return about(2, roll) @ about(1, yaw) @ about(0, pitch)


def harmonics(n):
    """[N, 3] -> [N, 9], term by term as ARCHITECTURE.md writes them."""
    a0, a1, a2 = np.pi, 2 * np.pi / np.sqrt(3), 2 * np.pi / np.sqrt(8)
    c0, c1, c2 = 1 / np.sqrt(4 * np.pi), np.sqrt(3) / np.sqrt(4 * np.pi), \
        3 * np.sqrt(5) / np.sqrt(12 * np.pi)
    nx, ny, nz = n.T
    return np.stack([
        a0 * c0 * np.ones_like(nx), -a1 * c1 * ny, a1 * c1 * nz, -a1 * c1 * nx, a2 * c2 * nx * ny,
        -a2 * c2 * ny * nz, a2 * c2 * (3 * nz**2 - 1) / (2 * np.sqrt(3)), -a2 * c2 * nx * nz,
        a2 * c2 * (nx**2 - ny**2) / 2], axis=-1)


def vertex_normals(vertices, triangles):
    """[V, 3]: the area-weighted sum of the triangles' normals, normalised."""
    sums = np.zeros_like(vertices)
    first, second, third = vertices[triangles].transpose(1, 0, 2)
    for corner in triangles.T:
        np.add.at(sums, corner, np.cross(second - first, third - first) / 2)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def focal(width):
    """Focal length in pixels."""
    return 1238.3 * width / 256


class Oracle:
    """The renderer for one face, in float64, triangle by triangle."""

    def __init__(self, model_arrays, height, width, region='face'):
        """Takes arrays as a model file holds them."""
        self.arrays = {key: np.asarray(value, np.float64) if key in model_file.BASES + (
            'mean_shape', 'mean_albedo') else value for key, value in model_arrays.items()}
        self.height, self.width = height, width
        triangles = self.arrays['triangles']
        inside = self.arrays['face_mask'][triangles].all(axis=1)
        self.drawn = triangles[inside] if region == 'face' else triangles
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        # The ray through each pixel centre, one unit of depth long.
        self.rays = np.stack([(x - width / 2) / focal(width), -(y - height / 2) / focal(width),
                              -np.ones_like(x)], axis=-1)

    def vertices(self, parts):
        """Posed vertices [V, 3] of `Coefficients` of one face."""
        a = self.arrays
        shape = (a['mean_shape'] + np.tensordot(parts.identity_shape, a['identity_basis'], 1)
                 + np.tensordot(parts.expression, a['expression_basis'], 1))
        return shape @ rotation(*parts.pose).T

    def colors(self, parts, vertices):
        """Unclipped vertex colours [V, 3]."""
        a = self.arrays
        albedo = a['mean_albedo'] + np.tensordot(parts.identity_texture, a['albedo_basis'], 1)
        gamma = parts.illumination.reshape(3, 9) + np.eye(9)[0] * 0.8
        return albedo * (harmonics(vertex_normals(vertices, a['triangles'])) @ gamma.T)

    def landmarks(self, vertices):
        """[68, 2] pixels."""
        x, y, z = vertices[self.arrays['landmarks']].T
        f = focal(self.width)
        return np.stack([self.width / 2 + f * x / (10 - z), self.height / 2 - f * y / (10 - z)], 1)

    def barycentrics(self, vertices, triangles, rays):
        """Weights of the corners where a ray meets the plane of a triangle, and 1 / depth."""
        corners = vertices[triangles] - [0, 0, 10]
        weights = np.linalg.solve(np.swapaxes(corners, -1, -2), rays[..., None])[..., 0]
        inverse_depth = weights.sum(-1)
        return weights / inverse_depth[..., None], inverse_depth

    def visible(self, vertices):
        """Ids [H, W] of the nearest triangle, -1 for none, and [H, W] where that is doubtful."""
        nearest = np.zeros((self.height, self.width))
        ids = np.full((self.height, self.width), -1)
        doubtful = np.zeros((self.height, self.width), bool)
        for index, corners in enumerate(vertices[self.drawn] - [0, 0, 10]):
            # Only pixels near the triangle, or it would take minutes.
            x = self.width / 2 - focal(self.width) * corners[:, 0] / corners[:, 2]
            y = self.height / 2 + focal(self.width) * corners[:, 1] / corners[:, 2]
            near = (slice(max(0, int(y.min()) - 1), max(0, int(y.max()) + 2)),
                    slice(max(0, int(x.min()) - 1), max(0, int(x.max()) + 2)))
            weights = self.rays[near] @ np.linalg.inv(corners)
            inverse_depth = weights.sum(-1)
            covered = (weights >= 0).all(-1) & (inverse_depth > nearest[near])
            doubtful[near] |= (np.abs(weights).min(-1) < 1e-5) & (weights > -1e-5).all(-1)
            nearest[near] = np.where(covered, inverse_depth, nearest[near])
            ids[near] = np.where(covered, index, ids[near])
        return ids, doubtful

    def image(self, vertices, colors, ids):
        """[H, W, 3] in [-1, 1]: colours interpolated, then clipped."""
        seen = ids >= 0
        triangles = self.drawn[ids[seen]]
        weights, _ = self.barycentrics(vertices, triangles, self.rays[seen])
        result = np.full(ids.shape + (3,), -1.0)
        pixels = np.einsum('nk,nkc->nc', weights, colors[triangles])
        result[seen] = np.clip(pixels, 0, 255) / 127.5 - 1
        return result
