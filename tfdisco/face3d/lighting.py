"""Light: nine real spherical harmonics a colour (Sec. 3.1, the paper's gamma).

The signs and factors are those of the published reconstruction network and of
DiscoFaceGAN, so that published coefficients mean the same here.
"""

import math

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.shapes import check_choice, check_shape

AMBIENT = 0.8  # added to the first coefficient of each colour

_A0, _A1, _A2 = math.pi, 2 * math.pi / math.sqrt(3), 2 * math.pi / math.sqrt(8)
_C0 = 1 / math.sqrt(4 * math.pi)
_C1 = math.sqrt(3) / math.sqrt(4 * math.pi)
_C2 = 3 * math.sqrt(5) / math.sqrt(12 * math.pi)
# The factors by which a clamped cosine smooths light of each order (Ramamoorthi and
# Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001), over
# those that the published terms build in instead.
_CLAMPED_COSINE = np.repeat([math.pi / _A0, 2 * math.pi / 3 / _A1, math.pi / 4 / _A2], [1, 3, 5])
_BUILT_IN = np.repeat([_A0, _A1, _A2], [1, 3, 5])

# Directions towards the light, seen by the viewer: 'left' lights the left of the image.
DIRECTIONS = {
    'front': (0.0, 0.0, 1.0), 'left': (-1.0, 0.1, 0.45), 'right': (1.0, 0.1, 0.45),
    'top': (0.0, 1.0, 0.35), 'bottom': (0.0, -1.0, 0.45), 'top left': (-0.8, 0.8, 0.6),
    'top right': (0.8, 0.8, 0.6), 'back left': (-1.0, 0.2, -0.5),
}


def basis(normals):
    """The nine terms Y0 to Y8 at unit normals.

    Args:
      normals: [..., 3] array or tensor.

    Returns:
      [..., 9], an array for an array, a tensor for a tensor.
    """
    of = np if isinstance(normals, np.ndarray) else tf
    x, y, z = (normals[..., i] for i in range(3))
    first, second = _A1 * _C1, _A2 * _C2
    return of.stack([
        of.ones_like(x) * (_A0 * _C0),
        -first * y,
        first * z,
        -first * x,
        second * (x * y),
        -second * (y * z),
        (second / (2 * math.sqrt(3))) * (3 * z * z - 1),
        -second * (x * z),
        (second / 2) * (x * x - y * y)], axis=-1)


def shading(normals, illumination):
    """Y . gamma: the factor by which light multiplies the albedo.

    Args:
      normals: [B, V, 3] unit normals, posed with the face.
      illumination: [B, 27], nine coefficients for red, then green, then blue; 0.8 is
        added to the first of each here.

    Returns:
      [B, V, 3]; 1 shows the albedo as it is.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('normals', normals, ['B', None, 3])
    check_shape('illumination', illumination, [normals.shape[0], factors.ILLUMINATION_SIZE])
    gamma = tf.reshape(illumination, [-1, 3, factors.SH_BANDS])
    gamma += tf.constant([AMBIENT] + [0.0] * (factors.SH_BANDS - 1), gamma.dtype)
    return tf.matmul(basis(normals), gamma, transpose_b=True)


def distant(directions):
    """Lambertian shading by a distant light of intensity 1, projected to the nine terms.

    To order 2 max(0, cos) becomes 1.06 where a surface faces the light, 0.09 edge-on and
    -0.04 to 0.06 where it is turned away.

    Args:
      directions: [..., 3] array or tensor, unit vectors from the face towards the light.

    Returns:
      [..., 9], an array for an array, a tensor for a tensor: gamma with nothing subtracted.
    """
    if not tf.is_tensor(directions):
        directions = np.asarray(directions)
    return basis(directions) / _BUILT_IN * _CLAMPED_COSINE


def even():
    """[9] gamma of light that shades everything by 1, whatever the normal."""
    return np.eye(factors.SH_BANDS)[0] / (_A0 * _C0)


def to_coefficients(gamma):
    """[..., 3, 9] gamma -> float32 [..., 27] coefficients, to which `shading` adds 0.8."""
    gamma = np.asarray(gamma) - AMBIENT * np.eye(factors.SH_BANDS)[0]
    return gamma.reshape(gamma.shape[:-2] + (factors.ILLUMINATION_SIZE,)).astype(np.float32)


def light_from_direction(direction, intensity=0.7, ambient=0.4, tint=(1.0, 1.0, 1.0)):
    """Coefficients of a distant light plus even, white light from everywhere.

    Args:
      direction: a name of `DIRECTIONS`, or (x, y, z) from the face towards the light.
      intensity: shading by the distant light of a surface that faces it.
      ambient: shading by the even light.
      tint: red, green, blue factors of the distant light.

    Returns:
      float32 [27].

    Raises:
      ValueError: if there is no such direction.
    """
    if isinstance(direction, str):
        check_choice('direction', direction, DIRECTIONS)
        direction = DIRECTIONS[direction]
    direction = np.asarray(direction, np.float64)
    if direction.shape != (3,) or not np.linalg.norm(direction) > 0:
        raise ValueError('direction: expected (x, y, z), not all zero, got '
                         f'{direction.tolist()}')
    key = intensity * distant(direction / np.linalg.norm(direction))
    return to_coefficients(np.outer(tint, key) + ambient * even())


def mirror_signs():
    """[27] of +1 and -1: what mirroring the picture does to each coefficient.

    A term keeps its value at the mirrored normal (-x, y, z) or changes its sign.
    """
    normal = np.array([0.48, 0.6, 0.64])  # any at which no term is zero
    signs = np.sign(basis(normal * [-1, 1, 1]) * basis(normal))
    return np.tile(signs, 3).astype(np.float32)

def sphere(count):
    """[count, 3] unit vectors spread evenly over the sphere: a Fibonacci spiral."""
    index = np.arange(count) + 0.5
    z, angle = 1.0 - 2.0 * index / count, np.pi * (1.0 + 5.0**0.5) * index
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
