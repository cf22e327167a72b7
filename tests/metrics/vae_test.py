"""Figures of the coefficient VAEs on data with known answers."""

import json
import pathlib

import numpy as np
import pytest
import scipy.stats

from tests.face3d import toy
from tfdisco.metrics import registry, vae
from tfdisco.networks.vae import CoefficientVAE
from tfdisco.networks.vae import file as vae_file
from tfdisco.training.vae.start import linear_start


def normal(count, seed, size=4):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, size)) * np.geomspace(3, 0.5, size) + 2).astype(np.float32)


def linear_vae(latents=4, size=4):
    network = CoefficientVAE(size, latents, 16)
    data = normal(20000, 9, size)
    network.set_normalization(data.mean(axis=0), np.ones(size))
    linear_start(network, data, 0)
    return network


def test_sliced_wasserstein_in_one_dimension_is_scipys():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(500, 1)), rng.normal(size=(500, 1)) * 2 + 1
    ours = vae.sliced_wasserstein(first, second, 3, 0)
    quantile = np.sqrt(np.square(np.sort(first[:, 0]) - np.sort(second[:, 0])).mean())
    assert ours == pytest.approx(quantile)
    assert ours >= scipy.stats.wasserstein_distance(first[:, 0], second[:, 0])  # W2 >= W1


def test_sliced_wasserstein_of_a_shift():
    points = np.random.default_rng(0).normal(size=(300, 3))
    shift = np.array([3.0, 0.0, 4.0])
    ours = vae.sliced_wasserstein(points, points + shift, 20000, 1)
    # The mean of (axis . shift)^2 over the sphere is |shift|^2 / 3.
    assert ours == pytest.approx(5.0 / np.sqrt(3), rel=0.02)
    assert vae.sliced_wasserstein(points, points[::-1], 8, 1) == pytest.approx(0, abs=1e-12)


def test_perfect_model_of_normal_data_reaches_the_floor():
    found = vae.measure(linear_vae(), normal(5000, 1), normal(5000, 2), np.ones(4), 0)
    assert found['active_latents'] == 1
    assert found['reconstruction_rms'] < 0.02
    assert found['sliced_wasserstein'] < 2 * found['sliced_wasserstein_floor'] < 0.2
    assert found['mean_error'] < 0.05 and found['deviation_error'] < 0.05
    for name in ('sliced_wasserstein', 'sliced_wasserstein_gaussian', 'reconstruction_rms'):
        assert found[name + '_visible'] == pytest.approx(found[name])


def test_what_is_missing_shows():
    found = vae.measure(linear_vae(latents=2), normal(4000, 1), normal(4000, 2),
                        np.array([1, 1, 0.1, 0.1]), 0)
    # The two coefficients of least variance cannot be rebuilt.
    assert 0.6 < found['reconstruction_rms'] < 0.95
    assert found['deviation_error'] > 0.2
    assert found['sliced_wasserstein'] > 3 * found['sliced_wasserstein_gaussian']
    unused = linear_vae()
    unused.set_arrays({name: 0 * value if name.startswith('encoder/mean') else value
                       for name, value in unused.arrays().items()})
    found = vae.measure(unused, normal(500, 1), normal(500, 2), np.ones(4), 0)
    assert found['active_latents'] == 0
    assert found['reconstruction_rms'] == pytest.approx(1.0, abs=0.05)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / 'v.npz'
    network = linear_vae(size=3, latents=3)
    vae_file.write(path, vae_file.StoredVAEs({'pose': network.arrays()},
                                             {'pose': {'source': '', 'licence': ''}}))
    return path


def test_suite_gives_each_figure_its_count(weights):
    rows = registry.run('vae', weights=weights, model=toy.model(), count=40)
    assert [row['factor'] for row in rows] == ['pose'] * len(rows)
    assert {row['count'] for row in rows} == {40} and len({row['metric'] for row in rows}) == 11
    assert rows == vae.evaluate(weights, toy.model(), count=40)
    text = registry.table('vae', rows)
    assert text.count('\n') == len(rows) and 'sliced_wasserstein_floor' in text


def test_given_data_are_halved(weights):
    people = np.random.default_rng(0).normal(size=(31, toy.model().layout.size))
    rows = vae.evaluate(weights, toy.model(), people.astype(np.float32), count=1000)
    assert {row['count'] for row in rows} == {15}


def test_data_may_be_a_file(weights, tmp_path):
    people = toy.people(toy.model(), 30)
    np.savez(tmp_path / 'people.npz', coefficients=people)
    rows = vae.evaluate(weights, toy.model(), str(tmp_path / 'people.npz'))
    assert rows == vae.evaluate(weights, toy.model(), people)


def test_errors(weights):
    with pytest.raises(ValueError, match=r'data: expected shape \[N, 39\], got \[5, 4\]'):
        vae.evaluate(weights, toy.model(), np.zeros((5, 4)))
    with pytest.raises(ValueError, match='data: expected at least 4 people, got 3'):
        vae.evaluate(weights, toy.model(), np.zeros((3, 39)))
    with pytest.raises(ValueError, match='identity: expected 7 coefficients .* got 160'):
        vae.evaluate('built-in', toy.model())
    with pytest.raises(ValueError, match=r'second: expected shape \[5, 2\], got \[4, 2\]'):
        vae.sliced_wasserstein(np.zeros((5, 2)), np.zeros((4, 2)), 3, 0)


def test_shipped_card_tells_what_is_measured():
    card = json.loads((pathlib.Path(vae_file.__file__).parents[2] / 'pretrained'
                       / 'coefficient_vae.json').read_text())
    rows = registry.run('vae')
    assert [(row['factor'], row['metric'], row['count']) for row in rows] == [
        (row['factor'], row['metric'], row['count']) for row in card['figures']]
    np.testing.assert_allclose([row['value'] for row in rows],
                               [row['value'] for row in card['figures']], rtol=0.02, atol=2e-3)
    value = {(row['factor'], row['metric']): row['value'] for row in rows}
    for factor in ('identity', 'expression', 'illumination', 'pose'):
        decoded = value[factor, 'sliced_wasserstein_visible']
        assert decoded < value[factor, 'sliced_wasserstein_gaussian_visible'], factor
        assert value[factor, 'active_latents'] > 0.75
