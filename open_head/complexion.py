"""Random complexions that go with a person's shape.

Skin follows ancestry; hair, brows, beard and eyes follow the skin; shade follows
age and weight. All colours are 0 to 255 in display space.
"""

import typing

import numpy as np

from open_head import albedo_regions
from open_head.albedo_regions import FLUSH, SHADE

# Melanin of each ancestry and the colour of skin by melanin. The line of colours
# is nearly straight: PCA is linear, and would turn a bent one green or orange.
MELANIN = np.array([.80, .36, .16])
MELANIN_SPREAD = .06
SKIN_KNOTS = (0, .25, .5, .75, 1)
SKIN_COLOURS = np.array([(236, 197, 176), (212, 168, 142), (174, 127, 100), (130, 90, 69),
                         (84, 57, 46)], float)

HAIR_COLOURS = {'black': (26, 22, 20), 'dark brown': (46, 34, 27), 'brown': (76, 55, 40),
                'light brown': (106, 80, 58), 'blond': (146, 117, 84), 'red': (118, 68, 42)}
GREY = np.array([142, 138, 133.0])


class Complexion(typing.NamedTuple):
    """Everything random about one person's colours; colours are [3]."""

    skin: np.ndarray
    melanin: float
    tints: np.ndarray  # [regions] amounts, in the order of FLUSH + SHADE
    mottle: np.ndarray  # [2, fields] brightness and redness
    lips: np.ndarray
    lip_strength: float
    hair: np.ndarray
    brow: albedo_regions.BrowShape
    brow_strength: float
    beard: tuple  # strength of beard, moustache, goatee
    scalp: float
    lashes: float
    iris: np.ndarray
    sclera: np.ndarray
    teeth: np.ndarray


def sample(rng, people, index):
    """Draws the colours of person `index` of `identity.People`: `Complexion`."""
    ancestry, age = people.ancestry[index], people.age[index]
    man = people.gender[index] > 0.5
    adult = age > 0.44
    years = np.clip((age - .5) / .4, 0, 1)  # 0 at twenty-five, 1 at seventy-five
    melanin = float(np.clip(ancestry @ MELANIN + rng.normal(0, MELANIN_SPREAD), .02, .98))
    skin = _skin_colour(melanin, rng.normal(.05, .10),
                        rng.normal(.10 * ancestry[1] - .05, .07))
    hair = _hair_colour(rng, melanin, years)

    def around(mean, spread, least, most):
        return float(np.clip(rng.normal(mean, spread), least, most))

    heavy = people.weight[index] - .5
    amounts = {
        'cheek': around(.30, .22, -.1, .9), 'cheekbone': around(.15 + .2 * heavy, .15, -.1, .6),
        'nose': around(.35, .22, -.1, 1.0), 'ears': around(.55, .25, 0, 1.2),
        'chin': around(.12, .15, -.2, .5),
        'under_eye': around(.15 + .55 * years, .20, -.1, 1.2),
        'eye_socket': around(.20 + .25 * years, .20, -.1, .9),
        'inner_eye': around(.50, .25, 0, 1.2), 'upper_lid': around(.20, .22, -.2, .8),
        'nasolabial': around(.02 + .60 * years, .12, -.05, .9),
        'frown': around(-.05 + .30 * years, .10, -.05, .5),
        'crows_feet': around(-.05 + .30 * years, .10, -.05, .5),
        'temple': around(.10 - .2 * heavy, .12, -.1, .4), 'mouth_corner': around(1.6, .3, .8, 2.4)}
    tints = np.array([amounts[name] for name in FLUSH + SHADE])
    tints[:len(FLUSH)] *= 1 - .6 * melanin

    lips = skin * (np.array([.93, .73, .74]) * (1 - melanin) + np.array([.86, .75, .77]) * melanin)
    lip_strength = around(.60, .12, .3, .9)
    if not man and adult and rng.random() < .18:  # lipstick, of a colour near the lips'
        lips = lips * [.98, rng.uniform(.70, .88), rng.uniform(.76, .94)]
        lip_strength = around(.70, .08, .5, .85)
    brow = albedo_regions.BrowShape(
        lift=rng.normal(.002, .008), arch=around(.004 if man else .009, .008, -.012, .028),
        thickness=around(.040 if man else .033, .005, .022, .052),
        inner=around(.088, .012, .06, .12), outer=around(.53, .02, .47, .58),
        taper=around(.9, .12, .5, 1.1), slope=rng.normal(.0, .03))
    yellowed = [1, 1 - .02 * rng.random(), 1 - .04 * rng.random()]
    return Complexion(
        skin=skin, melanin=melanin, tints=tints,
        mottle=rng.normal(size=(2, albedo_regions.MOTTLE_FIELDS)),
        lips=lips, lip_strength=lip_strength, hair=hair, brow=brow,
        brow_strength=around(.62 if man else .54, .09, .3, .82),
        beard=_facial_hair(rng, man, adult), scalp=_scalp(rng, man, years),
        lashes=around(.50 if man else .68, .10, .3, .9), iris=_iris_colour(rng, melanin),
        sclera=np.array([226, 219, 212]) * rng.uniform(.93, 1.02) * yellowed,
        teeth=np.array([224, 216, 198]) * rng.uniform(.88, 1.02))


def _skin_colour(melanin, blood, yellow):
    """[3] colour; `blood` reddens, `yellow` warms."""
    colour = np.array([np.interp(melanin, SKIN_KNOTS, channel) for channel in SKIN_COLOURS.T])
    return np.clip(colour * np.exp(-np.array([.01, .12, .09]) * blood
                                   + np.array([.0, -.01, -.09]) * yellow), 0, 255)


def _hair_colour(rng, melanin, years):
    if rng.random() < 2.6 * (melanin - .08):
        names, shares = ('black', 'dark brown'), (.6, .4)
    else:
        names = ('dark brown', 'brown', 'light brown', 'blond', 'red')
        shares = (.28, .32, .20, .14, .06)
    colour = np.array(HAIR_COLOURS[rng.choice(names, p=shares)]) * rng.uniform(.88, 1.12)
    grey = max(0, years - .35) * rng.uniform(0, 1.2)
    return colour + grey * (GREY - colour)


def _iris_colour(rng, melanin):
    kind = rng.random()
    if kind < .35 + 2.2 * max(0, melanin - .12):
        return np.array([80, 54, 36]) * rng.uniform(.75, 1.25)
    if kind < .65 + melanin:
        return np.array([rng.uniform(88, 112), rng.uniform(70, 90), rng.uniform(46, 62)])
    if kind < .88:
        return np.array([rng.uniform(84, 116), rng.uniform(106, 134), rng.uniform(124, 154)])
    return np.array([rng.uniform(84, 106), rng.uniform(98, 118), rng.uniform(74, 92)])


def _facial_hair(rng, man, adult):
    """Strengths of beard, moustache and goatee; only grown men have them."""
    if not (man and adult):
        return 0.0, 0.0, 0.0
    kind = rng.random()
    if kind < .50:  # shaven
        shadow = min(abs(rng.normal(0, .08)), .2)
        return shadow, .8 * shadow, 0.0
    if kind < .78:  # stubble
        stubble = rng.uniform(.12, .32)
        return stubble, .8 * stubble, .2 * stubble
    if kind < .93:  # beard
        beard = rng.uniform(.32, .55)
        return beard, .9 * beard, .3 * beard
    return rng.uniform(0, .12), rng.uniform(.2, .4), rng.uniform(.15, .4)


def _scalp(rng, man, years):
    """Density of cropped hair on the scalp."""
    if man and rng.random() < .12 + .25 * years:
        return rng.uniform(.05, .3)
    return rng.uniform(.55, .85)
