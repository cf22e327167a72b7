"""upfirdn2d: both implementations against NumPy, adjoints, types, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.upfirdn2d import FILTER, downsample2d, padding_for, upfirdn2d, upsample2d

pytestmark = pytest.mark.parametrize('impl', IMPLS)

UNEVEN = (1., -2., 0., 3., 0.5)
PLANE = np.arange(12.).reshape(3, 4) - 4
# filter, up, down, padding, gain, flip
SETTINGS = [
    (FILTER, (1, 1), (1, 1), (1, 2, 2, 1), 1, False),
    (FILTER, (2, 2), (1, 1), (2, 1, 2, 1), 4, False),
    (FILTER, (1, 1), (2, 2), (1, 1, 1, 1), 1, False),
    (UNEVEN, (1, 1), (1, 1), (4, 4, 4, 4), 1, False),
    (UNEVEN, (1, 1), (1, 1), (2, 2, 2, 2), -0.5, True),
    (UNEVEN, (3, 2), (2, 3), (5, 3, 0, 4), 2, False),
    (PLANE, (1, 1), (1, 1), (0, 0, 0, 0), 1, False),
    (PLANE, (2, 3), (1, 2), (3, 1, 2, 5), 1, True),
    (PLANE, (2, 2), (1, 1), (-1, 2, 3, -2), 1, False),
    (FILTER, (2, 2), (3, 3), (-2, 5, 5, -2), 1, False),
    ((2.,), (1, 1), (4, 1), (0, 0, -1, -1), 1, False),
    ((1.,) * 12, (2, 2), (1, 1), (6, 5, 6, 5), 0.1, False),
    (FILTER, (1, 1), (1, 1), (9, 8, 7, 9), 1, False),  # outputs that see nothing
]


def _images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize('size', [(7, 5, 3), (1, 9, 1), (4, 4, 16), (6, 3, 21)])
@pytest.mark.parametrize('settings', SETTINGS, ids=range(len(SETTINGS)))
def test_equals_the_definition(impl, settings, size):
    images = _images(2, *size)
    filter, up, down, padding, gain, flip = settings
    shape = np.shape(filter)
    if any(size[i] * up[i] + sum(padding[2 * i:2 * i + 2]) < shape[-i] for i in (0, 1)):
        with pytest.raises(ValueError, match=r'x: expected a padded (height|width) of at least'):
            upfirdn2d(images, filter, up, down, padding, gain, flip, impl)
        return
    expected = oracles.upfirdn(images, *settings)
    ours = upfirdn2d(images, filter, up, down, padding, gain, flip, impl)
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, atol=2e-6 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize('settings', SETTINGS, ids=range(len(SETTINGS)))
def test_the_gradient_is_the_adjoint_and_so_on(impl, settings):
    images = tf.constant(_images(2, 6, 7, 3))
    with tf.GradientTape() as third, tf.GradientTape() as second, tf.GradientTape() as first:
        first.watch(images)
        result = upfirdn2d(images, *settings, impl=impl)
        upstream = tf.constant(_images(*result.shape, seed=1))
        second.watch(upstream)
        back = first.gradient(result, images, upstream)
        along = tf.constant(_images(*images.shape, seed=2))
        third.watch(along)
        forth = second.gradient(back, upstream, along)
        last = tf.reduce_sum(forth * upstream)
    # <f(x), u> = <x, f'(u)>, where f' is linear in u, and the derivative of that f again.
    np.testing.assert_allclose(tf.reduce_sum(images * back), tf.reduce_sum(result * upstream),
                               rtol=1e-4)
    expected = oracles.upfirdn(along.numpy(), *settings)
    np.testing.assert_allclose(forth, expected, atol=2e-6 * max(1, np.abs(expected).max()))
    np.testing.assert_allclose(third.gradient(last, along), back, rtol=1e-4, atol=1e-4)


def test_only_what_the_filter_reaches_is_seen(impl):
    images = np.zeros((1, 9, 9, 2), np.float32)
    images[0, 4, 4, 0] = np.nan
    result = upfirdn2d(images, (1., 2., 1.), padding=1, impl=impl).numpy()
    seen = np.zeros((9, 9), bool)
    seen[3:6, 3:6] = True
    np.testing.assert_array_equal(np.isnan(result[0, ..., 0]), seen)
    assert not result[..., 1].any()


def test_enlarging_and_reducing_keep_the_mean_and_the_place(impl):
    flat = tf.ones([1, 8, 6, 2])
    up, down = upsample2d(flat, impl=impl), downsample2d(flat, impl=impl)
    assert up.shape == (1, 16, 12, 2) and down.shape == (1, 4, 3, 2)
    np.testing.assert_allclose(up[:, 2:-2, 2:-2], 1, atol=1e-6)
    np.testing.assert_allclose(down[:, 1:-1, 1:-1], 1, atol=1e-6)
    # A ramp goes through the centres of the pixels, as the pixel convention has it.
    ramp = tf.reshape(tf.range(0.5, 8), [1, 1, 8, 1]) * tf.ones([1, 8, 1, 1])
    np.testing.assert_allclose(upsample2d(ramp, impl=impl)[0, 8, 2:-2, 0],
                               np.arange(1.25, 7, 0.5), atol=1e-5)
    np.testing.assert_allclose(downsample2d(ramp, impl=impl)[0, 2, 1:-1, 0], [3, 5], atol=1e-5)
    assert upsample2d(flat, 3, impl=impl).shape == (1, 24, 18, 2)
    assert downsample2d(flat[:, :7], 2, impl=impl).shape == (1, 3, 3, 2)
    assert padding_for(FILTER, up=2) == (2, 1, 2, 1)
    assert padding_for(PLANE, down=2, kernel=3) == (2, 1, 2, 2)


@pytest.mark.parametrize('dtype, unit', [(tf.float16, 2.0**-11), (tf.bfloat16, 2.0**-8)])
def test_sixteen_bit_images_are_summed_in_float32(impl, dtype, unit):
    images = tf.cast(_images(2, 9, 8, 5), dtype)
    with tf.GradientTape() as tape:
        tape.watch(images)
        ours = upsample2d(images, impl=impl)
    assert ours.dtype == dtype
    exact = upsample2d(tf.cast(images, tf.float32), impl=impl)
    np.testing.assert_allclose(tf.cast(ours, tf.float32), exact, rtol=unit, atol=1e-6)
    gradient = tape.gradient(ours, images)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(tf.cast(gradient, tf.float32)[:, 2:-2, 2:-2], 4, rtol=2 * unit)


def test_nothing_and_sizes_found_out_at_run_time(impl):
    images = tf.constant(_images(2, 7, 5, 3))
    assert upsample2d(images[:0], impl=impl).shape == (0, 14, 10, 3)
    assert downsample2d(images[:0], impl=impl).shape == (0, 3, 2, 3)

    @tf.function(input_signature=[tf.TensorSpec([None] * 4)])
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = upsample2d(x, impl=impl)
        return y, tape.gradient(y, x, tf.sin(y))

    with tf.GradientTape() as tape:
        tape.watch(images)
        expected = upsample2d(images, impl=impl)
    for ours, theirs in zip(both(images), (expected, tape.gradient(expected, images,
                                                                   tf.sin(expected)))):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_arguments_are_named(impl):
    images = _images(2, 7, 5, 3)
    for change, message in [
            ({'x': images[0]}, r'x: expected shape \[B, H, W, C\], got \[7, 5, 3\]'),
            ({'x': images.astype(np.int32)}, 'x: dtype: expected one of .* got .int32'),
            ({'filter': np.ones((2, 2, 2))}, r'filter: expected shape .* got \[2, 2, 2\]'),
            ({'filter': []}, r'filter: expected shape .* got \[0\]'),
            ({'up': 0}, 'up: expected a positive integer, got 0'),
            ({'down': (1, 2, 3)}, r'down: expected a factor or \(y, x\), got \(1, 2, 3\)'),
            ({'padding': (1, 2)}, r'padding: expected an integer or \(top, .* got \(1, 2\)'),
            ({'padding': -2}, 'x: expected a padded height of at least .* 4, got 3'),
            ({'impl': 'gpu' + impl}, 'impl: expected one of')]:
        with pytest.raises(ValueError, match=message):
            upfirdn2d(**{'x': images, 'filter': FILTER, 'impl': impl, **change})
