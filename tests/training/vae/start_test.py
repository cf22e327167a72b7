"""The linear start is probabilistic PCA: its evidence equals the closed form."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.losses.vae import vae_terms
from tfdisco.networks.vae import CoefficientVAE
from tfdisco.training.vae.start import LEAST_GAMMA, linear_start, normalization


def data(people=4000, size=6, seed=0):
    rng = np.random.default_rng(seed)
    mixing = np.linalg.qr(rng.normal(size=(size, size)))[0] * np.geomspace(3, 0.3, size)
    return (rng.normal(size=(people, size)) @ mixing.T + 5).astype(np.float32)


def test_loss_is_that_of_probabilistic_pca():
    values, kept = data(), 4
    vae = CoefficientVAE(6, kept, 16)
    vae.set_normalization(values.mean(axis=0), np.ones(6))
    linear_start(vae, values, seed=0)
    centred = values - values.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / len(values)
    spectrum = np.linalg.eigvalsh(covariance)[::-1]
    noise = spectrum[kept:].mean()
    np.testing.assert_allclose(np.exp(2 * float(vae.log_gamma.numpy())), noise, rtol=1e-4)
    # Tipping & Bishop 1999, Eq. 13: minus the log likelihood of a person at the optimum.
    expected = 0.5 * (np.log(spectrum[:kept]).sum() + (6 - kept) * np.log(noise)
                      + 6 * (np.log(2 * np.pi) + 1))
    mean, log_std = vae.encode(values)
    losses = []
    for _ in range(50):
        z = mean + tf.exp(log_std) * tf.random.normal(mean.shape)
        losses.append(float(sum(vae_terms(vae.normalize(values), vae.decode_normalized(z), mean,
                                          log_std, vae.log_gamma).values())))
    np.testing.assert_allclose(np.mean(losses), expected, atol=0.02)
    drawn = vae.sample(20000, 0).numpy()
    np.testing.assert_allclose(np.cov(drawn.T) + noise * np.eye(6), covariance, atol=0.25)


@pytest.mark.parametrize('latents', [3, 5])
def test_as_many_latents_as_coefficients(latents):
    values = data(size=3)
    vae = CoefficientVAE(3, latents, 12)
    vae.set_normalization(*normalization(values, np.ones(3)))
    linear_start(vae, values, seed=0)
    np.testing.assert_allclose(np.exp(vae.log_gamma.numpy()), LEAST_GAMMA, rtol=1e-5)
    np.testing.assert_allclose(vae(values), values, atol=0.01)
    log_std = vae.encode(values)[1].numpy()
    np.testing.assert_allclose(log_std[:, 3:], 0.0, atol=1e-6)  # the prior


def test_normalization():
    values = data()
    mean, scale = normalization(values, np.arange(1.0, 7.0))
    np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, values.std(axis=0) / np.arange(1.0, 7.0), rtol=1e-4)


@pytest.mark.parametrize('call, message', [
    (lambda: normalization(np.ones((5, 2)), np.ones(2)), r'the same for all at \[0, 1\]'),
    (lambda: normalization(data(), np.ones(5)), r'visibility: expected shape \[6\], got \[5\]'),
    (lambda: linear_start(CoefficientVAE(6, 4, 7), data(), 0), 'of at least 8 units, .* got 7'),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
