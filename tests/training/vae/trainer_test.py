"""One step of the VAE trainer: it learns, resumes exactly, and stops at a NaN by name."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.metrics.vae import sliced_wasserstein
from tfdisco.networks.vae import CoefficientVAE
from tfdisco.training.vae.start import linear_start, normalization
from tfdisco.training.vae.trainer import VAETrainer

SIZES = {'expression': (6, 3), 'pose': (3, 3)}


def people(count=500):
    rng = np.random.default_rng(0)
    bent = rng.normal(size=(count, 2))
    expression = np.concatenate([bent, bent**2, bent[:, ::-1] * bent], axis=1)
    expression += 0.05 * rng.normal(size=expression.shape)
    return {'expression': expression.astype(np.float32),
            'pose': (rng.normal(size=(count, 3)) * 0.1).astype(np.float32)}


def trainer(steps=40, data=None, learning_rate=3e-3, start=True, match_weight=10.0,
            batch=32):
    data = people() if data is None else data
    tf.random.set_seed(0)
    vaes = {}
    for factor, (size, latents) in SIZES.items():
        vaes[factor] = CoefficientVAE(size, latents, 16, name=factor)
        vaes[factor].set_normalization(*normalization(data[factor], np.ones(size)))
        if start:
            linear_start(vaes[factor], data[factor], 0)
    return VAETrainer(vaes, data, steps, batch, learning_rate, match_weight, seed=3)


def weights(of):
    return [variable.numpy() for variable in of.vaes['expression'].variables
            + of.vaes['pose'].variables]


def test_learns():
    training = trainer(600, learning_rate=1e-2, start=False, match_weight=0.0)
    kept = {factor: vae.mean.numpy() for factor, vae in training.vaes.items()}
    losses = [sum(training.step().values()) for _ in range(600)]
    assert np.mean(losses[-50:]) < np.mean(losses[:50]) - 3
    assert int(training.step_count) == 600
    for factor, vae in training.vaes.items():
        np.testing.assert_array_equal(vae.mean.numpy(), kept[factor])
    data = people()['expression']
    error = training.vaes['expression'](data).numpy() - data
    assert np.square(error).mean() < 0.5 * data.var(axis=0).mean()


def test_interrupted_equals_uninterrupted(tmp_path):
    straight = trainer()
    expected = [straight.step() for _ in range(12)]
    first = trainer()
    for _ in range(5):
        first.step()
    path = first.checkpoint.write(str(tmp_path / 'snapshot'))
    resumed = trainer(start=False)  # other weights than the first one's
    assert any((a != b).any() for a, b in zip(weights(resumed), weights(first)))
    resumed.checkpoint.read(path).assert_consumed()
    assert int(resumed.step_count) == 5
    assert [resumed.step() for _ in range(7)] == expected[5:]
    for ours, theirs in zip(weights(resumed), weights(straight)):
        np.testing.assert_array_equal(ours, theirs)


def test_learning_rate_rises_and_falls():
    training = trainer(40, learning_rate=1e-3)
    rates = []
    for _ in range(40):
        training.step()
        rates.append(float(np.asarray(training.optimizer.learning_rate)))
    assert np.argmax(rates) in (3, 4) and max(rates) == pytest.approx(1e-3, rel=1e-3)
    assert rates[0] < 0.5e-3 and rates[-1] < 1e-5


def test_nan_names_the_term_and_changes_nothing():
    training = trainer()
    training.step()
    training.vaes['pose'].log_gamma.assign(-200.0)
    before = weights(training)
    with pytest.raises(FloatingPointError,
                       match=r'step 2: expected finite losses, got pose/reconstruction = inf; '):
        training.step()
    for ours, theirs in zip(weights(training), before):
        np.testing.assert_array_equal(ours, theirs)
    assert int(training.step_count) == 1


@pytest.mark.parametrize('change, message', [
    ({'pose': np.zeros((500, 2), np.float32)}, r'data of pose: expected shape \[500, 3\]'),
    ({'pose': np.zeros((499, 3), np.float32)}, r'data of pose: expected shape \[500, 3\]'),
    ({'pose': np.full((500, 3), np.nan, np.float32)}, 'data of pose: expected finite'),
    ({'identity': np.zeros((500, 3), np.float32)}, r"expected the factors \['expression', 'pose'"),
])
def test_errors(change, message):
    vaes = trainer().vaes
    with pytest.raises(ValueError, match=message):
        VAETrainer(vaes, {**people(), **change}, 10, 4, 1e-3, 0.0, 0)


def test_match_term_has_decoded_latents_follow_two_clusters():
    data = people(2000)
    rng = np.random.default_rng(1)
    data['pose'] = (rng.choice([-1.0, 1.0], (2000, 1)) * [1, 0, 0]
                    + 0.2 * rng.normal(size=(2000, 3))).astype(np.float32)
    distances = []
    for match_weight in (0.0, 3000.0):
        training = trainer(500, data, 1e-2, match_weight=match_weight, batch=256)
        assert ('pose/match' in training.step()) == (match_weight > 0)
        for _ in range(499):
            training.step()
        drawn = training.vaes['pose'].sample(2000, 0).numpy()
        distances.append(sliced_wasserstein(drawn, data['pose'], 64, 0))
    assert distances[1] < 0.6 * distances[0], distances


def test_match_weight_is_checked():
    with pytest.raises(ValueError, match='match_weight: expected 0 or more, got -1'):
        trainer(match_weight=-1.0)
