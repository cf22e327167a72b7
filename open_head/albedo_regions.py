"""Where the colours of a face go: soft regions over the head's vertices.

Places are written in base.obj coordinates (decimetres; the eyes at y 7.28, the
lips at 6.61, the chin at 6.2, the hairline at about 7.95). |x| makes every
region symmetric.
"""

import typing

import numpy as np
from scipy.interpolate import PchipInterpolator

from open_head import loops

EYE = (0.308, 7.284)  # |x|, y of the eyeballs' centres
MOUTH_CORNER = (0.246, 6.611)

# Regions whose colour is multiplied: blood near the surface, and shade.
FLUSH = ('cheek', 'cheekbone', 'nose', 'ears', 'chin')
SHADE = ('under_eye', 'eye_socket', 'inner_eye', 'upper_lid', 'nasolabial', 'frown', 'crows_feet',
         'temple', 'mouth_corner')

HAIRLINE_ANGLE = (0, 20, 38, 52, 62, 70, 78, 86, 92, 104, 118, 135, 160, 180)  # from the front
HAIRLINE_HEIGHT = (7.98, 7.98, 7.96, 7.86, 7.68, 7.50, 7.30, 7.22, 7.42, 7.50, 7.15, 6.80, 6.55,
                   6.50)
MOTTLE_FIELDS = 18


class BrowShape(typing.NamedTuple):
    """A brow in base.obj decimetres: offset up, arch, half thickness, ends, taper, slope."""

    lift: float = 0.0
    arch: float = 0.0
    thickness: float = 0.038
    inner: float = 0.085
    outer: float = 0.53
    taper: float = 0.9
    slope: float = 0.0


class Places(typing.NamedTuple):
    """Where each vertex is: |x|, y, z in base.obj decimetres; skin: 1 on skin, else 0."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    skin: np.ndarray


class Regions(typing.NamedTuple):
    """Weights [V] in 0 to 1, unless another shape is given.

    places: `Places`.
    tints: [V, len(FLUSH) + len(SHADE)].
    mottle: [V, MOTTLE_FIELDS] smooth fields of zero mean and unit variance.
    lip_inside: how much lip colour the rings behind the seam still have.
    crevice: occlusion to bake, 1 where the skin is open.
    depth: 0 at the teeth to 1 in the throat.
    eye_angle: [V] degrees from the gaze, NaN off the eyeballs.
    parts: {name: [V] bool} of what lies inside the head.
    """

    places: Places
    tints: np.ndarray
    mottle: np.ndarray
    lips: np.ndarray
    lip_inside: np.ndarray
    beard: np.ndarray
    moustache: np.ndarray
    goatee: np.ndarray
    scalp: np.ndarray
    upper_lash: np.ndarray
    lower_lash: np.ndarray
    crevice: np.ndarray
    depth: np.ndarray
    eye_angle: np.ndarray
    parts: dict


def places_of(head):
    """The `Places` of a `topology.Head`."""
    x, y, z = head.vertices.T
    return Places(np.abs(x), y, z, head.is_part('skin', 'neck').astype(float))


def build(head, occlusion, rng):
    """Makes the `Regions`.

    Args:
      head: `topology.Head`.
      occlusion: [V] from `occlusion.ambient_occlusion`.
      rng: `np.random.Generator`, for the mottle.
    """
    places = places_of(head)
    skin = places.skin
    lips = head.masks['lips'] * head.is_part('skin', 'mouth')
    ears = head.masks['ears'] * skin
    off_lips = skin * (1 - smoothstep(.02, .5, lips))
    beard, moustache, goatee = (density * off_lips for density in _facial_hair(places, ears))
    upper_lash, lower_lash = _lash_lines(head)
    crevice = np.clip(occlusion / 0.55, 0, 1)
    # Closed lips hide each other; seen from outside they are not that dark.
    crevice = np.where(skin > 0, np.maximum(crevice, 0.62 * np.clip(lips * 1.2, 0, 1)), crevice)
    return Regions(
        places=places, tints=_tints(places, ears) * skin[:, None],
        mottle=_mottle(head.vertices, rng), lips=lips, lip_inside=_lip_inside(head), beard=beard,
        moustache=moustache, goatee=goatee,
        scalp=hairline(places, 0.13) * skin * (1 - smoothstep(.2, .5, ears)),
        upper_lash=upper_lash, lower_lash=lower_lash, crevice=crevice,
        depth=np.clip((1.50 - places.z) / .35, 0, 1), eye_angle=head.eye_angle,
        parts={name: head.is_part(name) for name in ('mouth', 'socket', 'teeth', 'tongue')})


def smoothstep(low, high, value):
    """0 below `low`, 1 above `high`, smooth in between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def bump(value, width):
    """1 at 0, falling off as a Gaussian."""
    return np.exp(-(value / width) ** 2)


def hairline(places, softness):
    """[V] 0 on the face to 1 on the scalp, over `softness` decimetres to either side."""
    height = PchipInterpolator(HAIRLINE_ANGLE, HAIRLINE_HEIGHT)
    angle = np.degrees(np.arctan2(places.x, places.z - 0.42))
    return smoothstep(-softness, softness, places.y - height(angle))


def brow(places, shape, softness=0.026):
    """[V] density of a brow of the given `BrowShape`."""
    knots = np.array([.04, .09, .20, .31, .42, .53, .62])
    line = np.array([7.503, 7.506, 7.521, 7.535, 7.530, 7.492, 7.44])
    line = line + shape.lift + shape.slope * (knots - .31)
    line += shape.arch * np.array([-.5, -.4, 0, .5, .8, .2, -.3])
    centre = PchipInterpolator(knots, line)(np.clip(places.x, knots[0], knots[-1]))
    along = np.clip((places.x - shape.inner) / (shape.outer - shape.inner), 0, 1)
    half = shape.thickness * (.76 + .30 * along - .66 * shape.taper * along ** 2)
    density = 1 - smoothstep(half - softness, half + softness, np.abs(places.y - centre))
    density *= smoothstep(shape.inner - .05, shape.inner + .06, places.x)
    density *= 1 - smoothstep(shape.outer - .10, shape.outer + .04, places.x)
    return density * places.skin * (places.z > .9) * (places.y > 7.33)


def _tints(places, ears):
    """[V, flush and shade regions], in the order of `FLUSH` + `SHADE`."""
    x, y, z = places.x, places.y, places.z
    front = smoothstep(.85, 1.05, z)
    fold = np.zeros_like(x)
    for share in np.linspace(0, 1, 12):  # from the wing of the nose to beside the mouth
        middle = (.185 + .165 * share + .03 * np.sin(np.pi * share), 6.93 - .30 * share)
        distance = np.hypot(x - middle[0], y - middle[1])
        fold = np.maximum(fold, (1 - .4 * share) * bump(distance, .032))
    above_lid = smoothstep(7.32, 7.35, y) * (1 - smoothstep(7.39, 7.45, y))
    regions = {
        'cheek': bump(x - .47, .22) * bump(y - 6.95, .22) * smoothstep(.6, .9, z),
        'cheekbone': bump(x - .38, .13) * bump(y - 7.02, .12) * front,
        'nose': (bump(x, .13) * bump(y - 6.93, .10) * smoothstep(1.40, 1.55, z)
                 + .6 * bump(x - .16, .04) * bump(y - 6.88, .06) * front),
        'ears': ears,
        'chin': bump(x, .25) * bump(y - 6.33, .14) * front,
        'under_eye': bump((x - .30) / 1.4, .11) * bump(y - 7.175, .06) * front,
        'eye_socket': bump((x - .25) / 1.5, .14) * bump(y - 7.33, .13) * front,
        'inner_eye': bump(x - .135, .055) * bump(y - 7.27, .07) * front,
        'upper_lid': bump((x - .31) / 1.5, .12) * above_lid * front,
        'nasolabial': fold * front,
        'frown': bump(x - .05, .035) * bump(y - 7.50, .09) * front,
        'crows_feet': bump(x - .56, .06) * bump(y - 7.27, .09) * smoothstep(.6, .9, z),
        'temple': bump(x - .66, .12) * bump(y - 7.55, .22) * smoothstep(.4, .8, z),
        'mouth_corner': bump(np.hypot(x - MOUTH_CORNER[0], y - MOUTH_CORNER[1]), .022) * front}
    return np.stack([regions[name] for name in FLUSH + SHADE], axis=1)


def _facial_hair(places, ears):
    """Densities [V] of the beard with sideburns, the moustache and the goatee."""
    x, y, z = places.x, places.y, places.z
    edge = 6.66 + .80 * np.maximum(0, x - .27) ** 1.05  # the upper edge on the cheek
    beard = 1 - smoothstep(-.16, .12, y - edge)
    beard *= smoothstep(.35, .65, z) * smoothstep(5.92, 6.18, y)
    beard *= 1 - .45 * bump(x - .20, .07) * bump(y - 6.50, .06)  # bare beside the lower lip
    sideburn = (bump(x - .70, .07) * (1 - smoothstep(7.10, 7.35, y)) * smoothstep(6.80, 7.0, y)
                * smoothstep(.50, .62, z) * (1 - smoothstep(.90, 1.02, z)))
    beard = np.maximum(beard, .35 * sideburn) * (1 - smoothstep(.2, .5, ears))
    # Fades out towards the nose and to both sides; a hard edge looks glued on.
    moustache = (bump(y - (6.735 - .25 * np.maximum(0, x - .10)), .052)
                 * (1 - smoothstep(.12, .34, x)) * (1 - .35 * bump(x, .03)) * (z > 1.2))
    goatee = bump(x, .20) * (1 - smoothstep(6.40, 6.60, y)) * smoothstep(6.0, 6.2, y) * (z > .9)
    return beard, moustache, goatee


def _lash_lines(head):
    """Densities [V] along the edges of the upper and of the lower lids."""
    upper, lower = np.zeros(len(head.vertices)), np.zeros(len(head.vertices))
    vertex_of = {base: vertex for vertex, base in enumerate(head.base_vertex) if base >= 0}
    for ring, above, below in ((-1, .9, .5), (0, 1, .55), (1, 1, .5), (2, .7, .25), (3, .3, .05),
                               (4, .08, 0)):
        for column, control in enumerate(head.left_eye_loops[ring]):
            from_corner = min(column, loops.EYE_COLUMNS - column)
            fade = min(1, .3 + from_corner / 8)
            for place in (control, head.control_mirror[control]):
                vertex = vertex_of[head.control[place]]
                if 1 <= column <= loops.EYE_OUTER_CORNER:
                    upper[vertex] = above * fade
                else:
                    lower[vertex] = below * fade
    return upper, lower


def _lip_inside(head):
    """[V] share of lip colour on the rings just behind the seam of the lips."""
    vertex_of = {base: vertex for vertex, base in enumerate(head.base_vertex) if base >= 0}
    inside = np.zeros(len(head.vertices))
    for ring, share in ((-1, .8), (-2, .6), (-3, .35), (-4, .15)):
        for control in head.lip_loops[ring]:
            inside[vertex_of[head.control[control]]] = share
    return inside


def _mottle(points, rng):
    """Random waves of a few wavelengths per head: [V, MOTTLE_FIELDS]."""
    waves = rng.normal(size=(3, MOTTLE_FIELDS)) * 5  # radians per decimetre
    fields = np.cos(points @ waves + rng.uniform(0, 2 * np.pi, MOTTLE_FIELDS))
    return (fields - fields.mean(axis=0)) / fields.std(axis=0)
