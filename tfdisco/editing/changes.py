"""Changes of coefficients, from whatever says what is wanted: settings, other photographs.

A change takes coefficients [B, K] to [B, K] and has `factors`, names of what it sets;
`Attributes` is one.
"""

import numpy as np

from tfdisco import factors
from tfdisco.editing import reference
from tfdisco.editing.attributes import ANGLES, LIGHT, Attributes
from tfdisco.shapes import check_choice

FEWEST, MOST = 2, 61  # steps of a sweep


class Worn:
    """One factor as another photograph shows it."""

    def __init__(self, factor, shown, layout):
        """Takes a factor, coefficients [K] and their `factors.CoefficientLayout`."""
        check_choice('factor', factor, reference.WORN)
        self.factors, self._shown, self._layout = [factor], shown, layout

    def __call__(self, coefficients):
        """[B, K] with that factor: a new array."""
        return reference.wear(coefficients, self._shown, self._layout, self.factors)


class Together:
    """Several changes, one after the other."""

    def __init__(self, changes):
        """Takes changes; of one factor, a later one has the last word."""
        self._changes = list(changes)
        set_ = {factor for change in self._changes for factor in change.factors}
        self.factors = [factor for factor in factors.FACTORS if factor in set_]

    def __call__(self, coefficients):
        """[B, K] with all of them: a new array."""
        coefficients = np.array(coefficients, np.float32)
        for change in self._changes:
            coefficients = change(coefficients)
        return coefficients


class Each:
    """A change of its own for each row."""

    def __init__(self, changes):
        """Takes as many changes as there will be rows; all set the same factors."""
        self._changes = list(changes)
        self.factors = self._changes[0].factors

    def __call__(self, coefficients):
        """[B, K], B the number of changes: a new array."""
        return np.concatenate([change(row[np.newaxis]) for change, row in zip(
            self._changes, coefficients)])


def sweep(text, model):
    """Changes from here to there in equal steps.

    Args:
      text: 'NAME:FROM:TO:COUNT', an angle in degrees or an expression by its weight.
      model: `MorphableModel`.

    Returns:
      A list of (label, `Attributes`).

    Raises:
      ValueError: on another text.
    """
    parts = text.split(':')
    problem = ValueError(f'sweep: expected NAME:FROM:TO:COUNT such as yaw:-30:30:13, got {text!r}')
    if len(parts) != 4:
        raise problem
    name = parts[0].strip()
    try:
        first, last, count = float(parts[1]), float(parts[2]), int(parts[3])
    except ValueError as error:
        raise problem from error
    if not np.isfinite([first, last]).all():
        raise problem
    if name == LIGHT:
        raise ValueError('sweep: expected an angle or an expression, got light; sweep a strength '
                         'with several --set=light=left:0.5')
    if not FEWEST <= count <= MOST:
        raise ValueError(f'sweep: expected {FEWEST} to {MOST} steps, got {count}')
    unit = 'deg' if name in ANGLES else ''
    return [(f'{value:g}{unit}', Attributes(f'{name}={value:.6f}{unit}', model))
            for value in np.linspace(first, last, count)]
