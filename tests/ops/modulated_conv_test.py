"""modulated_conv2d: against weights for every image in NumPy, all derivatives, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import derivatives, oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.bias_act import activation_attributes
from tfdisco.ops.modulated_conv import modulated_conv2d

pytestmark = pytest.mark.parametrize('impl', IMPLS)

LRELU = {'activation': 'lrelu'}
CLAMPED = {'activation': 'lrelu', 'alpha': 0.3, 'gain': 2, 'clamp': 0.8}


def _scene(kernel=3, height=5, width=4, inputs=3, outputs=2, batch=2, up=1, down=1, seed=0):
    """x, w, styles, noise, bias."""
    rng = np.random.default_rng(seed)
    shapes = [(batch, height, width, inputs), (kernel, kernel, inputs, outputs), (batch, inputs),
              (batch, height * up // down, width * up // down, 1), (outputs,)]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def _ours(impl, x, w, styles, noise, bias, **options):
    return modulated_conv2d(x, w, styles, noise=noise, bias=bias, impl=impl, **options)


def _definition(x, w, styles, noise, bias, demodulate=True, up=1, down=1, **act):
    act = activation_attributes(**{'activation': 'linear', **act})
    return oracles.modulated_conv(x, w, styles, demodulate, up, down, noise, bias, act)


@pytest.mark.parametrize('resample', [{}, {'up': 2}, {'down': 2}, {'up': 3}], ids=str)
@pytest.mark.parametrize('act', [{}, LRELU, CLAMPED], ids=['linear', 'lrelu', 'clamped'])
@pytest.mark.parametrize('demodulate', [True, False])
@pytest.mark.parametrize('kernel', [1, 3, 5])
def test_equals_the_definition(impl, kernel, demodulate, act, resample):
    for size in (dict(), dict(height=7, width=3, inputs=19, outputs=35, batch=1)):
        scene = _scene(kernel, **size, **resample)
        exact = [value.astype(np.float64) for value in scene]
        expected = _definition(*exact, demodulate, **resample, **act)
        ours = _ours(impl, *scene, demodulate=demodulate, **resample, **act)
        assert ours.shape == expected.shape
        scale = np.abs(_definition(*exact, demodulate, **resample)).max()  # before the clamp
        np.testing.assert_allclose(ours, expected, atol=3e-6 * max(1, scale))


@pytest.mark.parametrize('demodulate, act, resample, kernel', [
    (True, LRELU, {}, 3), (True, CLAMPED, {'up': 2}, 3), (False, LRELU, {'down': 2}, 3),
    (False, {}, {}, 1), (True, CLAMPED, {}, 1), (True, {'activation': 'relu'}, {}, 3)], ids=str)
def test_first_and_second_derivatives(impl, demodulate, act, resample, kernel):
    scene = _scene(kernel, 3, 4, 2, 3, **resample, seed=3)
    options = {'demodulate': demodulate, **resample, **act}
    derivatives.check(lambda *inputs: _ours(impl, *inputs, **options),
                      lambda *inputs: _definition(*inputs, **options), scene)


def test_derivatives_with_many_channels(impl):
    """Channels beyond a vector's lanes, and more pixels than a band has."""
    scene = _scene(3, 24, 23, 16, 35, batch=2)
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(2, 24, 23, 35))
    directions = [rng.normal(size=value.shape) for value in scene]
    ours = derivatives.gradients(lambda *inputs: _ours(impl, *inputs, **LRELU), scene, weights,
                                 directions)
    theirs = derivatives.gradients(lambda *inputs: _plain(*inputs), scene, weights, directions)
    for a, b in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs)):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4 * np.abs(b).max())


def _plain(x, w, styles, noise, bias):
    """The definition image by image, for TensorFlow to differentiate."""
    outputs = []
    for image, style in zip(tf.unstack(x), tf.unstack(styles)):
        weights = w * style[:, None]
        weights /= tf.sqrt(tf.reduce_sum(weights**2, [0, 1, 2]) + 1e-8)
        outputs.append(tf.nn.conv2d(image[None], weights, 1, 'SAME'))
    return tf.nn.leaky_relu(tf.concat(outputs, 0) + noise + bias, 0.2) * 2**0.5


def test_path_length_gradient_reaches_every_input(impl):
    """The regulariser of the generator differentiates the gradient to the styles again."""
    inputs = [tf.constant(value) for value in _scene(seed=2)]
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs[2])
            result = tf.reduce_sum(tf.sin(_ours(impl, *inputs, **LRELU)))
        length = tf.reduce_sum(inner.gradient(result, inputs[2])**2)
    for gradient in outer.gradient(length, inputs):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 1e-3


def test_noise_and_bias_are_optional_and_noise_may_be_shared(impl):
    x, w, styles, noise, bias = _scene()
    zero = np.zeros_like
    np.testing.assert_allclose(
        modulated_conv2d(x, w, styles, impl=impl, **LRELU),
        _ours(impl, x, w, styles, zero(noise), zero(bias), **LRELU), atol=1e-6)
    shared = tf.constant(noise[:1])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(shared)
        once = tf.reduce_sum(_ours(impl, x, w, styles, shared, bias, **LRELU)**2)
        each = tf.reduce_sum(_ours(impl, x, w, styles, tf.repeat(shared, 2, 0), bias, **LRELU)**2)
    np.testing.assert_allclose(tape.gradient(once, shared), tape.gradient(each, shared), rtol=1e-5)


@pytest.mark.parametrize('kernel', [1, 3])
@pytest.mark.parametrize('resample', [{}, {'up': 2}, {'down': 2}], ids=str)
def test_no_image(impl, kernel, resample):
    inputs = [tf.constant(value) for value in _scene(kernel, batch=0, **resample)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        result = _ours(impl, *inputs, **resample, **LRELU)
    assert result.shape == (0, *(size * resample.get('up', 1) // resample.get('down', 1)
                                 for size in (5, 4)), 2)
    for gradient, value in zip(tape.gradient(result, inputs), inputs):
        np.testing.assert_array_equal(gradient, np.zeros(value.shape))


@pytest.mark.parametrize('dtype, unit', [(tf.float16, 2.0**-11), (tf.bfloat16, 2.0**-8)])
@pytest.mark.parametrize('options', [{}, {'up': 2}, {'down': 2}], ids=str)
def test_sixteen_bit_images(impl, dtype, unit, options):
    scene = [tf.constant(value) for value in _scene(3, 8, 8, 16, 8, **options)]
    scene[0] = tf.cast(scene[0], dtype)
    with tf.GradientTape() as tape:
        tape.watch(scene)
        ours = _ours(impl, *scene, **options, **LRELU)
    exact = _ours(impl, tf.cast(scene[0], tf.float32), *scene[1:], **options, **LRELU)
    assert ours.dtype == dtype
    scale = np.abs(exact).max()
    np.testing.assert_allclose(tf.cast(ours, tf.float32), exact, atol=4 * unit * scale)
    gradients = tape.gradient(ours, scene)
    assert [g.dtype for g in gradients] == [dtype] + [tf.float32] * 4
    assert all(np.isfinite(tf.cast(g, tf.float32)).all() for g in gradients)


@pytest.mark.parametrize('demodulate', [True, False])
@pytest.mark.parametrize('style_size, upstream', [(1, 1e-5), (3000, 1e-2), (1e-3, 1)])
def test_half_precision_with_many_channels(impl, demodulate, style_size, upstream):
    """Sums over 9 * 256 products neither overflow, nor do gradients underflow."""
    x, w, styles, _, bias = _scene(3, 8, 8, 256, 64)
    styles *= style_size
    if not demodulate:
        w, upstream = w / (48.0 * style_size), 1e-2  # as large as if it were demodulated
    weights = np.random.default_rng(1).normal(size=(2, 8, 8, 64)).astype(np.float32) * upstream
    half = tf.cast(x, tf.float16)

    def run(x):
        inputs = [x, *map(tf.constant, (w, styles, bias))]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = modulated_conv2d(*inputs[:3], demodulate, bias=inputs[3], impl=impl,
                                      activation='lrelu')
            loss = tf.reduce_sum(tf.cast(result, tf.float32) * weights)
        return [result, *tape.gradient(loss, inputs)]

    for ours, exact in zip(run(half), run(tf.cast(half, tf.float32))):
        ours = tf.cast(ours, tf.float32)
        error = tf.norm(ours - exact) / tf.norm(exact)
        # TensorFlow's convolution on a CPU adds up in float16 itself.
        assert error < 0.035, (tuple(exact.shape), float(error))


@pytest.mark.parametrize('dtype', [tf.float32, tf.float16])
def test_styles_and_weights_of_zero(impl, dtype):
    x, w, styles, noise, bias = _scene()
    for of_w, of_styles in ((1, np.float32([[0], [1]])), (0, np.ones((2, 1), np.float32))):
        result = _ours(impl, tf.cast(x, dtype), w * of_w, styles * of_styles, noise, bias)
        np.testing.assert_allclose(tf.cast(result, tf.float32)[0], noise[0] + bias, atol=3e-3)


def test_sizes_found_out_at_run_time(impl):
    scene = _scene(up=2)
    function = tf.function(
        lambda x, s, n: _ours(impl, x, scene[1], s, n, scene[4], up=2, **LRELU),
        input_signature=[tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([None, 3]),
                         tf.TensorSpec([None, None, None, 1])])
    np.testing.assert_allclose(function(scene[0], scene[2], scene[3]),
                               _ours(impl, *scene, up=2, **LRELU), atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(scene[0], scene[2], scene[3][:, :3])


def test_bad_arguments_are_named(impl):
    x, w, styles, noise, bias = _scene()
    for change, message in [
            ({'x': x[0]}, r'x: expected shape \[B, H, W, I\], got \[5, 4, 3\]'),
            ({'x': x.astype(np.int32)}, 'x: dtype: expected one of .* got .int32'),
            ({'w': w[..., :1, :]}, r'w: expected shape \[K, K, 3, O\], got \[3, 3, 1, 2\]'),
            ({'styles': styles[:, :2]}, r'styles: expected shape \[2, 3\], got \[2, 2\]'),
            ({'noise': noise[:, :4]}, r'noise: expected shape \[2, 5, 4, 1\], got \[2, 4, 4, 1\]'),
            ({'bias': bias[:1]}, r'bias: expected shape \[2\], got \[1\]'),
            ({'up': 2, 'down': 2}, 'up, down: expected one of them 1, got 2 and 2'),
            ({'activation': 'tanh'}, 'activation: expected one of'),
            ({'impl': 'gpu' + impl}, 'impl: expected one of')]:
        with pytest.raises(ValueError, match=message):
            modulated_conv2d(**{'x': x, 'w': w, 'styles': styles, 'noise': noise, 'bias': bias,
                                'impl': impl, **change})


@pytest.mark.parametrize('dtype', [tf.float32, tf.float16, tf.bfloat16])
@pytest.mark.parametrize('clamp', [0.3, 0.7, 1.1, 2.3])  # rounded up and down
def test_what_is_clamped_has_no_gradient_in_any_type(impl, dtype, clamp):
    x = tf.constant([-9, -1.1 * clamp, -0.9 * clamp, 0.9 * clamp, 1.1 * clamp, 9], dtype)
    x = tf.reshape(x, [1, 1, 6, 1])
    one = tf.ones([1, 1, 1, 1], dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = modulated_conv2d(x, one, one[0, 0], demodulate=False, gain=1, clamp=clamp,
                                  impl=impl)
    np.testing.assert_array_equal(tf.cast(tape.gradient(result, x), tf.float32)[0, 0, :, 0],
                                  [0, 0, 1, 1, 0, 0])
    limit = tf.cast(tf.cast(clamp, dtype), tf.float32)
    np.testing.assert_array_equal(tf.cast(result, tf.float32)[0, 0, ::5, 0], [-limit, limit])
