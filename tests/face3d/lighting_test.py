"""Spherical harmonics, lights and mirroring against formulas and tensorflow-graphics."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import lighting


def sphere(count=2000):
    """Unit vectors spread evenly."""
    index = np.arange(count) + 0.5
    z, angle = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], -1)


NORMALS = sphere(50)


def test_basis():
    np.testing.assert_allclose(lighting.basis(NORMALS), toy.harmonics(NORMALS), atol=1e-12)
    np.testing.assert_allclose(lighting.basis(tf.constant(NORMALS, tf.float32)),
                               toy.harmonics(NORMALS), atol=1e-6)


def test_basis_equals_tensorflow_graphics():
    harmonics = pytest.importorskip('tensorflow_graphics.math.spherical_harmonics')
    from tensorflow_graphics.math import math_helpers
    spherical = math_helpers.cartesian_to_spherical_coordinates(tf.constant(NORMALS))
    degree, order = harmonics.generate_l_m_permutations(2)
    each = [tf.tile(v[None], [len(NORMALS), 1]) for v in (degree, order)]
    theirs = harmonics.evaluate_spherical_harmonics(
        *each, spherical[:, 1:2], spherical[:, 2:3]).numpy()
    # Orthonormal there, in the order (0, 0), (1, -1), (1, 0), (1, 1), (2, -2) ...; here with
    # the published factors. Signs differ by convention only.
    factor = np.repeat([np.pi, 2 * np.pi / 3**0.5, 2 * np.pi / 8**0.5], [1, 3, 5])
    np.testing.assert_allclose(np.abs(lighting.basis(NORMALS)), np.abs(theirs * factor), atol=1e-6)


def test_shading_adds_the_ambient_term():
    rng = np.random.default_rng(0)
    normals, gamma = sphere(12).reshape(2, 6, 3), rng.normal(size=(2, 27))
    shading = lighting.shading(tf.constant(normals, tf.float32), tf.constant(gamma, tf.float32))
    for row in range(2):
        total = gamma[row].reshape(3, 9) + 0.8 * np.eye(9)[0]
        np.testing.assert_allclose(shading[row], toy.harmonics(normals[row]) @ total.T, atol=1e-5)


def shade(illumination, normals):
    return lighting.shading(tf.constant(normals[None], tf.float32),
                            tf.constant(illumination[None]))[0].numpy()


def test_even_light_shades_everything_alike():
    gamma = np.outer([1.0, 0.5, 0.2], lighting.even())
    np.testing.assert_allclose(shade(lighting.to_coefficients(gamma), NORMALS),
                               np.tile([1.0, 0.5, 0.2], (50, 1)), atol=1e-6)


def test_distant_light_is_the_best_fit_of_a_clamped_cosine():
    normals, direction = sphere(), np.array([0.48, 0.6, 0.64])
    terms = toy.harmonics(normals)
    wanted = np.maximum(normals @ direction, 0)
    best = np.linalg.lstsq(terms, wanted, rcond=None)[0]
    np.testing.assert_allclose(lighting.distant(direction), best, atol=2e-3)
    assert np.abs(terms @ lighting.distant(direction) - wanted).max() < 0.1


def test_light_from_direction():
    light = lighting.light_from_direction((0, 0, 3), intensity=0.5, ambient=0.3, tint=(1, 0.5, 0))
    assert light.shape == (27,) and light.dtype == np.float32
    facing, away = shade(light, np.array([[0., 0, 1], [0, 0, -1]]))
    np.testing.assert_allclose(facing, [0.83, 0.565, 0.3], atol=0.05)
    np.testing.assert_allclose(away, 0.3, atol=0.05)
    for name, direction in lighting.DIRECTIONS.items():
        np.testing.assert_array_equal(lighting.light_from_direction(name),
                                      lighting.light_from_direction(direction))


@pytest.mark.parametrize('direction, message', [
    ('behind', "direction: expected one of .*'front'.*, got 'behind'"),
    ((0, 0, 0), r'direction: expected \(x, y, z\), not all zero, got \[0.0, 0.0, 0.0\]'),
    ((1, 2), r'direction: expected \(x, y, z\), not all zero, got \[1.0, 2.0\]'),
])
def test_wrong_direction(direction, message):
    with pytest.raises(ValueError, match=message):
        lighting.light_from_direction(direction)


def test_mirror_signs():
    rng = np.random.default_rng(1)
    illumination = rng.normal(size=27).astype(np.float32)
    mirrored = illumination * lighting.mirror_signs()
    np.testing.assert_allclose(shade(mirrored, NORMALS),
                               shade(illumination, NORMALS * [-1, 1, 1]), atol=1e-5)
    # The terms that hold nx once.
    np.testing.assert_array_equal(np.nonzero(lighting.mirror_signs()[:9] < 0)[0], [3, 4, 7])


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r'illumination: expected shape \[2, 27\], got \[2, 9\]'):
        lighting.shading(tf.zeros([2, 5, 3]), tf.zeros([2, 9]))
    with pytest.raises(ValueError, match=r'normals: expected shape \[B, \?, 3\], got \[5, 3\]'):
        lighting.shading(tf.zeros([5, 3]), tf.zeros([5, 27]))
