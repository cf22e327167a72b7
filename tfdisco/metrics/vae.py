"""How well coefficient VAEs rebuild people they have not seen, and draw new ones."""

import os

import numpy as np
import tensorflow as tf

from tfdisco.data import coefficients
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.face3d.visibility import visibility
from tfdisco.networks.vae import CoefficientVAE
from tfdisco.networks.vae import file as vae_file
from tfdisco.shapes import check_positive, check_shape

DIRECTIONS = 256  # of the sliced Wasserstein distance
ACTIVE_VARIANCE = 0.01  # of the posterior mean over people, Burda et al. 2016, Sec. 3
# Second entries of the seeds [seed, stream]: training draws from stream 0.
HELD_OUT, SECOND_SAMPLE, LATENTS, GAUSSIAN, SLICES = 1, 2, 3, 4, 5
LEAST_PEOPLE = 4  # two in each half of given data


def evaluate(weights='built-in', model=BUILT_IN, data=None, count=20000, seed=0):
    """Measures every VAE of a file.

    Args:
      weights: 'built-in' or a file of `networks.vae.file`.
      model: the `MorphableModel` whose coefficients they are, or its name or path.
      data: None (people drawn from the model, none of those that training draws) or
        coefficients, of which one half is held out and the other is the second sample: an
        array [N, layout.size], or where they are, see `data.coefficients`.
      count: people in each sample, at most.
      seed: of everything drawn.

    Returns:
      Rows {'factor', 'metric', 'value', 'count'}; see `measure` for the metrics.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected or VAEs and model differ in size.
    """
    check_positive('count', count)
    model = model if isinstance(model, MorphableModel) else MorphableModel.load(model)
    stored = vae_file.read(weights)
    for factor in stored.weights:
        vae_file.check_fit(stored, weights, model.layout, [factor])
    if data is None:
        held_out, second = (sample_coefficients(model, count, [seed, stream])
                            for stream in (HELD_OUT, SECOND_SAMPLE))
    else:
        if isinstance(data, (str, os.PathLike)):
            data = coefficients.load(data, model)
        check_shape('data', data, ['N', model.layout.size])
        if len(data) < LEAST_PEOPLE:
            raise ValueError(f'data: expected at least {LEAST_PEOPLE} people, got {len(data)}')
        people = np.random.default_rng([seed, HELD_OUT]).permutation(len(data))
        half = min(count, len(data) // 2)
        held_out, second = data[people[:half]], data[people[half:2 * half]]
    weight = visibility(model)
    rows = []
    for factor, arrays in stored.weights.items():
        part = model.layout.factor_slice(factor)
        found = measure(CoefficientVAE.from_arrays(arrays, name=factor), held_out[:, part],
                        second[:, part], weight[part], seed)
        rows += [{'factor': factor, 'metric': metric, 'value': value, 'count': len(held_out)}
                 for metric, value in found.items()]
    return rows


def table(rows):
    """The rows of `evaluate` as text, one a line, for people."""
    lines = [f'{"factor":13} {"metric":38} {"value":>9} {"count":>7}']
    lines += [f'{row["factor"]:13} {row["metric"]:38} {row["value"]:9.4f} {row["count"]:7d}'
              for row in rows]
    return '\n'.join(lines)


def measure(vae, held_out, second, weight, seed):
    """The figures of one VAE.

    Everything is in standard deviations of the second sample, coefficient by
    coefficient; what ends in `_visible` is weighted by `face3d.visibility` besides.

    Args:
      vae: a `CoefficientVAE`.
      held_out: [N, K] coefficients it was not trained on.
      second: [N, K], another sample of the same source.
      weight: [K] visibility.
      seed: of latents, of the fitted Gaussian's draws and of the directions.

    Returns:
      {metric: float}: reconstruction_rms (and _visible), the error of decoding the
      posterior mean; active_latents, the share of latents whose posterior mean varies
      over people; sliced_wasserstein (and _visible) between decoded z ~ N(0, 1) and
      held-out data, _gaussian for draws of a Gaussian fitted to the second sample
      instead, _floor for the second sample itself; mean_error and deviation_error, root
      mean square differences of the first two moments of decoded z.
    """
    centre, unit = second.mean(axis=0, dtype=np.float64), second.std(axis=0, dtype=np.float64)
    unit = np.where(unit > 0, unit, 1.0)

    def standard(values):
        return (np.asarray(values, np.float64) - centre) / unit

    data, other = standard(held_out), standard(second)
    posterior_mean = vae.encode(held_out)[0]
    error = standard(vae.decode(posterior_mean)) - data
    z = np.random.default_rng([seed, LATENTS]).standard_normal((len(data), vae.latents))
    decoded = standard(vae.decode(tf.constant(z, tf.float32)))
    gaussian = np.random.default_rng([seed, GAUSSIAN]).multivariate_normal(
        other.mean(axis=0), np.atleast_2d(np.cov(other.T)), len(data))
    result = {
        'reconstruction_rms': _rms(error), 'reconstruction_rms_visible': _rms(error * weight),
        'active_latents': float((posterior_mean.numpy().var(axis=0) > ACTIVE_VARIANCE).mean())}
    for ending, by in (('', 1.0), ('_visible', weight)):
        for name, values in (('', decoded), ('_gaussian', gaussian), ('_floor', other)):
            result[f'sliced_wasserstein{name}{ending}'] = sliced_wasserstein(
                values * by, data * by, DIRECTIONS, [seed, SLICES])
    result['mean_error'] = _rms(decoded.mean(axis=0) - data.mean(axis=0))
    result['deviation_error'] = _rms(decoded.std(axis=0) - data.std(axis=0))
    return result


def sliced_wasserstein(first, second, directions, seed):
    """Sliced 2-Wasserstein distance of two samples of one size (Bonneel et al. 2015).

    sqrt(mean over random unit directions of W_2^2 of the projections), where W_2 of two
    samples on a line pairs the sorted values.

    Args:
      first, second: [N, K].
      directions: number of directions.
      seed: of the directions, for `np.random.default_rng`.

    Returns:
      A float, in units of the samples.

    Raises:
      ValueError: if shapes differ.
    """
    check_positive('directions', directions)
    check_shape('first', first, ['N', 'K'])
    check_shape('second', second, list(first.shape))
    axes = np.random.default_rng(seed).standard_normal((directions, first.shape[1]))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    squares = [np.square(np.sort(first @ axis) - np.sort(second @ axis)).mean() for axis in axes]
    return float(np.sqrt(np.mean(squares)))


def _rms(values):
    return float(np.sqrt(np.square(values).mean()))
