"""Paints the albedo of a head: base colours, and layers over them."""

import numpy as np

from open_head import albedo_regions
from open_head.albedo_regions import FLUSH, smoothstep

LASH = np.array([40, 28, 24.0])
PUPIL_COLOUR = np.array([14, 12, 12.0])
PUPIL, LIMBUS = 8.1, 22.5  # degrees from the gaze, see eyeball.RINGS
FLUSH_TINT = np.array([.02, -.13, -.10])
SHADE_TINT = np.array([-.14, -.16, -.13])
WHISKER_WARMTH = np.array([.36, .29, .26])  # skin that shows between whiskers
OCCLUSION_TINT = np.array([.55, .72, .78])  # light in crevices has passed through skin


def paint(regions, person):
    """Colours of one head.

    Args:
      regions: `albedo_regions.Regions`.
      person: `complexion.Complexion`.

    Returns:
      [V, 3] float64 albedo.
    """
    tint = np.concatenate([np.outer(person.tints[:len(FLUSH)], FLUSH_TINT),
                           np.outer(person.tints[len(FLUSH):], SHADE_TINT)])
    bright, red = regions.mottle @ person.mottle.T[:, 0], regions.mottle @ person.mottle.T[:, 1]
    colour = person.skin * (1 + regions.tints @ tint
                            + np.outer(bright, [.0028, .0036, .004])
                            + np.outer(red, [.0006, -.0024, -.0018]))
    colour = _blend(colour, regions.scalp * person.scalp, .9 * person.hair + .1 * person.skin)
    colour = _blend(colour, regions.lips * person.lip_strength, person.lips)
    rim = 4 * regions.lips * (1 - regions.lips) * regions.places.skin
    colour *= 1 - .04 * rim[:, None]
    brow_density = albedo_regions.brow(regions.places, person.brow) * person.brow_strength
    brow_colour = .85 * np.minimum(person.hair, .80 * person.skin) + .10 * person.skin
    colour = _blend(colour, brow_density, brow_colour)
    whiskers = sum(strength * region for strength, region in
                   zip(person.beard, (regions.beard, regions.moustache, regions.goatee)))
    colour = _blend(colour, np.clip(whiskers, 0, .8),
                    .65 * person.hair + WHISKER_WARMTH * person.skin)
    lashes = np.clip(person.lashes * (regions.upper_lash + .55 * regions.lower_lash), 0, .9)
    colour = _blend(colour, lashes, LASH)
    colour *= 1 - .85 * (1 - regions.crevice[:, None]) * OCCLUSION_TINT
    _paint_mouth(colour, regions, person)
    _paint_eyes(colour, regions, person)
    return np.clip(colour, 3, 253)


def _blend(colour, weight, other):
    return colour + weight[:, None] * (other - colour)


def _paint_mouth(colour, regions, person):
    """Gums, tongue, teeth and sockets, darker the deeper; in place."""
    mouth, tongue = regions.parts['mouth'], regions.parts['tongue']
    teeth, socket = regions.parts['teeth'], regions.parts['socket']
    depth = regions.depth[:, None]
    lip = person.lips * person.lip_strength + person.skin * (1 - person.lip_strength)
    gums = np.array([165, 78, 72]) * (1 - .25 * person.melanin)
    open_share = .45 + .55 * regions.crevice[:, None]
    inside = gums * (1 - .88 * depth) * open_share
    inside = _blend(inside, regions.lips, .8 * lip)
    inside = _blend(inside, regions.lip_inside, lip * [.62, .5, .5])
    colour[mouth] = inside[mouth]
    colour[tongue] = (np.array([178, 92, 88]) * (1 - .6 * depth))[tongue]
    dim = 1 - .9 * np.clip((1.44 - regions.places.z) / .25, 0, 1)
    colour[teeth] = (person.teeth * dim[:, None])[teeth]
    colour[socket] = person.skin * [.85, .55, .52]


def _paint_eyes(colour, regions, person):
    """Pupil, iris, limbus and a sclera that is shaded by the lids; in place."""
    eyes = np.isfinite(regions.eye_angle)
    angle = regions.eye_angle[eyes][:, None]
    limbus = .32 * person.iris + .12 * person.sclera
    ball = np.select(
        [angle <= PUPIL, angle < 13, angle < 19, angle < 20, angle < LIMBUS, angle < 26,
         angle < 40],
        [PUPIL_COLOUR, person.iris * 1.15, person.iris, person.iris * .72, limbus,
         person.sclera * .86, person.sclera], person.sclera * [1, .94, .91])
    up = regions.places.y[eyes] - albedo_regions.EYE[1]
    aside = np.abs(regions.places.x[eyes] - albedo_regions.EYE[0])
    ball *= 1 - .42 * smoothstep(-.005, .06, up)[:, None]
    ball *= 1 - smoothstep(.07, .13, aside)[:, None] * [.12, .26, .26]
    # A window's reflection: without it eyes look dull.
    glint = np.exp(-((up - .033) ** 2 + (aside * .9) ** 2) / .010 ** 2)
    colour[eyes] = _blend(ball, .75 * glint, np.array([236, 238, 242.0]))
