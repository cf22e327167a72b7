"""Random people and the shape of their heads.

A person is a set of MakeHuman's macro parameters (ancestry, gender, age,
muscle, weight) and of detail sliders. The same person also gets an albedo
(`complexion`), so that a face and its colours belong together.
"""

import typing

import numpy as np

from open_head import source

ANCESTRIES = ('african', 'asian', 'caucasian')
GENDERS = ('female', 'male')
AGES = ('baby', 'child', 'young', 'old')
AGE_KNOTS = (0, 0.1875, 0.5, 1)  # MakeHuman's age slider at `AGES`
LEVELS = ('min', 'average', 'max')

ANCESTRY_CONCENTRATION = (.45, .50, .72)  # below 1: mixed people are rarer
CHILDREN = 0.10  # share of the people

# Standard deviation of the detail sliders, in full targets, before DETAIL. At
# DETAIL = 1 faces are caricatures.
DETAIL = 0.66
FOLDER_SPREAD = {'head': .30, 'forehead': .30, 'eyebrows': .26, 'eyes': .30, 'nose': .35,
                 'mouth': .32, 'ears': .28, 'chin': .30, 'cheek': .35, 'neck': .20, 'asym': .12}
# Sliders (by a part of their name) that need less, or that only move the head.
SLIDER_SPREAD = {
    'head-trans': 0, 'head-angle': 0, 'neck-trans': 0, 'measure-neck-height': 0,
    'neck-scale-vert': .08, 'neck-back': .12, 'neck-double': .2, 'forehead-nubian': .06,
    'forehead-scale-vert': .2, 'head-age': .2, 'head-back-scale': .2, 'head-scale-vert': .2,
    'head-scale-horiz': .2, 'head-diamond': .11, 'head-invertedtriangular': .13, 'head-oval': .15,
    'head-rectangular': .10, 'head-round': .13, 'head-square': .09, 'head-triangular': .09,
    'ear-shape-pointed': .05, 'ear-shape-triangle': .06, 'ear-wing': .2, 'nose-trans-in': .05,
    'nose-point-down': .2, 'nose-base': .28, 'nose-nostrils-angle': .25, 'nose-hump': .28,
    'mouth-trans-in': .06, 'mouth-angles': .22, 'mouth-dimples': .2, 'mouth-laugh-lines': .2,
    'mouth-lowerlip-height': .26, 'mouth-upperlip-height': .26, 'eye-epicanthus': .25,
    'eye-eyefold': .25, 'eye-push': .2, 'eye-bag': .24, 'eye-height': .12, 'eye-corner': .25,
    'chin-jaw-drop': .2, 'chin-triangle': .12, 'chin-cleft': .2, 'eyebrows-angle': .2}
# Sliders that are not centred at 0: a friendlier and more awake face at rest.
SLIDER_MEAN = {'eye-height': .12, 'mouth-angles': .26, 'mouth-lowerlip-volume': -.2,
               'mouth-upperlip-volume': -.2}
SIDE_SPREAD = 0.12  # left-right difference of paired sliders, in their own spread
SLIDER_LIMIT = 2.2  # standard deviations

OPPOSITES = (('decr', 'incr'), ('down', 'up'), ('in', 'out'), ('backward', 'forward'),
             ('concave', 'convex'), ('compress', 'uncompress'))


class People(typing.NamedTuple):
    """N people. The macro parameters are MakeHuman's, 0 to 1.

    ancestry: [N, 3] shares, in the order of `ANCESTRIES`.
    gender: [N] 0 female to 1 male.
    age: [N] 0.19 a child, 0.5 twenty-five years, 1 ninety.
    muscle, weight: [N] 0.5 average.
    sliders: [N, S, 2] left and right value of each detail slider.
    """

    ancestry: np.ndarray
    gender: np.ndarray
    age: np.ndarray
    muscle: np.ndarray
    weight: np.ndarray
    sliders: np.ndarray

    def rows(self, index):
        """The people at `index` (a slice or indices)."""
        return People(*(field[index] for field in self))


class Slider(typing.NamedTuple):
    """A detail slider: targets for its positive and negative side, left and right.

    A slider of the whole face has no right targets. Targets are paths in the
    wheel, or None.
    """

    name: str
    spread: float
    mean: float
    left: tuple
    right: tuple


class Shapes:
    """Turns people into control vertices.

    Args:
      wheel: an open `source.Wheel`.
      base_vertices: [B, 3] of base.obj.
      control: [C] base vertex indices.
    """

    def __init__(self, wheel, base_vertices, control):
        self.sliders = list_sliders(wheel)
        self._base = base_vertices[control]

        def load(path):
            if path is None:
                return np.zeros((len(control), 3))
            return wheel.target(path, control)

        macro = source.TARGETS + 'macrodetails/'
        self._ancestry = np.stack([load(f'{macro}{ancestry}-{gender}-{age}')
                                   for ancestry in ANCESTRIES for gender in GENDERS
                                   for age in AGES])
        self._build = np.stack([load(f'{macro}universal-{gender}-{age}-{muscle}muscle-'
                                     f'{weight}weight')
                                for gender in GENDERS for age in AGES for muscle in LEVELS
                                for weight in LEVELS])
        self._details = np.stack([load(path) for slider in self.sliders
                                  for path in slider.left + slider.right])

    def __call__(self, people):
        """[N, C, 3] float64 control vertices, base.obj decimetres."""
        count = len(people.age)
        gender = np.stack([1 - people.gender, people.gender], axis=1)
        age = _shares(people.age, AGE_KNOTS)
        muscle, weight = (_shares(value, (0, 0.5, 1)) for value in (people.muscle, people.weight))
        ancestry = np.einsum('nr,ng,na->nrga', people.ancestry, gender, age)
        build = np.einsum('ng,na,nm,nw->ngamw', gender, age, muscle, weight)
        positive = np.maximum(people.sliders, 0)
        negative = np.maximum(-people.sliders, 0)
        details = np.stack([positive, negative], axis=-1)  # [N, S, side, sign]
        shapes = np.broadcast_to(self._base, (count, *self._base.shape)).copy()
        for weights, targets in ((ancestry, self._ancestry), (build, self._build),
                                 (details, self._details)):
            weights = weights.reshape(count, -1)
            shapes += (weights @ targets.reshape(len(targets), -1)).reshape(shapes.shape)
        return shapes


def sample_people(rng, count, sliders):
    """Draws `count` people with the given `Slider`s: `People`."""
    ancestry = rng.dirichlet(ANCESTRY_CONCENTRATION, count)
    man = rng.random(count) < 0.5
    gender = np.where(man, rng.beta(7, 1.4, count), rng.beta(1.4, 7, count))
    kind = rng.random(count)
    age = np.where(kind < CHILDREN, rng.uniform(.22, .40, count),
                   np.where(kind < 0.75, rng.uniform(.42, .70, count),
                            rng.uniform(.70, .90, count)))
    muscle = np.clip(rng.normal(.5, .15, count), .1, .9)
    weight = np.clip(rng.normal(.5, .18, count), .1, .92)

    spread = DETAIL * np.array([slider.spread for slider in sliders])
    mean = np.array([slider.mean for slider in sliders])
    deviation = np.clip(rng.normal(size=(count, len(sliders))), -SLIDER_LIMIT, SLIDER_LIMIT)
    values = mean + deviation * spread
    one_sided = np.array([slider.left[1] is None for slider in sliders])
    values = np.where(one_sided, np.abs(values), values)
    difference = np.clip(rng.normal(size=values.shape), -2, 2) * spread * SIDE_SPREAD
    return People(ancestry, gender, age, muscle, weight,
                  np.stack([values + difference, values - difference], axis=-1))


def list_sliders(wheel):
    """The detail sliders of the head, from the names of the targets."""
    sliders = []
    for folder, folder_spread in FOLDER_SPREAD.items():
        prefix = f'{source.TARGETS}{folder}/'
        names = [name for name in wheel.target_names(prefix)
                 if not name.startswith('r-') and 'asymm' not in name]
        done = set()
        for name in names:
            if name in done:
                continue
            plus, minus = (name[:-1] + 'r', name) if folder == 'asym' else _pair(name, names)
            done |= {plus, minus}
            spread = _by_part(SLIDER_SPREAD, name, folder_spread)
            if not spread:
                continue
            left = tuple(prefix + target if target else None for target in (plus, minus))
            right = (None, None)
            if name.startswith('l-'):
                right = tuple(target and target.replace('/l-', '/r-') for target in left)
            sliders.append(Slider(name, spread, _by_part(SLIDER_MEAN, name, 0.0), left, right))
    return sliders


def _pair(name, names):
    """(positive target, negative target or None) of the slider that `name` is part of."""
    for low, high in OPPOSITES:
        for ending, other in ((low, high), (high, low)):
            stem = name.removesuffix('-' + ending)
            partner = f'{stem}-{other}'
            if stem != name and partner in names:
                return (partner, name) if ending == low else (name, partner)
    return name, None


def _by_part(table, name, default):
    """The value of the table's last key that occurs in `name`."""
    found = [value for part, value in table.items() if part in name]
    return found[-1] if found else default


def _shares(values, knots):
    """[N] -> [N, K]: weights of piecewise linear interpolation between the knots."""
    return np.stack([np.interp(values, knots, unit) for unit in np.eye(len(knots))], axis=1)
