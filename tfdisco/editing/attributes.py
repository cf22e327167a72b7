"""Attributes in plain units -> coefficients: 'yaw=20deg,jawOpen=0.6,light=left'."""

import math
import re

import numpy as np

from tfdisco.face3d import lighting
from tfdisco.shapes import check_shape

ANGLES = ('pitch', 'yaw', 'roll')  # in the order of the pose; degrees unless it says rad
LIGHT = 'light'
_ANGLE = re.compile(r'^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(deg|rad)?$', re.IGNORECASE)


class Attributes:
    """Settings that a user gave, to be laid over any faces.

    Angles and the light replace those of a face, each by itself. Named units of expression
    replace its whole expression together: what else it would be made of is not told.

    Attributes:
      angles: {index in the pose: radians}.
      units: {expression unit: weight}, 1 the full expression.
      light: None, or a name of `lighting.DIRECTIONS`.
    """

    def __init__(self, text, model):
        """Reads settings.

        Args:
          text: 'NAME=VALUE' with commas between: pitch, yaw, roll in degrees ('20deg', '20')
            or radians ('0.3rad'); light by the side it comes from; a unit of the model's
            expressions by its weight.
          model: the `MorphableModel`.

        Raises:
          ValueError: on an unknown name or a value that is none; tells what there is.
        """
        self._model = model
        self.angles, self.units, self.light = {}, {}, None
        for part in filter(None, (part.strip() for part in text.split(','))):
            name, equals, value = (word.strip() for word in part.partition('='))
            if not equals or not value:
                raise ValueError(f'set: expected NAME=VALUE with commas between, got {part!r}')
            if name in ANGLES:
                self.angles[ANGLES.index(name)] = _angle(name, value)
            elif name == LIGHT:
                if value not in lighting.DIRECTIONS:
                    raise ValueError(f'set: light: expected one of {sorted(lighting.DIRECTIONS)}, '
                                     f'got {value!r}')
                self.light = value
            elif name in model.expression_names:
                self.units[name] = _number(name, value)
            else:
                raise ValueError(
                    f'set: expected one of {[*ANGLES, LIGHT, *sorted(model.expression_names)]}, '
                    f'got {name!r}')

    def __call__(self, coefficients):
        """Coefficients [B, K] with the settings laid over them, a new float32 array."""
        layout = self._model.layout
        coefficients = np.array(coefficients, np.float32)
        check_shape('coefficients', coefficients, ['B', layout.size])
        for index, angle in self.angles.items():
            coefficients[:, layout.slices['pose'].start + index] = angle
        if self.units:
            coefficients[:, layout.slices['expression']] = self._model.expression(self.units)
        if self.light:
            coefficients[:, layout.slices['illumination']] = lighting.light_from_direction(
                self.light)
        return coefficients


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
