"""Hair and caps: the lattice lifted off the head and cut where the hair ends."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from tfdisco.data.synthetic.scene import lattice as lattices
from tfdisco.data.synthetic.scene import noise

BELOW = -0.02  # of what does not grow: hidden under the skin


class Strands(NamedTuple):
    """A head of hair on the lattice, in the model's space.

    points: [AROUND, ROWS, 3]. left: [AROUND, ROWS] decimetres to the end of the hair,
    below 0 where none grows. along: [AROUND, ROWS, 3] unit vectors down the hairs.
    """

    points: np.ndarray
    left: np.ndarray
    along: np.ndarray


def grow(lattice, base, style, rng):
    """Hair of a style on one head.

    Args:
      lattice: the `ScalpLattice`.
      base: its points on this head, `lattice.points(...)`.
      style: a `Style` whose cut is neither bald nor buzz.
      rng: of the random outline.

    Returns:
      `Strands`.
    """
    azimuth = np.abs(lattice.azimuth)
    heights = outline(lattice, style)
    ends = ndimage.gaussian_filter1d(rng.standard_normal(len(azimuth)), 1.0, mode='wrap')
    heights = heights + style.jitter * ends
    if style.fringe is not None:
        share = np.clip((60 - azimuth) / 12, 0, 1)
        heights += share * (np.minimum(heights, style.fringe + 1.5 * style.jitter * ends) - heights)
    if style.length is not None:
        share = np.clip((azimuth - style.sides_from) / 10 + 0.5, 0, 1)
        slow = ndimage.gaussian_filter1d(rng.standard_normal(len(azimuth)), 2.0, mode='wrap')
        heights += share * (style.length + 0.2 * slow - heights)
    left = lattice.end(heights)[:, None] - lattice.arc
    hangs = style.length is not None
    lift = _thickness(lattice, style, left, azimuth, hangs)
    phase = 6.0 * ndimage.gaussian_filter1d(rng.standard_normal(len(azimuth)), 1.5, mode='wrap')
    lift += (style.wave * np.sin(style.wave_rate * lattice.arc + phase[:, None])
             * np.clip(lattice.arc - 0.6, 0, 1))
    bumps = ndimage.gaussian_filter(rng.standard_normal(left.shape), (1.0, 1.5))
    lift += (style.curl * 2.2 + 0.03) * bumps * np.clip(left / 0.15, 0, 1)
    if style.parting is not None:
        notch = np.exp(-((lattice.azimuth - style.parting) / 6.0)**2)[:, None]
        lift -= 0.5 * style.top * notch * np.clip(1.1 - lattice.arc / 1.4, 0, 1)
    lift = np.where(left > 0, lift, BELOW)
    points = base + lift[..., None] * lattice.outward
    return Strands(points, left, lattices.unit(np.gradient(points, axis=1)))


def outline(lattice, style):
    """Height [AROUND] of this person's own hairline."""
    azimuth = np.abs(lattice.azimuth)
    return (lattice.hairline() + style.dy * np.clip((75 - azimuth) / 30, 0, 1)
            + style.temple * np.exp(-((azimuth - 42) / 16)**2))


def cover(lattice, base, cap):
    """A cap as `Strands`: smooth, straight at its rim."""
    front = np.cos(np.radians(lattice.azimuth))
    heights = cap['rim'] + cap['slope'] * (1 - front) / 2
    left = lattice.end(heights)[:, None] - lattice.arc
    lift = np.where(left > 0, cap['thick'] * np.clip(left / 0.08 + 0.4, 0, 1), BELOW)
    points = base + lift[..., None] * lattice.outward
    return Strands(points, left, lattices.unit(np.gradient(points, axis=1)))


def _thickness(lattice, style, left, azimuth, hangs):
    up = lattice.outward[..., 1].clip(0, 1)
    thick = style.top * up + style.side * (1 - up)
    side = (azimuth > style.sides_from)[:, None] & hangs
    grown = np.clip(left / np.where(side, 0.5, 0.4), 0, 1)**0.7
    floor = np.where(side, 0.15, 0.0)
    if style.fringe is not None:
        front = (azimuth < 60)[:, None]
        grown = np.where(front, 0.6 * np.clip(left / 0.12, 0, 1)**0.5 + 0.4, grown)
    return thick * (grown * (1 - floor) + floor) + 0.008


def visible(left, around, arc, style, tables):
    """Whether hair shows at points: its ends and edges are ragged, as hairs are.

    Args:
      left: [N] decimetres to the end.
      around: [N] place around the head, 0 to 1.
      arc: [N] distance from the crown.
      style: a `Style`.
      tables: `NoiseTables`.

    Returns:
      [N] bool.
    """
    hairs = noise.lookup(tables.strands, 2.0 * around + style.offsets[0], 0.35 * arc)
    return left > 0.01 + (0.10 + 1.2 * style.jitter) * hairs**2


def color(style, normals, along, around, arc, shading, light, inside, tables):
    """Colour of hair, after Kajiya and Kay 1989: two highlights across the strands.

    Args:
      style: a `Style`.
      normals, along: [N, 3] unit vectors, posed.
      around, arc: [N] place around the head (0 to 1), distance from the crown.
      shading: [N, 3] of the light on the normals.
      light: [3] unit vector to the light.
      inside: whether it is the hair's inner side that shows.
      tables: `NoiseTables`.

    Returns:
      [N, 3] 0 to 255 and beyond.
    """
    place = style.offsets[1]
    fine = noise.lookup(tables.strands, 3.0 * around + place, 0.3 * arc + place)
    clumps = noise.lookup(tables.strands, 0.45 * around + place, 0.12 * arc)
    half = light + [0.0, 0.0, 1.0]
    half /= np.linalg.norm(half)
    across = np.sqrt(np.clip(1 - (along @ half)**2, 0, 1))
    strands = style.hair_color * (0.45 + 0.7 * fine + 0.35 * (clumps - 0.5))[:, None]
    facing = np.clip(normals[:, 2], 0, 1)
    gloss = (0.5 * style.hair_color + [34, 32, 28]) * (across**22 * fine * facing)[:, None]
    sharp = np.array([26.0, 25, 23]) * (across**80 * fine * facing)[:, None]
    # Deep hair gets less light than the outermost.
    result = (strands * (0.35 + 0.65 * np.clip(normals[:, 2] + 0.5, 0, 1))[:, None]
              + gloss + sharp) * np.clip(shading, 0.05, 1.4)
    return result * (0.4 if inside else 1.0)
