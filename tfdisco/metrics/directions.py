"""Directions of change in W: do they depend on the other factors? (Sec. 5.1, Table 2)"""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.metrics import statistics
from tfdisco.metrics.heat_map import heat_map
from tfdisco.networks import trained
from tfdisco.shapes import check_positive

CHANGED = (factors.IDENTITY, factors.EXPRESSION, factors.ILLUMINATION, factors.POSE)
FIXED, OFFSET = 'fixed', 'offset'  # Property 1 and 2, top and bottom of Table 2
W, W_PLUS = 'w', 'w_plus'
AT_ONCE = 1024  # vectors w
_CONTEXTS, _PAIRS = 0, 1  # second entries of seeds [seed, stream, factor]


def evaluate(snapshot=trained.BUILT_IN, count=50, contexts=100, seed=0, progress=None):
    """Measures how stable the directions are in which factors move w.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      count: pairs (a, b) of values of each factor.
      contexts: choices of all other factors for each pair.
      seed: of all latents.
      progress: see `metrics.generated`.

    Returns:
      {'w': {PROPERTY: {FACTOR: {'value', 'low', 'high', 'deviation'}}}, 'w_plus': the same,
      'count', 'contexts'}; see `measure`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or a count is too small.
    """
    generator, inputs, _ = trained.load(snapshot)
    return measure(generator, inputs, count, contexts, seed, progress)


def measure(generator, inputs, count, contexts, seed, progress=None):
    """Cosines of differences of w when a factor goes from a to b.

    PROPERTY 'fixed': with the same a and b in every context (Property 1). 'offset': from
    the context's own value by the same offset b - a of coefficients (Property 2). For a
    pair, the mean of the cosines of all contexts x contexts pairs of differences, those
    with themselves included, as in the paper; of these the mean over pairs with its
    interval, and the standard deviation. A difference of nothing has a cosine of 0.

    'w_plus' is the same of all vectors that synthesis takes for an image, one after the
    other. Where every layer gets the same w, as from `BaseGenerator.broadcast`, both agree.

    Args:
      generator: with `mapping` and `broadcast`, see `networks.generator.BaseGenerator`.
      inputs: `GeneratorInputs`.
      count, contexts, seed, progress: see `evaluate`.
    """
    check_positive('count', count)
    if contexts < 2:
        raise ValueError(f'contexts: expected 2 or more, to be compared, got {contexts}')
    to_w = tf.function(generator.mapping, reduce_retracing=True)
    found = {space: {kind: {} for kind in (FIXED, OFFSET)} for space in (W, W_PLUS)}
    for factor in CHANGED if progress is None else progress(CHANGED, desc='directions'):
        for kind, before, after in _changes(inputs, factor, count, contexts, seed):
            means = {W: [], W_PLUS: []}
            rows = max(1, AT_ONCE // contexts) * contexts  # whole pairs
            for start in range(0, count * contexts, rows):
                first, second = (to_w(values[start:start + rows]) for values in (before, after))
                for space, values in ((W, (first, second)),
                                      (W_PLUS, map(generator.broadcast, (first, second)))):
                    here, there = values
                    moved = (there - here).numpy().astype(np.float64)
                    means[space].append(cosines(moved.reshape(-1, contexts, moved[0].size)))
            for space, parts in means.items():
                found[space][kind][factor] = _summary(np.concatenate(parts), seed)
    return {**found, 'count': count, 'contexts': contexts}


def cosines(moved):
    """Mean cosine [N] of all pairs of C differences [N, C, K]."""
    if not np.isfinite(moved).all():
        raise ValueError('snapshot: expected a mapping to numbers, got NaN or infinity')
    length = np.linalg.norm(moved, axis=-1, keepdims=True)
    unit = np.divide(moved, length, out=np.zeros_like(moved), where=length > 0)
    # The mean of u_k . u_l over all k and l is the square of the mean of u.
    return np.square(unit.mean(axis=1)).sum(axis=-1)


def table(result):
    """The layout of Table 2, mean +- standard deviation over pairs, once a space."""
    lines = []
    for space in (W, W_PLUS):
        lines.append(f'{space:8}' + ''.join(f'{factor:>16}' for factor in CHANGED))
        for kind in (FIXED, OFFSET):
            cells = result[space][kind]
            lines.append(f'{kind:8}' + ''.join(
                f'{cells[factor]["value"]:9.2f} +- {cells[factor]["deviation"]:.2f}'.rjust(16)
                for factor in CHANGED))
    return '\n'.join(lines)


def pictures(result):
    """{'directions': Table 2 as a heat map}."""
    return {'directions': heat_map(
        [[result[W][kind][factor]['value'] for factor in CHANGED] for kind in (FIXED, OFFSET)],
        ['from a to b', 'by an offset'], CHANGED, 'cosine of changes of w in different contexts')}


def _changes(inputs, factor, count, contexts, seed):
    """Yields (property, inputs before, inputs after), [count * contexts, inputs.size] each."""
    def draw(stream, rows):
        return np.random.default_rng([seed, stream, CHANGED.index(factor)]).standard_normal(
            [rows, inputs.latents], np.float32)

    context = draw(_CONTEXTS, count * contexts)
    here, there = np.split(draw(_PAIRS, 2 * count), 2)
    ends = [np.repeat(end, contexts, axis=0) for end in (here, there)]
    yield (FIXED, *(inputs(inputs.replace(context, end, [factor])) for end in ends))
    part = inputs.layout.factor_slice(factor)
    offset = np.zeros([count, inputs.layout.size], np.float32)
    offset[:, part] = (inputs.coefficients(there) - inputs.coefficients(here)).numpy()[:, part]
    coefficients, noise = inputs.coefficients(context), inputs.split_noise(context)[1]
    yield OFFSET, inputs.join(coefficients, noise), inputs.join(
        coefficients + np.repeat(offset, contexts, axis=0), noise)


def _summary(values, seed):
    estimate = statistics.mean(values, np.arange(len(values)), seed)
    return {'value': estimate.value, 'low': estimate.low, 'high': estimate.high,
            'deviation': float(values.std())}
