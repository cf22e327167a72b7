"""Where the training of a VAE starts: at the best linear one.

A VAE with a linear decoder is probabilistic PCA, whose optimum is known (Tipping & Bishop
1999, Sec. 3.2; Lucas et al. 2019, "Don't Blame the ELBO!"). From random weights, much of z
stays unused where many coefficients matter alike; from this start, training only has to
learn in what the data differ from a normal distribution.
"""

import numpy as np

from tfdisco.networks.vae import file as vae_file
from tfdisco.shapes import check_shape

# Of the first gamma. With as many latents as coefficients PCA leaves no noise at all, and
# the loss a gradient that no learning rate would suit.
LEAST_GAMMA = 0.02


def normalization(coefficients, visibility):
    """Mean and scale for `CoefficientVAE.set_normalization`.

    The scale is the standard deviation divided by `visibility`, so that x has more
    variance in what shows more, and latents go there first.

    Args:
      coefficients: [N, K].
      visibility: [K] weights, see `face3d.visibility`.

    Returns:
      mean [K] and scale [K].

    Raises:
      ValueError: on wrong shapes, or a coefficient that is the same for all people.
    """
    check_shape('coefficients', coefficients, ['N', 'K'])
    check_shape('visibility', visibility, [coefficients.shape[1]])
    deviation = coefficients.std(axis=0, dtype=np.float64)
    constant = np.flatnonzero(deviation <= 0)
    if len(constant):
        raise ValueError('coefficients: expected each to differ between people, got the same '
                         f'for all at {constant.tolist()}; take more varied data')
    return coefficients.mean(axis=0, dtype=np.float64), deviation / visibility


def linear_start(vae, coefficients, seed):
    """Sets a VAE's weights to probabilistic PCA of the data.

    W = U (Lambda - sigma^2)^(1/2), with the leading eigenvectors U and eigenvalues
    Lambda of the covariance and sigma^2 the mean of the other eigenvalues; the posterior
    of z has mean M^-1 W^T x and covariance sigma^2 M^-1, M = Lambda. ReLU layers pass
    a value on as relu(v) - relu(-v); units beyond those start at random, unconnected to
    the output.

    Args:
      vae: a `CoefficientVAE`, normalised.
      coefficients: [N, K].
      seed: of the random units.

    Raises:
      ValueError: if the hidden layers have less than two units for each latent.
    """
    if vae.width < 2 * vae.latents:
        raise ValueError(f'vae: expected hidden layers of at least {2 * vae.latents} units, two '
                         f'for each of {vae.latents} latents, got {vae.width}')
    x = vae.normalize(coefficients).numpy().astype(np.float64)
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    kept = min(vae.latents, vae.size)
    noise = values[kept:].mean() if kept < vae.size else 0.0
    noise = max(noise, LEAST_GAMMA**2)
    explained = np.zeros(vae.latents)
    explained[:kept] = np.maximum(values[:kept] - noise, 0.0)
    axes = np.zeros([vae.size, vae.latents])
    axes[:, :kept] = vectors[:, :kept]
    decoder = axes * np.sqrt(explained)  # W, [K, L]
    total = explained + noise  # M, diagonal
    rng = np.random.default_rng(seed)
    weights = {'log_gamma': 0.5 * np.log(noise),
               **_half('encoder', decoder / total, vae.width, rng),
               **_half('decoder', np.eye(vae.latents), vae.width, rng)}
    read_out = np.zeros([vae.width, vae.latents])
    read_out[:2 * vae.latents] = _signed(np.eye(vae.latents)).T
    weights['encoder/mean/kernel'] = read_out
    weights['encoder/log_std/kernel'] = np.zeros_like(read_out)
    weights['encoder/log_std/bias'] = 0.5 * np.log(noise / total)
    weights['decoder/x_hat/kernel'] = read_out @ decoder.T
    zeros = {name: np.zeros(shape) for name, shape in
             vae_file.weight_shapes(vae.size, vae.latents, vae.width).items()
             if name.endswith('bias')}
    kept_as_is = {name: vae.arrays()[name] for name in ('mean', 'scale')}
    vae.set_arrays({**zeros, **weights, **kept_as_is})


def _signed(matrix):
    """[I, O] -> [I, 2 O]: the values and their negatives."""
    return np.concatenate([matrix, -matrix], axis=1)


def _half(name, first, width, rng):
    """Hidden kernels that pass v = input @ first, [I, L], on as relu(v) and relu(-v)."""
    channels = 2 * first.shape[1]
    result = {}
    for index in range(vae_file.HIDDEN_LAYERS):
        inputs = len(first) if index == 0 else width
        limit = np.sqrt(6.0 / inputs)  # He et al. 2015
        kernel = rng.uniform(-limit, limit, [inputs, width])
        kernel[:, :channels] = _signed(first) if index == 0 else np.eye(width)[:, :channels]
        result[f'{name}/fc{index}/kernel'] = kernel
    return result
