"""Attributes in plain units -> coefficients: 'yaw=20deg,jawOpen=0.6,light=left'."""

import difflib
import math
import re

import numpy as np

from tfdisco import factors
from tfdisco.face3d import lighting
from tfdisco.shapes import check_shape

ANGLES = ('pitch', 'yaw', 'roll')  # in the order of the pose; degrees unless it says rad
LIGHT = 'light'
RELATIVE = '+'  # before a value: added to what the face has
STRENGTH = 0.7  # shading by a light of strength 1, as `lighting.light_from_direction` has it
_ANGLE = re.compile(r'^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(deg|rad)?$', re.IGNORECASE)


class Attributes:
    """Settings that a user gave, to be laid over any faces.

    Angles and the light replace those of a face, each by itself. Named units of expression
    replace its whole expression together: what else it would be made of is not told. Angles
    and units with a + before the value are added to what a face has.

    Attributes:
      angles, added_angles: {index in the pose: radians}.
      units, added_units: {expression unit: weight}, 1 the full expression.
      light: None, or illumination coefficients [27].
    """

    def __init__(self, text, model):
        """Reads settings.

        Args:
          text: 'NAME=VALUE' with commas between: pitch, yaw, roll in degrees ('20deg', '20')
            or radians ('0.3rad'); light by the side it comes from ('left'), perhaps with its
            strength ('left:0.5', 1 as usual), or by 27 numbers with spaces between; a unit of
            the model's expressions by its weight. '+10deg', '+-10deg' and '+0.2' are added.
          model: the `MorphableModel`.

        Raises:
          ValueError: on an unknown name or a value that is none; tells what there is.
        """
        self._model = model
        self.angles, self.units, self.light = {}, {}, None
        self.added_angles, self.added_units = {}, {}
        for part in filter(None, (part.strip() for part in text.split(','))):
            name, equals, value = (word.strip() for word in part.partition('='))
            if not equals or not value:
                raise ValueError(f'set: expected NAME=VALUE with commas between, got {part!r}')
            added, value = value.startswith(RELATIVE), value.removeprefix(RELATIVE)
            if name in ANGLES:
                into = self.added_angles if added else self.angles
                into[ANGLES.index(name)] = _angle(name, value)
            elif name == LIGHT:
                self.light = _light(value)
            elif name in model.expression_names:
                (self.added_units if added else self.units)[name] = _number(name, value)
            else:
                raise ValueError(_unknown(name, [*ANGLES, LIGHT, *sorted(model.expression_names)]))

    @property
    def factors(self):
        """Names of the factors that are set."""
        return [factor for factor, set_ in (
            (factors.EXPRESSION, self.units or self.added_units),
            (factors.ILLUMINATION, self.light is not None),
            (factors.POSE, self.angles or self.added_angles)) if set_]

    def __call__(self, coefficients):
        """Coefficients [B, K] with the settings laid over them, a new float32 array."""
        layout = self._model.layout
        coefficients = np.array(coefficients, np.float32)
        check_shape('coefficients', coefficients, ['B', layout.size])
        pose, expression = layout.slices['pose'].start, layout.slices['expression']
        for index, angle in self.angles.items():
            coefficients[:, pose + index] = angle
        for index, angle in self.added_angles.items():
            coefficients[:, pose + index] += angle
        if self.units:
            coefficients[:, expression] = self._model.expression(self.units)
        if self.added_units:
            coefficients[:, expression] += self._model.expression(self.added_units)
        if self.light is not None:
            coefficients[:, layout.slices['illumination']] = self.light
        return coefficients


def frontal(model):
    """`Attributes` of a face that looks straight at the camera."""
    return Attributes(','.join(f'{angle}=0deg' for angle in ANGLES), model)


def _angle(name, value):
    found = _ANGLE.match(value)
    if not found:
        raise ValueError(f'set: {name}: expected an angle such as 20deg or 0.3rad, got {value!r}')
    number, unit = float(found[1]), (found[2] or 'deg').lower()
    return number if unit == 'rad' else math.radians(number)


def _number(name, value):
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f'set: {name}: expected a number, 1 the full expression, got {value!r}')
    return number


def _light(value):
    """Illumination coefficients [27] of 'SIDE', 'SIDE:STRENGTH' or 27 numbers."""
    words = value.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = None
    if numbers is not None:
        if len(numbers) != factors.ILLUMINATION_SIZE or not np.isfinite(numbers).all():
            raise ValueError(f'set: light: expected {factors.ILLUMINATION_SIZE} finite numbers '
                             f'with spaces between, or a side, got {len(numbers)}: {value!r}')
        return np.array(numbers, np.float32)
    side, colon, strength = (word.strip() for word in value.partition(':'))
    if side not in lighting.DIRECTIONS:
        raise ValueError(f'set: light: expected one of {sorted(lighting.DIRECTIONS)}, or 27 '
                         f'numbers with spaces between, got {side!r}'
                         + _meant(side, lighting.DIRECTIONS))
    if not colon:
        return lighting.light_from_direction(side)
    try:
        factor = float(strength)
    except ValueError:
        factor = math.nan
    if not 0 <= factor < math.inf:
        raise ValueError('set: light: expected a strength of 0 or more behind the colon, 1 as '
                         f'usual, got {strength!r}')
    return lighting.light_from_direction(side, intensity=STRENGTH * factor)


def _unknown(name, choices):
    return f'set: expected one of {choices}, got {name!r}' + _meant(name, choices)


def _meant(name, choices):
    """'; did you mean NAME?' if a choice is spelled much alike, or ''."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), by_lower, 1)
    return f'; did you mean {by_lower[near[0]]}?' if near else ''
