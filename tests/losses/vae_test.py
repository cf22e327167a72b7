"""The VAE's loss against densities of SciPy, and its gradients."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from tfdisco.losses.vae import sliced_wasserstein_term, vae_terms


def arguments(batch=4, size=5, latents=3, dtype=np.float32):
    rng = np.random.default_rng(0)
    shapes = ([batch, size], [batch, size], [batch, latents], [batch, latents], [])
    return [np.asarray(rng.normal(size=shape) * 0.7, dtype) for shape in shapes]


@pytest.mark.parametrize('batch, size, latents', [(4, 5, 3), (1, 1, 1), (2, 1, 7)])
def test_terms_are_minus_log_density_and_divergence(batch, size, latents):
    x, x_hat, mean, log_std, log_gamma = arguments(batch, size, latents, np.float64)
    terms = vae_terms(x, x_hat, mean, log_std, log_gamma)
    density = scipy.stats.norm.logpdf(x, x_hat, np.exp(log_gamma)).sum(axis=1).mean()
    np.testing.assert_allclose(terms['reconstruction'], -density, rtol=1e-12)
    # The divergence by numerical integration.
    grid = np.linspace(-80, 80, 400001)
    total = 0.0
    for centre, spread in zip(mean.ravel(), np.exp(log_std).ravel()):
        q = scipy.stats.norm.logpdf(grid, centre, spread)
        total += scipy.integrate.trapezoid(
            np.exp(q) * (q - scipy.stats.norm.logpdf(grid)), grid)
    np.testing.assert_allclose(terms['kl'], total / batch, rtol=1e-6)


def test_best_gamma_is_the_error():
    x, x_hat, mean, log_std, _ = arguments()
    error = np.sqrt(np.square(x - x_hat).mean())
    log_gamma = tf.Variable(np.log(error), dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = vae_terms(x, x_hat, mean, log_std, log_gamma)['reconstruction']
    assert abs(float(tape.gradient(loss, log_gamma))) < 1e-5


def test_prior_has_no_divergence():
    x, x_hat, mean, _, log_gamma = arguments()
    assert float(vae_terms(x, x_hat, 0 * mean, 0 * mean, log_gamma)['kl']) == 0


def test_gradients_against_float64_differences():
    values = arguments(dtype=np.float64)

    def loss(*given):
        return float(sum(vae_terms(*given).values()))

    with tf.GradientTape() as tape:
        tensors = [tf.constant(value, tf.float32) for value in values]
        tape.watch(tensors)
        total = tf.add_n(list(vae_terms(*tensors).values()))
    for index, gradient in enumerate(tape.gradient(total, tensors)):
        numeric = np.zeros(values[index].shape)
        for place in np.ndindex(values[index].shape):
            moved = [value.copy() for value in values]
            ends = []
            for step in (1e-5, -1e-5):
                moved[index][place] = values[index][place] + step
                ends.append(loss(*moved))
            numeric[place] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('index, shape, message', [
    (0, [5], r'x: expected shape \[B, K\], got \[5\]'),
    (1, [4, 6], r'x_hat: expected shape \[4, 5\], got \[4, 6\]'),
    (2, [3, 3], r'mean: expected shape \[4, L\], got \[3, 3\]'),
    (3, [4, 2], r'log_std: expected shape \[4, 3\], got \[4, 2\]'),
    (4, [4], r'log_gamma: expected shape \[\], got \[4\]'),
])
def test_errors(index, shape, message):
    given = arguments()
    given[index] = np.zeros(shape, np.float32)
    with pytest.raises(ValueError, match=message):
        vae_terms(*given)


def test_sliced_wasserstein_and_its_gradient():
    rng = np.random.default_rng(0)
    x, drawn, axes = (rng.normal(size=shape) for shape in ((6, 3), (6, 3), (5, 3)))

    def expected(points):
        unit = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        return np.mean([np.square(np.sort(points @ axis) - np.sort(x @ axis)).mean()
                        for axis in unit])

    tensor = tf.Variable(drawn, dtype=tf.float32)
    with tf.GradientTape() as tape:
        term = sliced_wasserstein_term(tf.constant(x, tf.float32), tensor,
                                       tf.constant(axes, tf.float32))
    np.testing.assert_allclose(term, expected(drawn), rtol=1e-5)
    numeric = np.zeros_like(drawn)
    for place in np.ndindex(drawn.shape):
        step = np.zeros_like(drawn)
        step[place] = 1e-6
        numeric[place] = (expected(drawn + step) - expected(drawn - step)) / 2e-6
    np.testing.assert_allclose(tape.gradient(term, tensor), numeric, rtol=1e-3, atol=1e-5)
    with pytest.raises(ValueError, match=r'directions: expected shape \[D, 3\], got \[5, 2\]'):
        sliced_wasserstein_term(x, drawn, axes[:, :2])
