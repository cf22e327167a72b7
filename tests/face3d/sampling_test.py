"""Random people: statistics, bounds, determinism."""

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.face3d import lighting, sampling
from tfdisco.face3d.morphable_model import MorphableModel


def with_exemplars(bandwidth=(0.3, 0.5), count=40):
    arrays, rng = toy.arrays(), np.random.default_rng(0)
    sides = np.where(rng.random((count, 1)) < 0.5, -3.0, 3.0)  # two groups of people
    return MorphableModel({
        **arrays,
        'identity_exemplars': (sides + 0.2 * rng.normal(size=(count, 7))).astype(np.float32),
        'expression_exemplars': rng.uniform(0, 1, size=(count, 2)).astype(np.float32),
        'exemplar_bandwidth': np.array(bandwidth, np.float32)})


def test_same_seed_same_people():
    of = toy.model()
    first, again, other = (sampling.sample_coefficients(of, 20, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (20, of.layout.size) and first.dtype == np.float32
    assert (np.abs(first - other).max(0) > 0).all()


def test_without_exemplars_modes_are_truncated_normal():
    of = toy.model()
    parts = of.layout.split(sampling.sample_coefficients(of, 20000, 0))
    for values in (parts.identity_shape, parts.identity_texture):
        assert np.abs(values).max() <= sampling.TRUNCATION
        assert np.abs(values.mean(0)).max() < 0.03
        np.testing.assert_allclose(values.std(0), 0.952, atol=0.03)  # normal cut at 2.5
    neutral = (parts.expression == 0).all(1)
    assert neutral.mean() == pytest.approx(sampling.NEUTRAL_SHARE, abs=0.01)


def test_bootstrap_keeps_mean_covariance_and_groups():
    of = with_exemplars()
    parts = of.layout.split(sampling.sample_coefficients(of, 40000, 0))
    drawn = np.concatenate([parts.identity_shape, parts.identity_texture], 1)
    exemplars = of.arrays['identity_exemplars']
    np.testing.assert_allclose(drawn.mean(0), exemplars.mean(0), atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T, bias=True), np.cov(exemplars.T, bias=True), atol=0.2)
    # Two groups stay apart at h = 0.3, and would not if people were drawn normally.
    assert (np.abs(drawn.mean(1)) < 1).mean() < 0.07
    has = (parts.expression != 0).any(1)
    np.testing.assert_allclose(parts.expression[has].mean(0),
                               of.arrays['expression_exemplars'].mean(0), atol=0.02)


def test_bandwidth_zero_draws_the_exemplars():
    exemplars = np.random.default_rng(0).normal(size=(5, 9))  # fewer than modes
    drawn = sampling.smoothed_bootstrap(exemplars, 0.0, 100, np.random.default_rng(1))
    nearest = np.abs(drawn[:, None] - exemplars).max(-1).min(1)
    np.testing.assert_allclose(nearest, 0, atol=1e-6)
    smooth = sampling.smoothed_bootstrap(exemplars, 1.0, 50000, np.random.default_rng(1))
    np.testing.assert_allclose(np.cov(smooth.T, bias=True), np.cov(exemplars.T, bias=True),
                               atol=0.05)


def test_pose():
    of = toy.model()
    pose = of.layout.split(sampling.sample_coefficients(of, 20000, 0)).pose
    np.testing.assert_allclose(pose.std(0), 0.952 * np.array(sampling.POSE_DEVIATION), rtol=0.03)
    assert np.abs(pose[:, 1]).max() <= 2.5 * 0.279 + 1e-6


def test_light_is_neither_black_nor_burnt_nor_flat():
    illumination = sampling.sample_illumination(5000, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(500, 3))
    normals[:, 2] = np.abs(normals[:, 2])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    gamma = illumination.reshape(-1, 3, 9) + lighting.AMBIENT * np.eye(9)[0]
    shading = gamma @ lighting.basis(normals).T  # [5000, 3, 500]
    assert shading.min() > sampling.DARKEST - 0.03  # between the directions that are checked
    assert shading.max() < sampling.BRIGHTEST + 0.03
    assert shading.mean() == pytest.approx(sampling.MEAN_SHADING, abs=0.03)
    spread = shading[:, 1].max(-1) - shading[:, 1].min(-1)
    assert np.percentile(spread, 10) > 0.3
    red_to_blue = shading[:, 0].mean(-1) / shading[:, 2].mean(-1)
    assert 0.85 < red_to_blue.min() < 0.98 and 1.02 < red_to_blue.max() < 1.2
    # As often from the left as from the right, and rather from above.
    sideways = gamma[:, 1, 3]
    assert abs(sideways.mean()) < 0.1 * sideways.std()
    assert gamma[:, 1, 1].mean() < -0.05


def test_built_in_model_and_errors():
    of = MorphableModel.load('open_head')
    people = sampling.sample_coefficients(of, 50, 0)
    assert np.isfinite(people).all() and people.shape == (50, of.layout.size)
    bare = MorphableModel(toy.arrays(0, 0, 0))
    assert sampling.sample_coefficients(bare, 3, 0).shape == (3, 30)
    with pytest.raises(ValueError, match='count: expected a positive integer, got 0'):
        sampling.sample_coefficients(of, 0, 0)
