"""Random people: plausible coefficients to render, train and test with."""

import numpy as np

from tfdisco import factors
from tfdisco.face3d import lighting
from tfdisco.shapes import check_positive

# Standard deviation of pitch, yaw and roll (radians) of FFHQ photographs: the published
# VAE of Deng et al. 2020, 200,000 samples. Their mean pitch is that of another mesh.
POSE_DEVIATION = (0.155, 0.279, 0.032)
# Mean and standard deviation of the shading averaged over the directions a surface turned
# towards the camera can have; same source.
MEAN_SHADING, MEAN_SHADING_DEVIATION = 0.80, 0.12
# Bounds of the shading of any surface turned towards the camera: neither black nor burnt.
DARKEST, BRIGHTEST = 0.1, 1.2
NEUTRAL_SHARE = 0.2  # of people with no expression
TRUNCATION = 2.5  # standard deviations

_IDENTITY, _EXPRESSION = 0, 1  # order of `exemplar_bandwidth`


def sample_coefficients(model, count, seed):
    """Draws people: identity, expression, pose and light, independently.

    Identity and expression are a smoothed bootstrap of the model's exemplars, see
    `smoothed_bootstrap`, or normal if the model has none.

    Args:
      model: a `MorphableModel`.
      count: number of people.
      seed: a seed of `np.random.default_rng`; the same seed and count give the same
        people.

    Returns:
      float32 array [count, model.layout.size].
    """
    check_positive('count', count)
    rng = np.random.default_rng(seed)
    layout = model.layout
    result = np.zeros((count, layout.size), np.float32)
    identity = layout.factor_slice(factors.IDENTITY)
    result[:, identity] = _modes(model, 'identity_exemplars', _IDENTITY, count,
                                 identity.stop - identity.start, rng)
    expression = _modes(model, 'expression_exemplars', _EXPRESSION, count, layout.expression, rng)
    has_expression = rng.random((count, 1)) >= NEUTRAL_SHARE
    result[:, layout.slices['expression']] = np.where(has_expression, expression, 0.0)
    result[:, layout.slices['pose']] = (truncated_normal(rng, (count, layout.pose))
                                        * POSE_DEVIATION)
    result[:, layout.slices['illumination']] = sample_illumination(count, rng)
    return result


def smoothed_bootstrap(exemplars, bandwidth, count, rng):
    """x = m + sqrt(1 - h^2) (e - m) + h L eps, with e a random exemplar.

    m and L L^T are the exemplars' mean and covariance, which x therefore has as well;
    h = `bandwidth` goes from the exemplars themselves (0) to a normal distribution (1).

    Args:
      exemplars: [N, K].
      bandwidth: h, from 0 to 1.
      count: number of draws.
      rng: a `np.random.Generator`.

    Returns:
      [count, K].
    """
    mean = exemplars.mean(axis=0, dtype=np.float64)
    centred = exemplars - mean
    # L as eigenvectors times roots: Cholesky fails where there are fewer exemplars than K.
    variances, axes = np.linalg.eigh(centred.T @ centred / len(exemplars))
    noise = rng.standard_normal((count, len(variances))) * np.sqrt(np.maximum(variances, 0.0))
    drawn = centred[rng.integers(len(exemplars), size=count)]
    return mean + np.sqrt(1.0 - bandwidth**2) * drawn + bandwidth * (noise @ axes.T)


def sample_illumination(count, rng):
    """Draws light: even light, a key light and a weaker fill light from the other side.

    Each has a slight tint, warm or cool. The whole is scaled to a plausible brightness
    and, where it would leave a surface that faces the camera darker than `DARKEST` or
    brighter than `BRIGHTEST`, mixed with even light.

    Returns:
      float32 [count, 27].
    """
    azimuth = truncated_normal(rng, count) * 0.6  # at most 86 degrees to the side
    elevation = 0.45 + truncated_normal(rng, count) * 0.3  # mostly from above
    key = _light(azimuth, elevation, rng.uniform(0.4, 1.2, count), 0.03, rng)
    other_side = -np.sign(azimuth) * rng.uniform(0.4, 1.6, count)
    fill = _light(other_side, rng.uniform(-0.3, 0.6, count), rng.uniform(0.0, 0.4, count), 0.04,
                  rng)
    ambient = (rng.uniform(0.15, 0.7, count)[:, None, None] * _tint(count, 0.02, rng)[..., None]
               * lighting.even())
    gamma = key + fill + ambient  # [count, 3, 9]
    level = (gamma @ lighting.basis(_front_normals()).mean(axis=0)).mean(axis=-1)
    wanted = MEAN_SHADING + MEAN_SHADING_DEVIATION * truncated_normal(rng, count)
    gamma *= (wanted / level)[:, None, None]
    # In parts, as the shading of thousands of lights on all normals is a large array.
    parts = np.array_split(gamma, -(-count // 4096))
    return lighting.to_coefficients(np.concatenate([_soften(part) for part in parts]))


def truncated_normal(rng, shape):
    """Normal numbers, drawn again where beyond `TRUNCATION` standard deviations."""
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > TRUNCATION).any():
        values[outside] = rng.standard_normal(outside.sum())
    return values


def _modes(model, name, bandwidth_index, count, size, rng):
    exemplars = model.arrays.get(name)
    if exemplars is None:
        return truncated_normal(rng, (count, size))
    bandwidth = float(model.arrays['exemplar_bandwidth'][bandwidth_index])
    return smoothed_bootstrap(exemplars, bandwidth, count, rng)


def _light(azimuth, elevation, intensity, tint_deviation, rng):
    """[count, 3, 9] gamma of distant lights at angles in radians."""
    directions = np.stack([np.sin(azimuth) * np.cos(elevation), np.sin(elevation),
                           np.cos(azimuth) * np.cos(elevation)], axis=-1)
    tint = _tint(len(azimuth), tint_deviation, rng)
    return (intensity[:, None] * tint)[..., None] * lighting.distant(directions)[:, None]


def _tint(count, deviation, rng):
    """[count, 3] factors of red, green and blue: white to slightly warm or cool."""
    warmth = deviation * truncated_normal(rng, count)
    return np.stack([1.0 + warmth, np.ones(count), 1.0 - warmth], axis=-1)


def _soften(gamma):
    """Mixes [count, 3, 9] gamma with even light until the front keeps within bounds."""
    shading = gamma @ lighting.basis(_front_normals()).T  # [count, 3, N]
    middle = np.clip(shading.mean(axis=-1, keepdims=True), DARKEST, BRIGHTEST)
    # The share of the light that may stay, by its darkest and by its brightest place.
    below = (middle - DARKEST) / np.maximum(middle - shading, 1e-6)
    above = (BRIGHTEST - middle) / np.maximum(shading - middle, 1e-6)
    share = np.minimum(below, above).min(axis=(1, 2)).clip(0.0, 1.0)[:, None, None]
    return share * gamma + (1.0 - share) * middle * lighting.even()


def _front_normals(count=150):
    """[N, 3] unit vectors spread evenly over the half sphere towards the camera."""
    index = np.arange(count) + 0.5
    z, angle = index / count, np.pi * (1.0 + 5.0**0.5) * index  # a Fibonacci spiral
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
