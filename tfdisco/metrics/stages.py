"""Which stage of synthesis makes what (supplement, Sec. VI): the suite `stages`.

w of one face is replaced by that of another, which differs in one factor, in the layers of one
resolution at a time.
"""

import numpy as np
import tensorflow as tf

from tfdisco import factors, images
from tfdisco.metrics import pictures as picture_sets
from tfdisco.metrics import stage_maps, statistics, tables
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.networks import trained
from tfdisco.shapes import check_positive

BATCH = 32
MAP_SIDE = 32  # pixels of a side of the heat maps that a result holds, at most
GREY_LEVELS = 127.5  # of a difference of 1
FIELDS = ('identity', 'coefficients')


def evaluate(snapshot=trained.BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in', count=128, seed=0, progress=None):
    """Measures what each stage of a generator carries.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      reconstruction, recognition, parsing: see `Perception.load`; the networks that look.
      count: of pairs for each factor.
      seed: of their latents.
      progress: see `metrics.generated`.

    Returns:
      See `measure`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or the count is not positive.
    """
    check_positive('count', count)
    return measure(GeneratedFaces.load(snapshot, reconstruction, recognition, parsing), count,
                   seed, progress)


def measure(faces, count, seed, progress=None):
    """The figures of `GeneratedFaces`; see `evaluate`.

    Returns:
      {'share': {FACTOR: {'8 px': fields of `statistics.Estimate`}}, 'color': the same,
      'color_levels': {FACTOR: {...}}, 'color_maps': {FACTOR: {'8 px': [h, w] as lists}}}.
      share: of the way from what is seen of this factor in one face to what is seen in the
        other, how much is gone when one stage's w is the other's: the projection onto that
        way, so that stages that add up give 1 together. It is seen in the coefficients, for
        identity in f_id, and for noise, which has neither, in the colours.
      color: mean change of colours, divided by that when all of w is replaced.
      color_levels: that change itself, in grey levels of 255; color_maps: where it is, the
        mean over pairs and colours in pixels.
      A share of nothing, where the factor changes nothing, has the value None.
    """
    stages = stage_sides(faces.generator)
    sides = list(dict.fromkeys(stages))
    draw = tf.function(lambda ws: faces.generator.synthesis(ws), reduce_retracing=True)
    z, other = (faces.latents(count, seed, stream) for stream in (0, 1))
    found = {factor: _Sums(sides) for factor in factors.FACTORS}
    starts = range(0, count, BATCH)
    for start in starts if progress is None else progress(starts, desc='stages'):
        part = z[start:start + BATCH]
        first = _Look(faces, draw, _ws(faces, part))
        for factor, sums in found.items():
            ws = _ws(faces, faces.replace(part, other[start:start + BATCH], [factor]))
            last = _Look(faces, draw, ws)
            between = {side: _Look(faces, draw, tf.where(
                np.array(stages)[:, np.newaxis] == side, ws, first.ws)) for side in sides}
            sums.add(factor, first, last, between)
    result = {'share': {}, 'color': {}, 'color_levels': {}, 'color_maps': {}}
    for factor, sums in found.items():
        for name, values in sums.figures(seed).items():
            result[name][factor] = values
    return result


def stage_sides(generator):
    """[num_ws] pixels of a side of the layers that each w goes to.

    A w that only makes colours, of StyleGAN2's last, counts with the highest resolution.
    """
    sides = list(generator.noise_sides())
    return sides + [sides[-1]] * (generator.num_ws - len(sides))


def table(result):
    """The shares, one a line."""
    return tables.figures({name: result[name] for name in ('share', 'color', 'color_levels')})


def pictures(result):
    """{'maps': where each stage changes colours, uint8 [H, W, 3]}."""
    return {'maps': stage_maps.draw(result)}


def _ws(faces, z):
    return faces.generator.broadcast(faces.generator.mapping(faces.inputs(z)))


class _Look:
    """Faces of ws, and what is seen in them."""

    def __init__(self, faces, draw, ws):
        self.ws, self._layout = ws, faces.model.layout
        self.images = picture_sets.in_levels(draw(ws))
        self._seen = faces.look(self.images, FIELDS)

    def of(self, factor):
        """[B, ...] what is seen of a factor."""
        if factor == factors.NOISE:
            return self.images.reshape(len(self.images), -1).astype(np.float64)
        if factor == factors.IDENTITY:
            return self._seen.identity.astype(np.float64)
        return self._seen.coefficients[:, self._layout.factor_slice(factor)].astype(np.float64)


class _Sums:
    """What is kept of one factor: numbers of each pair, and sums of maps."""

    def __init__(self, sides):
        self._whole, self._parts = [], {side: [] for side in sides}
        self._maps, self._count = dict.fromkeys(sides, 0.0), 0

    def add(self, factor, first, last, between):
        way = last.of(factor) - first.of(factor)
        self._whole.append([np.square(way).sum(axis=1), _change(first, last).mean(axis=(1, 2))])
        for side, look in between.items():
            change = _change(first, look)
            self._parts[side].append([((look.of(factor) - first.of(factor)) * way).sum(axis=1),
                                      change.mean(axis=(1, 2))])
            self._maps[side] = self._maps[side] + change.sum(axis=0)
        self._count += len(way)

    def figures(self, seed):
        squares, levels = np.concatenate(self._whole, axis=1)
        persons = np.arange(len(levels))
        result = {'share': {}, 'color': {}, 'color_maps': {}, 'color_levels': {
            'all': statistics.mean(levels, persons, seed)._asdict()}}
        for side, parts in self._parts.items():
            name = f'{side} px'
            along, changed = np.concatenate(parts, axis=1)
            for figure, above, below in (('share', along, squares), ('color', changed, levels)):
                result[figure][name] = (statistics.ratio(above, below, persons, seed) if below.any()
                                        else statistics.NOTHING)._asdict()
            result['color_levels'][name] = statistics.mean(changed, persons, seed)._asdict()
            result['color_maps'][name] = _reduced(self._maps[side] / self._count)
        return result


def _change(first, second):
    """[B, H, W] difference of colours in grey levels."""
    return GREY_LEVELS * np.abs(second.images - first.images).mean(axis=-1, dtype=np.float64)


def _reduced(values):
    """[H, W] -> lists of `MAP_SIDE` pixels a side at most, one digit behind the point."""
    factor = max(1, values.shape[0] // MAP_SIDE)
    small = images.box_downsample(values[..., np.newaxis], factor)[..., 0]
    return [[round(float(value), 1) for value in row] for row in small]
