"""The vocabulary: the five factors of a face and where each stands in a vector.

A face is described by *coefficients* (the paper's lambda, Sec. 3.1), one vector
of the parts in `COEFFICIENT_PARTS` order, or by *latents* (the paper's z), one
vector of the factors in `FACTORS` order. No other module slices either
vector by a number.
"""

import collections
import dataclasses

IDENTITY = 'identity'
EXPRESSION = 'expression'
ILLUMINATION = 'illumination'
POSE = 'pose'
NOISE = 'noise'
FACTORS = (IDENTITY, EXPRESSION, ILLUMINATION, POSE, NOISE)

COEFFICIENT_PARTS = ('identity_shape', 'identity_texture', 'expression', 'pose', 'illumination')
LATENT_SIZES = {IDENTITY: 128, EXPRESSION: 32, ILLUMINATION: 16, POSE: 3, NOISE: 32}

POSE_SIZE = 3  # radians: pitch, yaw, roll
SH_BANDS = 9  # real spherical harmonics of order 0 to 2
ILLUMINATION_SIZE = 3 * SH_BANDS  # nine for red, nine for green, nine for blue

# The parts of the coefficient vector that belong to each factor.
PARTS_OF_FACTOR = {
    IDENTITY: ('identity_shape', 'identity_texture'),
    EXPRESSION: ('expression',),
    ILLUMINATION: ('illumination',),
    POSE: ('pose',),
}
# Factors in the order in which they stand in the generator's input: coefficients, then noise.
INPUT_FACTORS = (*sorted(PARTS_OF_FACTOR, key=lambda factor: COEFFICIENT_PARTS.index(
    PARTS_OF_FACTOR[factor][0])), NOISE)

Coefficients = collections.namedtuple('Coefficients', COEFFICIENT_PARTS)
Coefficients.__doc__ = """The coefficient vector taken apart; every field is [..., its size].

identity_shape, identity_texture and expression are the paper's alpha_s, alpha_t
and beta (Eq. 1) in standard deviations of the model's modes; pose is theta in
radians (pitch, yaw, roll); illumination is gamma, nine spherical-harmonics
coefficients for red, then green, then blue.
"""


@dataclasses.dataclass(frozen=True)
class CoefficientLayout:
    """Sizes of the parts of the coefficient vector of one morphable model.

    A model may lack a part (size 0). The order is that of `COEFFICIENT_PARTS`.
    """

    identity_shape: int
    identity_texture: int
    expression: int
    pose: int = POSE_SIZE
    illumination: int = ILLUMINATION_SIZE

    @property
    def size(self):
        """Length of the coefficient vector."""
        return sum(getattr(self, part) for part in COEFFICIENT_PARTS)

    @property
    def slices(self):
        """{part: slice} of the last axis of a coefficient vector."""
        result, start = {}, 0
        for part in COEFFICIENT_PARTS:
            stop = start + getattr(self, part)
            result[part] = slice(start, stop)
            start = stop
        return result

    def factor_slice(self, factor):
        """The one slice that holds everything of `factor` ('identity', 'pose', ...)."""
        if factor not in PARTS_OF_FACTOR:
            raise ValueError(f'factor: expected one of {sorted(PARTS_OF_FACTOR)}, got {factor!r}')
        parts = [self.slices[part] for part in PARTS_OF_FACTOR[factor]]
        return slice(parts[0].start, parts[-1].stop)

    def split(self, coefficients):
        """Takes a [..., size] array or tensor apart.

        Returns:
          `Coefficients`, each field [..., size of the part].

        Raises:
          ValueError: if the last axis is not `size` long.
        """
        width = coefficients.shape[-1] if len(coefficients.shape) else None
        if width is not None and int(width) != self.size:
            raise ValueError(
                f'coefficients: expected [..., {self.size}] ('
                + ', '.join(f'{part} {getattr(self, part)}' for part in COEFFICIENT_PARTS)
                + f'), got shape {tuple(coefficients.shape)}')
        return Coefficients(*(coefficients[..., self.slices[part]] for part in COEFFICIENT_PARTS))
