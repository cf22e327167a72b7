"""What a generator can draw: requests beyond are brought back, and it is said."""

import numpy as np

from tfdisco import factors
from tfdisco.editing.attributes import ANGLES
from tfdisco.face3d import lighting

COUNT = 4096  # random faces whose extremes are the limits
SLACK = 1e-4


class Limits:
    """Ranges of the numbers of pose, expression and light, as random faces have them.

    Widened, where need be, to hold each named expression at full weight and each named light:
    these have names because they are to be asked for.

    Attributes:
      low, high: [K].
    """

    def __init__(self, faces, count=COUNT):
        """Takes a `FaceGenerator`, and how many faces to draw."""
        layout, self._layout = faces.inputs.layout, faces.inputs.layout
        seen = faces.coefficients(faces.latents(count, seed=2))
        self.low, self.high = seen.min(axis=0), seen.max(axis=0)
        named = {factors.ILLUMINATION: [lighting.light_from_direction(side)
                                        for side in lighting.DIRECTIONS],
                 factors.EXPRESSION: [faces.model.expression({name: 1.0})
                                      for name in faces.model.expression_names]}
        for factor, rows in named.items():
            part = layout.factor_slice(factor)
            if rows:
                self.low[part] = np.minimum(self.low[part], np.min(rows, axis=0))
                self.high[part] = np.maximum(self.high[part], np.max(rows, axis=0))

    def __call__(self, coefficients, asked):
        """Brings requests within.

        Args:
          coefficients: [B, K].
          asked: names of the factors that are to be looked at.

        Returns:
          [B, K] float32, and a list of texts: what was beyond.
        """
        result, notes = np.array(coefficients, np.float32), []
        for factor in asked:
            part = self._layout.factor_slice(factor)
            before = result[:, part].copy()
            result[:, part] = np.clip(before, self.low[part], self.high[part])
            beyond = (np.abs(result[:, part] - before) > SLACK).any(axis=0)
            if not beyond.any():
                continue
            if factor != factors.POSE:
                notes.append(f'{factor}: {beyond.sum()} of {len(beyond)} numbers were beyond what '
                             'the generator has learned, and were brought back')
                continue
            for index in np.flatnonzero(beyond):
                low, high = np.degrees([self.low[part][index], self.high[part][index]])
                worst = np.degrees(before[np.argmax(np.abs(before[:, index])), index])
                notes.append(f'{ANGLES[index]}: {worst:.0f} degrees is beyond what the generator '
                             f'has learned, {low:.0f} to {high:.0f}, and was brought back')
        return result, notes
