"""What else changes when one factor does: the matrix that Eq. 9 multiplies away."""

import collections

import numpy as np

from tfdisco import factors
from tfdisco.metrics import statistics
from tfdisco.metrics.disentanglement import view as views
from tfdisco.metrics.generated import BATCH
from tfdisco.metrics.heat_map import heat_map
from tfdisco.shapes import check_positive

EVERYTHING = 'everything'
ROWS = (*factors.FACTORS, EVERYTHING)
COLUMNS = (factors.IDENTITY, factors.EXPRESSION, factors.ILLUMINATION, factors.POSE, views.HAIR,
           views.BACKGROUND)
STREAMS = 1, 2  # of `GeneratedFaces.latents`


def measure(view, count, seed, progress=None):
    """Pairs of faces that share all but one factor, and pairs that share nothing.

    Args:
      view: `view.View` of the faces.
      count: of pairs a factor.
      seed: of their latents and of the intervals.
      progress: see `metrics.generated`.

    Returns:
      {'leakage': {FACTOR: {SEEN: share}}, 'shares': {FACTOR: {SEEN: interval}}, 'changes':
      {FACTOR or 'everything': {SEEN: interval}}, 'units': {SEEN: text}, 'disagreements':
      {'FACTOR in SEEN': text} where the judge's interval of a share has nothing in common
      with the own one}. A change is a mean over pairs, see `View.change`; a share is that
      change divided by the one of the same faces when everything changes; an interval is
      {'value', 'low', 'high'}. SEEN are `COLUMNS`, and those of the judge with '_judge'
      behind them.

    Raises:
      ValueError: unless the count is positive.
    """
    found = changes(view, count, seed, progress)
    columns = sorted(found[EVERYTHING], key=_place)
    pairs = np.arange(count)
    shares = {row: {column: _interval(found[row][column], found[EVERYTHING][column], pairs, seed)
                    for column in columns} for row in factors.FACTORS}
    return {
        'disagreements': _disagreements(shares, columns),
        'leakage': {row: {column: entry['value'] for column, entry in entries.items()}
                    for row, entries in shares.items()},
        'shares': shares,
        'changes': {row: {column: _interval(found[row][column], np.ones(count), pairs, seed)
                          for column in columns} for row in ROWS},
        'units': {column: views.UNITS[column.replace(views.BY_JUDGE, '')] for column in columns}}


def changes(view, count, seed, progress=None):
    """{FACTOR or 'everything': {SEEN: [count] changes}} of pairs; see `measure`."""
    check_positive('count', count)
    faces = view.faces
    z, other = (faces.latents(count, seed, stream) for stream in STREAMS)
    found = {row: collections.defaultdict(list) for row in ROWS}
    starts = range(0, count, BATCH)
    for start in starts if progress is None else progress(starts, desc='leakage'):
        here, there = z[start:start + BATCH], other[start:start + BATCH]
        before = view.all(faces.draw(here))
        for row in ROWS:
            after = there if row == EVERYTHING else faces.replace(here, there, [row])
            shown = view.all(faces.draw(after))
            for column in shown:
                if column != views.IDENTITY_COEFFICIENTS:
                    found[row][column].append(view.change(column, before[column], shown[column]))
    return {row: {column: np.concatenate(parts) for column, parts in columns.items()}
            for row, columns in found.items()}


def table(result):
    """Changes and shares as text, a row a factor."""
    columns = list(result['units'])
    width = max(len(column) for column in columns) + 2
    head = f'{"":14}' + ''.join(f'{column:>{width}}' for column in columns)
    lines = ['change of one factor alone, seen in', head,
             f'{"":14}' + ''.join(f'{result["units"][column]:>{width}}' for column in columns)]
    for row in ROWS:
        lines.append(f'{row:14}' + ''.join(
            f'{_number(result["changes"][row][column]["value"], 3):>{width}}'
            for column in columns))
    lines += ['', 'as a share of that when everything changes', head]
    for row in factors.FACTORS:
        lines.append(f'{row:14}' + ''.join(
            f'{_number(result["leakage"][row][column], 2):>{width}}' for column in columns))
    lines += ['', *(f'{name}: {text}' for name, text in result['disagreements'].items())]
    return '\n'.join(lines).rstrip()


def picture(result):
    """The shares as a heat map, uint8 [H, W, 3]."""
    columns = list(result['units'])
    values = [[np.nan if result['leakage'][row][column] is None else result['leakage'][row][column]
               for column in columns] for row in factors.FACTORS]
    names = [column.replace(views.BY_JUDGE, ' (judge)') for column in columns]
    return heat_map(values, factors.FACTORS, names,
                    'what changes with one factor (row), as a share of when everything changes')


def _interval(above, below, pairs, seed):
    """Of sum(above) / sum(below) over the pairs in which both are numbers."""
    known = np.isfinite(above) & np.isfinite(below)
    if not known.any() or not below[known].any():
        return {'value': None, 'low': None, 'high': None}
    found = statistics.ratio(above[known], below[known], pairs[known], seed)
    return {'value': found.value, 'low': found.low, 'high': found.high}


def _disagreements(shares, columns):
    """{'FACTOR in SEEN': text} where own and judged intervals have nothing in common."""
    found = {}
    for row, entries in shares.items():
        for column in columns:
            own, judged = entries[column], entries.get(column + views.BY_JUDGE)
            if judged and None not in (own['value'], judged['value']) and (
                    own['low'] > judged['high'] or judged['low'] > own['high']):
                texts = (f'{entry["value"]:.2f} ({entry["low"]:.2f} .. {entry["high"]:.2f})'
                         for entry in (own, judged))
                found[f'{row} in {column}'] = 'share of {}, {} by the judge'.format(*texts)
    return found


def _place(column):
    """The order of `COLUMNS`, each followed by the judge's."""
    base = column.replace(views.BY_JUDGE, '')
    return COLUMNS.index(base), column != base


def _number(value, digits):
    return '-' if value is None else f'{value:.{digits}f}'
