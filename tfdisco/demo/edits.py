"""What one asks of a photograph on the page, checked: it may come from any program."""

import dataclasses

from tfdisco.demo.settings import MOST, number
from tfdisco.editing.attributes import ANGLES, LIGHT
from tfdisco.editing.found_faces import ALL, LARGEST
from tfdisco.face3d import lighting
from tfdisco.shapes import check_choice

AS_IT_IS = 'as it is'
BRIGHTEST = 2.0  # strength of a light, 1 as usual


@dataclasses.dataclass(frozen=True)
class Edits:
    """Changes of faces; those left at their defaults are no change.

    Attributes:
      face: 'all', 'largest' or a number from left to right.
      pitch, yaw, roll: degrees to turn by.
      frontal: whether to look at the camera first.
      light: a side of `lighting.DIRECTIONS`, or `AS_IT_IS`.
      strength: of that light, 1 as usual.
      expressions: {unit of the face model: weight from -1 to 1 to add}.
      tune: whether the generator's weights adapt.
    """

    face: str = LARGEST
    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    frontal: bool = False
    light: str = AS_IT_IS
    strength: float = 1.0
    expressions: dict = dataclasses.field(default_factory=dict)
    tune: bool = False

    def __post_init__(self):
        """Raises ValueError on what is no edit: what it is, and what was expected."""
        if self.face not in (ALL, LARGEST) and not str(self.face).isdigit():
            raise ValueError(f'face: expected {ALL}, {LARGEST} or a number, got '
                             f'{str(self.face)[:40]!r}')
        for angle in ANGLES:
            number(angle, getattr(self, angle), -MOST[angle], MOST[angle])
        number('strength', self.strength, 0.0, BRIGHTEST)
        check_choice('light', self.light, (AS_IT_IS, *lighting.DIRECTIONS))
        for name in ('frontal', 'tune'):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f'{name}: expected yes or no, got '
                                 f'{str(getattr(self, name))[:40]!r}')
        for name, weight in self.expressions.items():
            number(f'expressions: {name}', weight, -1.0, 1.0)
        if not self.set and not self.frontal:
            raise ValueError('expected something to change, got every control where it was')

    @property
    def set(self):
        """The text of these changes, see `editing.attributes.Attributes`."""
        parts = [f'{angle}=+{getattr(self, angle):g}deg' for angle in ANGLES
                 if getattr(self, angle)]
        if self.light != AS_IT_IS:
            parts.append(f'{LIGHT}={self.light}:{self.strength:g}')
        parts += [f'{name}=+{weight:g}' for name, weight in self.expressions.items() if weight]
        return ','.join(parts)
