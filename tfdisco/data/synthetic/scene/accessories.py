"""Glasses and the visor of a cap: small meshes carried along by the face."""

import numpy as np

from tfdisco.data.synthetic.scene.lattice import Attachment

RING, ARM, BRIDGE = 28, 5, 5
VISOR_AROUND, VISOR_OUT = 13, 4
VISOR_WIDTH, VISOR_LENGTH = 58.0, 0.5  # degrees to each side; decimetres
FRAME, LENS, VISOR = 0, 1, 2


class Accessories:
    """Meshes of one topology; what a person does not wear is NaN, and so is not drawn.

    Attributes:
      triangles: [T, 3] int32.
      material: [T], FRAME, LENS or VISOR.
    """

    def __init__(self, model, lattice):
        """Takes a `MorphableModel` and its `ScalpLattice`."""
        shape = np.asarray(model.arrays['mean_shape'], np.float64)
        self._lattice = lattice
        self._attach = Attachment(shape, np.flatnonzero(model.regions['skin']))
        points = shape[model.landmark_vertices]
        self._eye = points[42:48].mean(axis=0)
        self._bridge = points[27][2] + 0.08
        self._ear = shape[model.regions['ears']]
        parts = [_tube_triangles(RING, True)] * 2 + [_tube_triangles(ARM, False)] * 2 + [
            _tube_triangles(BRIDGE, False)]
        sizes = [4 * RING] * 2 + [4 * ARM] * 2 + [4 * BRIDGE]
        starts = np.cumsum([0, *sizes])
        triangles = [part + start for part, start in zip(parts, starts)]
        material = [np.full(len(part), FRAME) for part in parts]
        fan = np.stack([np.zeros(RING, int), 1 + np.arange(RING),
                        1 + (np.arange(RING) + 1) % RING], 1)
        start = starts[-1]
        for lens in range(2):
            triangles.append(fan + start + lens * (RING + 1))
            material.append(np.full(RING, LENS))
        start += 2 * (RING + 1)
        self._glasses_size = start
        grid = np.arange(VISOR_AROUND * VISOR_OUT).reshape(VISOR_AROUND, VISOR_OUT) + start
        a, b, c, d = (grid[:-1, :-1].ravel(), grid[1:, :-1].ravel(), grid[1:, 1:].ravel(),
                      grid[:-1, 1:].ravel())
        triangles += [np.stack([a, b, c], 1), np.stack([a, c, d], 1)]
        material += [np.full(len(a), VISOR)] * 2
        self.triangles = np.concatenate(triangles).astype(np.int32)
        self.material = np.concatenate(material)
        self.size = start + grid.size

    def vertices(self, style, displacement, base):
        """[N, 3] on a face whose vertices moved by [V, 3], with the lattice's points `base`."""
        result = np.full((self.size, 3), np.nan)
        if style.glasses is not None:
            mean = self._glasses(style.glasses)
            result[:self._glasses_size] = mean + self._attach.move(displacement,
                                                                   self._attach.to(mean))
        if style.cap is not None and style.cap['visor']:
            result[self._glasses_size:] = self._visor(style.cap, base)
        return result

    def colors(self, style):
        """[T, 3] albedo."""
        table = np.zeros((3, 3))
        if style.glasses is not None:
            table[FRAME], table[LENS] = style.glasses['color'], style.glasses['tint']
        if style.cap is not None:
            table[VISOR] = style.cap['color']
        return table[self.material]

    def _glasses(self, glasses):
        turn = np.linspace(0, 2 * np.pi, RING, endpoint=False)
        power = 2 / glasses['square']
        x = glasses['width'] * np.sign(np.cos(turn)) * np.abs(np.cos(turn))**power
        y = glasses['height'] * np.sign(np.sin(turn)) * np.abs(np.sin(turn))**power
        rings = [self._on_front(sign * (self._eye[0] + 0.01) + sign * x,
                                self._eye[1] + glasses['drop'] + y) for sign in (-1, 1)]
        thick = glasses['thick']
        tubes = [_tube(ring, thick, True) for ring in rings]
        middle = self._ear.mean(axis=0)
        for sign in (-1, 1):
            hinge = self._on_front(np.array([sign * (self._eye[0] + glasses['width'])]),
                                   np.array([self._eye[1] + 0.05]))[0]
            ear = np.array([sign * (np.abs(self._ear[:, 0]).min() + 0.06), self._eye[1] + 0.04,
                            middle[2]])
            tubes.append(_tube(np.linspace(hinge, ear, ARM), thick, False))
        inner = self._eye[0] + 0.01 - glasses['width']
        across = np.linspace(-inner, inner, BRIDGE)
        arch = self._eye[1] + glasses['drop'] + 0.04 + 0.03 * (1 - (across / inner)**2)
        tubes.append(_tube(self._on_front(across, arch), thick, False))
        lenses = [np.concatenate([ring.mean(axis=0)[None], ring]) for ring in rings]
        return np.concatenate([*tubes, *lenses])

    def _on_front(self, x, y):
        """Points [N, 3] on the curved front of the glasses."""
        return np.stack([x, y, self._bridge - 0.30 * x**2], axis=-1)

    def _visor(self, cap, base):
        azimuth = np.linspace(-VISOR_WIDTH, VISOR_WIDTH, VISOR_AROUND)
        lines = np.array([np.interp(azimuth, self._lattice.azimuth, np.arange(len(base)))]).astype(
            int)[0]
        rim = np.array([[np.interp(-cap['rim'], -line[:, 1], line[:, axis]) for axis in range(3)]
                        for line in base[lines]])
        radial = np.stack([np.sin(np.radians(azimuth)), 0 * azimuth,
                           np.cos(np.radians(azimuth))], axis=1)
        rim += cap['thick'] * radial
        out = np.linspace(0, VISOR_LENGTH, VISOR_OUT)[None, :, None]
        narrowing = np.cos(np.radians(azimuth * 90 / VISOR_WIDTH))[:, None, None]
        step = out * narrowing * np.array([0.0, -0.35, 1.0])
        return (rim[:, None] + step).reshape(-1, 3)


def _tube(line, thick, closed):
    """A square tube around a line [N, 3]: vertices [4 N, 3]."""
    ends = (np.roll(line, -1, 0) - np.roll(line, 1, 0)) if closed else np.gradient(line, axis=0)
    along = ends / np.linalg.norm(ends, axis=1, keepdims=True)
    side = np.cross(along, [0.0, 0.0, 1.0])
    length = np.linalg.norm(side, axis=1, keepdims=True)
    side = np.where(length > 0.2, side / np.maximum(length, 1e-6), [0.0, 1.0, 0.0])
    depth = np.cross(side, along)
    corners = [line + thick * (a * side + b * depth)
               for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    return np.stack(corners, axis=1).reshape(-1, 3)


def _tube_triangles(count, closed):
    result = []
    for index in range(count if closed else count - 1):
        following = (index + 1) % count
        for corner in range(4):
            other = (corner + 1) % 4
            a, b = 4 * index + corner, 4 * index + other
            c, d = 4 * following + other, 4 * following + corner
            result += [(a, b, c), (a, c, d)]
    return np.array(result)
