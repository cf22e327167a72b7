"""Skin at pixel level, brows, beards, short hair on the scalp, wet eyes, clothes."""

import numpy as np

from tfdisco.data.synthetic.scene import noise

# Channels interpolated over the head besides albedo and normals, see `SkinMaps.channels`.
CHANNELS = 6
STUBBLE = np.array([70.0, 66, 64])


class SkinMaps:
    """Where things grow on the mean face of one morphable model.

    Attributes:
      rest: [V, 3] float32, the mean face: where noise is read, so that it sticks to the skin.
      brow: [V] 0 to 1. beards: {name of `style.BEARDS`: [V] 0 to 1}.
      neck: [V] bool, where clothes can be.
    """

    def __init__(self, model, lattice):
        """Takes a `MorphableModel` and its `ScalpLattice`."""
        shape = np.asarray(model.arrays['mean_shape'], np.float64)
        self.rest = shape.astype(np.float32)
        points = shape[model.landmark_vertices]
        skin = model.regions['skin'] | model.regions['scalp'] | model.regions['neck']
        grows = model.regions['scalp'] | model.regions['skin'] | model.regions['neck']
        self._above = np.where(grows, lattice.above_hairline(shape), -1.0)
        self._azimuth = np.abs(np.degrees(np.arctan2(shape[:, 0],
                                                     shape[:, 2] - lattice.centre[2])))
        self.neck = model.regions['neck']
        self.brow = np.zeros(len(shape))
        for line in (points[17:22], points[22:27]):
            steps = np.linspace(0, 4, 33)
            curve = np.stack([np.interp(steps, np.arange(5), axis) for axis in line.T], axis=1)
            distance = np.linalg.norm(shape[:, None, :2] - curve[None, :, :2], axis=-1)
            taper = 1.0 - 0.35 * np.abs(steps / 2 - 1)  # thinner at both ends
            self.brow = np.maximum(self.brow, np.exp(-(distance / (0.034 * taper))**4).max(axis=1))
        self.brow *= model.regions['skin'] * np.clip((np.abs(shape[:, 0]) - 0.06) / 0.04, 0, 1)
        self.beards = _beards(shape, points, skin & ~model.regions['lips'])
        triangle = model.triangles[:, 0]
        self.eye_triangles = model.regions['eyes'][triangle]
        self.skin_triangles = skin[triangle] | model.regions['ears'][triangle]
        self.neck_triangles = self.neck[model.triangles].all(axis=1)
        self.face_triangles = model.face_mask[model.triangles].all(axis=1)

    def channels(self, style):
        """[V, CHANNELS]: rest place, height over the person's own hairline, brow, beard."""
        own = (style.dy * np.clip((75 - self._azimuth) / 30, 0, 1)
               + style.temple * np.exp(-((self._azimuth - 42) / 16)**2))
        beard = self.beards.get(style.beard, np.zeros(len(self.rest)))
        grown = np.stack([self._above - own, self.brow, beard], axis=1)
        return np.concatenate([self.rest, grown], axis=1).astype(np.float32)

    def thickness_of_clothes(self, style):
        """[V] decimetres that clothes stand off the neck and shoulders."""
        below = np.clip((style.collar - self.rest[:, 1]) / 0.04, 0, 1)
        return 0.045 * below * self.neck


def _beards(shape, points, skin):
    x, y = np.abs(shape[:, 0]), shape[:, 1]
    mouth, nose, lip = points[48], points[33], points[57]
    cheek = np.interp(x, [0.0, abs(mouth[0]), 0.74], [mouth[1] + 0.08, mouth[1] + 0.08, 0.1])
    full = np.clip((cheek - y) / 0.12, 0, 1) * np.clip((y + 1.0) / 0.15, 0, 1)
    moustache = (np.clip((nose[1] - 0.01 - y) / 0.04, 0, 1) * (y > points[51][1] - 0.12)
                 * np.clip((0.30 - x) / 0.06, 0, 1))
    goatee = np.clip((lip[1] + 0.01 - y) / 0.04, 0, 1) * np.clip((0.26 - x) / 0.08, 0, 1) * (
        shape[:, 2] > -0.3)
    goatee = np.maximum(goatee, moustache)
    whole = np.maximum(full, moustache)
    masks = {'stubble': whole, 'moustache': moustache, 'goatee': goatee, 'full': whole}
    return {name: mask * skin for name, mask in masks.items()}


def paint(albedo, rest, above, brow, beard, style, tables):
    """Adds what grows on the skin, and its detail, to the model's albedo.

    Args:
      albedo: [N, 3] 0 to 255. rest, above, brow, beard: [N, ...] of `SkinMaps.channels`.
      style: a `Style`.
      tables: `NoiseTables`.

    Returns:
      albedo [N, 3] and the share of short hair on the scalp [N], 0 to 1.
    """
    across = 0.9 * rest[:, 0] + 0.5 * rest[:, 2] + style.offsets[2]
    down = 0.9 * rest[:, 1] - 0.5 * rest[:, 2] + style.offsets[3]
    pores = noise.lookup(tables.fine, across, down) - 0.5
    blotches = noise.lookup(tables.soft, 0.22 * across, 0.22 * down) - 0.5
    freckles = noise.lookup(tables.soft, 1.1 * across, 1.1 * down)
    detail = style.roughness * (0.08 * pores + 0.035 * blotches)
    detail -= style.redness**4 * 0.25 * np.clip((freckles - 0.9) * 12, 0, 1)
    albedo = albedo * (1.0 + detail)[:, None]
    albedo *= 1.0 + style.redness * 0.08 * blotches[:, None] * np.array([0.3, 1.0, 1.0])
    hairs = noise.lookup(tables.strands, 1.3 * down, 1.9 * across)
    share = np.clip(brow * style.brow_strength * (0.35 + 0.9 * hairs), 0, 0.92)
    albedo = _mix(albedo, style.brow_color, share)
    upright = noise.lookup(tables.strands, 2.0 * across, 1.1 * down)
    stubble = style.beard == 'stubble'
    share = beard * style.beard_strength * (0.25 + 0.25 * pores if stubble
                                            else np.clip(1.35 * upright + 0.25, 0, 1))
    albedo = _mix(albedo, STUBBLE if stubble else style.brow_color, np.clip(share, 0, 0.95))
    scalp = np.clip((above - 0.03 * (upright - 0.5)) / 0.05, 0, 1)
    cover = {'bald': 0.0, 'buzz': 0.55}.get(style.cut, 0.9)
    grain = 0.7 + 0.6 * noise.lookup(tables.fine, 1.7 * across, 1.7 * down)
    albedo = _mix(albedo, 0.75 * style.hair_color, np.clip(scalp * cover * grain, 0, 0.95))
    return albedo, scalp * (cover > 0)


def clothes(rest, style, tables):
    """Albedo [N, 3] of cloth at rest places [N, 3]."""
    weave = noise.lookup(tables.fine, 3 * rest[:, 0], 3 * rest[:, 1]) - 0.5
    folds = noise.lookup(tables.soft, 0.3 * rest[:, 0] + style.offsets[4], 0.2 * rest[:, 1]) - 0.5
    result = np.tile(style.clothes_color, (len(rest), 1))
    if style.stripes is not None:
        stripe = np.sin(style.stripes * (rest[:, 1] * 6 + rest[:, 0] * style.offsets[5])) > 0.3
        result[stripe] = style.second_color
    return result * (1.0 + 0.12 * weave + 0.25 * folds)[:, None]


def highlights(normals, light, shading, style, eyes):
    """Light reflected by skin and, sharper, by wet eyes: [N, 3] to add."""
    half = light + [0.0, 0.0, 1.0]
    half /= np.linalg.norm(half)
    facing = np.clip(normals @ half, 0, 1)
    level = shading.mean(axis=1).clip(0, 1.2)
    skin = 255 * style.shine * (0.30 * facing**14 + 0.35 * facing**50) * level
    eye = 230 * np.clip(facing, 0, 1)**300 + 25 * facing**30
    return np.where(eyes, eye, skin)[:, None]


def _mix(color, other, share):
    return color + share[:, None] * (other - color)
