"""What one sets on the page, in plain units, checked: it may come from any program."""

import dataclasses
import math
from typing import NamedTuple

from tfdisco.editing.attributes import ANGLES

SEEDS = 1_000_000  # identities and noises have numbers below
MOST = {'pitch': 30.0, 'yaw': 45.0, 'roll': 30.0}  # degrees, either way
STRONGEST = 1.5  # of the light
# What people know by name, of ARKit's units; a model without them shows its own alone.
KNOWN = {
    'smile': ('mouthSmileLeft', 'mouthSmileRight'),
    'mouth open': ('jawOpen',),
    'eyes closed': ('eyeBlinkLeft', 'eyeBlinkRight'),
    'eyes wide': ('eyeWideLeft', 'eyeWideRight'),
    'brows up': ('browInnerUp', 'browOuterUpLeft', 'browOuterUpRight'),
    'brows down': ('browDownLeft', 'browDownRight'),
    'sad mouth': ('mouthFrownLeft', 'mouthFrownRight'),
    'kiss': ('mouthPucker',),
    'cheeks puffed': ('cheekPuff',),
    'nose wrinkled': ('noseSneerLeft', 'noseSneerRight'),
}


class Expressions(NamedTuple):
    """The sliders of a face model's expressions.

    known: {label: units of the model}, those of `KNOWN` that it has.
    rest: its other units.
    """

    known: dict
    rest: tuple

    @classmethod
    def of(cls, names):
        """Sorts a model's `expression_names`."""
        known = {label: units for label, units in KNOWN.items() if set(units) <= set(names)}
        taken = {unit for units in known.values() for unit in units}
        return cls(known, tuple(name for name in names if name not in taken))


@dataclasses.dataclass(frozen=True)
class Settings:
    """One face.

    Attributes:
      identity, other: numbers of two identities, 0 to 999999.
      between: 0 for the first, 1 for the other.
      noise: number of what the other settings leave open.
      pitch, yaw, roll: degrees.
      light: (x, y) of the pad, from -1 to 1: x to the right of the picture, y up. The light
        comes from in front of the face at (0, 0), from the side on the unit circle.
      strength: shading by that light of a surface that faces it.
      expressions: {unit of the face model: weight from 0 to 1, the full expression}.
    """

    identity: int = 0
    other: int = 1
    between: float = 0.0
    noise: int = 0
    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    light: tuple = (0.0, 0.0)
    strength: float = 0.7
    expressions: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        """Raises ValueError on what cannot be drawn: what it is, and what was expected."""
        for name in ('identity', 'other', 'noise'):
            value = number(name, getattr(self, name), 0, SEEDS - 1)
            if value != int(value):
                raise ValueError(f'{name}: expected a whole number, got {value:g}')
            object.__setattr__(self, name, int(value))
        bounds = {'between': (0.0, 1.0), 'strength': (0.0, STRONGEST),
                  **{angle: (-MOST[angle], MOST[angle]) for angle in ANGLES}}
        for name, (least, most) in bounds.items():
            object.__setattr__(self, name, number(name, getattr(self, name), least, most))
        if not isinstance(self.light, (list, tuple)) or len(self.light) != 2:
            raise ValueError(f'light: expected x and y, got {str(self.light)[:40]}')
        object.__setattr__(self, 'light', tuple(number('light', value, -1.0, 1.0)
                                                for value in self.light))
        if not isinstance(self.expressions, dict):
            raise ValueError('expressions: expected weights by name, got '
                             f'{type(self.expressions).__name__}')
        object.__setattr__(self, 'expressions', {
            str(name): number(f'expressions: {str(name)[:40]}', value, 0.0, 1.0)
            for name, value in self.expressions.items()})

    @property
    def direction(self):
        """(x, y, z) from the face towards the light, of length 1."""
        x, y = self.light
        length = math.hypot(x, y)
        if length >= 1.0:  # the corners of the pad
            return x / length, y / length, 0.0
        return x, y, math.sqrt(1.0 - length**2)


def number(name, value, least, most):
    """`value` as a float; ValueError unless it is a number in those bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (
            least <= value <= most):
        raise ValueError(f'{name}: expected a number from {least:g} to {most:g}, got '
                         f'{"nothing" if value is None else repr(value)[:40]}')
    return float(value)
