"""blur: both implementations against NumPy, derivatives, types, borders, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import derivatives, oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.blur import BINOMIAL, blur, gaussian_blur

pytestmark = pytest.mark.parametrize('impl', IMPLS)

UNEVEN = (1., -2., 0.5, 3., 0.25)
SIGMA = 1.3


def _images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize('border', ['zeros', 'mirror'])
@pytest.mark.parametrize('filter', [BINOMIAL, UNEVEN, (2.,)], ids=len)
@pytest.mark.parametrize('size', [(7, 5, 3), (3, 8, 16)])
def test_equals_the_definition(impl, size, filter, border):
    images = _images(2, *size)
    np.testing.assert_allclose(blur(images, filter, border, impl),
                               oracles.blur(images, filter, border), rtol=0, atol=1e-5)


@pytest.mark.parametrize('sigma, taps', [(SIGMA, 5), (0.4, 3), (5., 7), (2., 1)])
def test_the_gaussian_is_one(impl, sigma, taps):
    images = _images(2, 6, 9, 3)
    expected = oracles.blur(images, oracles.gaussian(sigma, taps), 'mirror')
    np.testing.assert_allclose(gaussian_blur(images, sigma, taps, impl), expected, rtol=0,
                               atol=1e-6)


def test_the_gaussian_keeps_a_flat_image_to_the_edge(impl):
    flat = tf.fill([1, 4, 5, 2], 3.)
    np.testing.assert_allclose(gaussian_blur(flat, 2., impl=impl), flat, rtol=1e-6)
    assert float(blur(flat, impl=impl)[0, 0, 0, 0]) == pytest.approx(3 * 0.75**2)


def test_derivatives(impl):
    images = _images(2, 3, 4, 1)
    derivatives.check(lambda x: tf.sin(blur(x, UNEVEN, impl=impl)),
                      lambda x: np.sin(oracles.blur(x, UNEVEN)), [images])
    derivatives.check(
        lambda x: tf.sin(gaussian_blur(x, SIGMA, impl=impl)),
        lambda x: np.sin(oracles.blur(x, oracles.gaussian(SIGMA), 'mirror')), [images])


@pytest.mark.parametrize('dtype, unit', [(tf.float16, 2.0**-11), (tf.bfloat16, 2.0**-8)])
def test_sixteen_bit_images_are_summed_in_float32(impl, dtype, unit):
    images = tf.cast(_images(2, 6, 7, 3), dtype)
    with tf.GradientTape() as tape:
        tape.watch(images)
        ours = gaussian_blur(images, SIGMA, impl=impl)
    assert ours.dtype == dtype
    exact = tf.cast(images, tf.float32).numpy()
    np.testing.assert_allclose(
        tf.cast(ours, tf.float32), oracles.blur(exact, oracles.gaussian(SIGMA), 'mirror'),
        rtol=unit, atol=1e-6)
    gradient = tape.gradient(ours, images)
    assert gradient.dtype == dtype
    # Away from the border, each pixel's weights in others add up to one.
    np.testing.assert_allclose(tf.cast(gradient, tf.float32)[:, 3:-3, 3:-3], 1, rtol=2 * unit)


def test_nothing_and_sizes_found_out_at_run_time(impl):
    images = tf.constant(_images(2, 7, 5, 3))
    assert gaussian_blur(images[:0], SIGMA, impl=impl).shape == (0, 7, 5, 3)
    compute = tf.function(lambda x: (blur(x, impl=impl), gaussian_blur(x, SIGMA, impl=impl)),
                          input_signature=[tf.TensorSpec([None] * 4)], autograph=False)
    plain, gaussian = compute(images)
    np.testing.assert_array_equal(plain, blur(images, impl=impl))
    np.testing.assert_array_equal(gaussian, gaussian_blur(images, SIGMA, impl=impl))


def test_bad_arguments_are_named(impl):
    images = _images(2, 7, 2, 3)
    for function, change, message in [
            (blur, {'x': images[0]}, r'^x: expected shape \[B, H, W, C\], got \[7, 2, 3\]'),
            (blur, {'x': images.astype(np.int32)}, '^x: dtype: expected one of .* got .int32'),
            (blur, {'filter': (1., 1.)}, r'^filter: expected an odd .* got shape \[2\]'),
            (blur, {'filter': np.eye(3)}, r'^filter: expected an odd .* got shape \[3, 3\]'),
            (blur, {'border': 'edge'}, "^border: expected one of .* got 'edge'"),
            (blur, {'impl': 'gpu' + impl}, '^impl: expected one of'),
            (gaussian_blur, {'sigma': 0.}, '^sigma: expected above 0, got 0.0'),
            (gaussian_blur, {'sigma': float('nan')}, '^sigma: expected above 0, got nan'),
            (gaussian_blur, {'sigma': 1., 'taps': 4}, '^filter: expected an odd number of taps'),
            (gaussian_blur, {'sigma': 1., 'taps': 0}, '^taps: expected a positive integer, got 0'),
            (gaussian_blur, {'sigma': 1.}, r'^x: expected a height and a width above 2, .* got '
                                           r'\[2, 7, 2, 3\]')]:
        with pytest.raises(ValueError, match=message):
            function(**{'x': images, 'impl': impl, **change})
