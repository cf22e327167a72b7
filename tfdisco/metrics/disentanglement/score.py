"""The disentanglement score, Eq. 9: one factor varies, and what is seen of the others?"""

import collections

import numpy as np

from tfdisco import factors
from tfdisco.metrics import statistics
from tfdisco.metrics.disentanglement import view as views
from tfdisco.metrics.generated import BATCH

VARIED = (factors.IDENTITY, factors.EXPRESSION, factors.ILLUMINATION, factors.POSE)
STREAMS = {factor: (10 + index, 20 + index) for index, factor in enumerate(VARIED)}
# How identity is measured in a variant: by the recognition feature as in the paper, by the
# reconstructed coefficients, or as by the judge, who may see expression and pose as well.
MEASURES = {'': {}, 'coefficients': {factors.IDENTITY: views.IDENTITY_COEFFICIENTS}}
JUDGE = 'judge'
OF_DATA, OF_GENERATED = 'data', 'generated'  # the variance that is one


class Spread:
    """The variance of columns over all pictures, added up batch by batch.

    A variance here is that of a vector: the sum over its numbers, unbiased.
    """

    def __init__(self):
        """Starts with no picture."""
        self._sums = collections.defaultdict(lambda: [0, 0.0, 0.0])

    def add(self, numbers):
        """Adds {column: [B, K]}; rows that are no numbers are left out."""
        for column, values in numbers.items():
            values = np.asarray(values, np.float64)
            values = values[np.isfinite(values).all(axis=1)]
            sums = self._sums[column]
            sums[0] += len(values)
            sums[1] += values.sum(axis=0)
            sums[2] += np.square(values).sum(axis=0)

    def variance(self):
        """{column: variance}.

        Raises:
          ValueError: if there are fewer than two pictures, or all are alike.
        """
        found = {}
        for column, (count, total, squares) in self._sums.items():
            if count < 2:
                raise ValueError(f'{column}: expected a variance over 2 pictures or more, got '
                                 f'{count}')
            found[column] = float((squares - np.square(total) / count).sum() / (count - 1))
            if not found[column] > 0:
                raise ValueError(f'{column}: expected pictures that differ, got a variance of '
                                 f'{found[column]}')
        return found


def variances(view, factor, sets, values, seed, spread, progress=None):
    """What is seen while one factor varies and all others, the noise too, are held.

    Args:
      view: `view.View` of the faces.
      factor: that varies, of `VARIED`.
      sets: of the other factors.
      values: of this factor with each of them.
      seed: of the latents.
      spread: a `Spread` that all faces are added to.
      progress: see `metrics.generated`.

    Returns:
      {column: [sets] variance within the set}, NaN where less than two faces are seen.
    """
    faces, found = view.faces, collections.defaultdict(list)
    held, varied = STREAMS[factor]
    z = np.repeat(faces.latents(sets, seed, held), values, axis=0)
    z = faces.replace(z, faces.latents(len(z), seed, varied), [factor])
    starts = range(0, len(z), BATCH)
    for start in starts if progress is None else progress(starts, desc=f'varied {factor}'):
        numbers = view.numbers(faces.draw(z[start:start + BATCH]))
        spread.add(numbers)
        for column, part in numbers.items():
            found[column].append(part)
    return {column: within(np.concatenate(parts), sets) for column, parts in found.items()}


def within(numbers, sets):
    """Variance [sets] of [sets * V, K] within each group of V, NaN for fewer than two."""
    groups = np.asarray(numbers, np.float64).reshape(sets, -1, numbers.shape[-1])
    known = np.isfinite(groups).all(axis=-1, keepdims=True)
    count = known.sum(axis=1)
    mean = np.where(known, groups, 0).sum(axis=1) / np.maximum(count, 1)
    squares = np.where(known, groups - mean[:, np.newaxis], 0)
    total = np.square(squares).sum(axis=(1, 2))
    return np.where(count[:, 0] > 1, total / np.maximum(count[:, 0] - 1, 1), np.nan)


def scores(found, variance, columns, seed):
    """DS of each factor, Eq. 9, and the normalised variances that it is made of.

    DS_i is the product over j other than i of (sigma_i / sigma_j), sigma_j the mean over sets
    of the variance of j within a set in which i varies, divided by the variance of j.

    Args:
      found: {factor: `variances`}.
      variance: {column: variance that counts as one}.
      columns: {factor: column} where it is not the factor's own.
      seed: of the intervals, which are over sets; the variance that counts as one is held.

    Returns:
      {factor: {'value', 'low', 'high'}}, None where a score is no number: nothing but the
      factor changes at all; and {varied factor: {seen factor: sigma}}.
    """
    result, sigmas = {}, {}
    for varied, seen in found.items():
        column = {factor: columns.get(factor, factor) for factor in VARIED}
        parts = {factor: seen[name] / variance[name] for factor, name in column.items()}
        known = {factor: np.isfinite(part) for factor, part in parts.items()}
        parts = {factor: np.where(known[factor], part, 0.0) for factor, part in parts.items()}

        def sigma(weights, parts=parts, known=known):
            with np.errstate(divide='ignore', invalid='ignore'):
                return {factor: weights @ parts[factor] / (weights @ known[factor])
                        for factor in VARIED}

        def score(weights, varied=varied, sigma=sigma):
            values = sigma(weights)
            with np.errstate(divide='ignore', invalid='ignore'):
                return np.prod([values[varied] / values[other] for other in VARIED
                                if other != varied])

        sets = len(parts[varied])
        estimate = statistics.bootstrap(score, sets, sets, seed)
        result[varied] = {name: _finite(getattr(estimate, name))
                          for name in ('value', 'low', 'high')}
        sigmas[varied] = {factor: _finite(value)
                          for factor, value in sigma(np.ones(sets)).items()}
    return result, sigmas


def judged(columns):
    """{factor: column} of the judge's view, of the names of all columns."""
    return {factor: factor + views.BY_JUDGE for factor in VARIED
            if factor + views.BY_JUDGE in columns}


def _finite(value):
    return float(value) if value is not None and np.isfinite(value) else None
