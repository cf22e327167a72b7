"""image_warp: both implementations against NumPy and tensorflow-addons, gradients, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.image_warp import image_warp

pytestmark = pytest.mark.parametrize('impl', IMPLS)


def _scene(height=7, width=9, channels=3, batch=2, reach=3.0, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(batch, height, width, channels)).astype(np.float32)
    flow = rng.uniform(-reach, reach, (batch, height, width, 2)).astype(np.float32)
    return image, flow


@pytest.mark.parametrize('size', [(7, 9), (1, 1), (1, 6), (5, 1), (2, 2)])
@pytest.mark.parametrize('channels', [1, 3, 5])
def test_equals_the_definition(impl, size, channels):
    image, flow = _scene(*size, channels)
    expected = np.stack([oracles.warp(i, f) for i, f in zip(image, flow)])
    np.testing.assert_allclose(image_warp(image, flow, impl), expected, atol=2e-6)


def test_whole_pixels_move_exactly_and_zero_flow_changes_nothing(impl):
    image, flow = _scene()
    np.testing.assert_array_equal(image_warp(image, 0 * flow, impl), image)
    moved = image_warp(image, 0 * flow + [2, -1], impl).numpy()  # x + 2, y - 1
    np.testing.assert_array_equal(moved[:, 1:, :-2], image[:, :-1, 2:])
    np.testing.assert_array_equal(moved[:, 0, :-2], image[:, 0, 2:])  # clamped


def test_equals_tensorflow_addons(impl):
    tfa_image = pytest.importorskip(
        'tensorflow_addons', reason='tensorflow-addons exists for TensorFlow 2.15 only').image
    image, flow = _scene(12, 10, reach=5.0)
    weights = np.random.default_rng(1).normal(size=image.shape).astype(np.float32)
    image, flow = tf.constant(image), tf.constant(flow)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([image, flow])
        theirs = tfa_image.dense_image_warp(image, -flow[..., ::-1])
        ours = image_warp(image, flow, impl)
        their_sum, our_sum = tf.reduce_sum(theirs * weights), tf.reduce_sum(ours * weights)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for source in (image, flow):
        np.testing.assert_allclose(tape.gradient(our_sum, source),
                                   tape.gradient(their_sum, source), atol=2e-5)


def test_gradients_equal_numeric_gradients(impl):
    image, flow = _scene(4, 5, 2, reach=1.7)
    weights = np.random.default_rng(2).normal(size=image.shape)

    def objective(images, flows):
        return sum((oracles.warp(i, f) * w).sum() for i, f, w in zip(images, flows, weights))

    image_v, flow_v = tf.constant(image), tf.constant(flow)
    with tf.GradientTape() as tape:
        tape.watch([image_v, flow_v])
        loss = tf.reduce_sum(image_warp(image_v, flow_v, impl) * weights.astype(np.float32))
    grad_image, grad_flow = tape.gradient(loss, [image_v, flow_v])
    np.testing.assert_allclose(
        grad_image, oracles.numeric_gradient(lambda i: objective(i, flow), image), atol=1e-5)
    np.testing.assert_allclose(
        grad_flow, oracles.numeric_gradient(lambda f: objective(image, f), flow), atol=1e-5)


def test_flow_gradient_is_zero_where_clamped_and_one_sided_on_a_pixel(impl):
    image = tf.constant([0., 1., 3., 6.], shape=[1, 1, 4, 1])
    flow_x = tf.constant([-9., 0., 0., 9.], shape=[1, 1, 4, 1])
    with tf.GradientTape() as tape:
        tape.watch(flow_x)
        total = tf.reduce_sum(image_warp(image, tf.concat([flow_x, 0 * flow_x], -1), impl))
    np.testing.assert_array_equal(tape.gradient(total, flow_x).numpy().ravel(), [0, 2, 3, 0])


@pytest.mark.parametrize('dtype, unit', [(tf.float16, 2.0**-11), (tf.bfloat16, 2.0**-8)])
def test_sixteen_bit_images_are_summed_in_float32(impl, dtype, unit):
    image, flow = _scene(16, 16, 2)
    # All of 256 samples land on one pixel: summed in 16 bits their gradient would stall.
    centre = np.stack(np.meshgrid(np.arange(16), np.arange(16)), -1)
    flow[0] = 8 - centre
    low = tf.constant(image, dtype)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(low)
        warped = image_warp(low, flow, impl)
        loss = tf.reduce_sum(tf.cast(warped, tf.float32))
    assert warped.dtype == dtype
    exact = image_warp(tf.cast(low, tf.float32), flow, impl).numpy()
    np.testing.assert_allclose(tf.cast(warped, tf.float32), exact, rtol=unit, atol=1e-6)
    gradient = tape.gradient(loss, low)
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(tf.cast(gradient, tf.float32)[0, 8, 8], [256, 256])


@pytest.mark.parametrize('dtype', [tf.float16, tf.bfloat16])
def test_sixteen_bit_values_survive_bit_for_bit(impl, dtype):
    bits = tf.range(1 << 16, dtype=tf.int32)
    values = tf.bitcast(tf.cast(bits, tf.uint16), dtype)
    values = tf.boolean_mask(values, tf.math.is_finite(tf.cast(values, tf.float32)))
    values = tf.reshape(values, [1, -1, 1, 1])
    # Sample at the pixels themselves: the neighbour's weight is 0, and must be finite.
    warped = image_warp(values, tf.zeros([1, values.shape[1], 1, 2]), impl)
    got = tf.cast(warped, tf.float64).numpy()
    expected = tf.cast(values, tf.float64).numpy()
    normal = np.abs(expected) >= 2.0**-126  # TensorFlow's threads flush float32 subnormals
    np.testing.assert_array_equal(got[normal], expected[normal])


def test_empty_batch_nan_and_infinity(impl):
    image, flow = _scene()
    assert image_warp(image[:0], flow[:0], impl).shape == (0, 7, 9, 3)
    assert image_warp(image[..., :0], flow, impl).shape == (2, 7, 9, 0)
    flow[0, 2, 3] = [np.nan, 0]
    flow[0, 0, 0] = [-np.inf, np.inf]
    warped = image_warp(image, flow, impl).numpy()
    assert np.isnan(warped[0, 2, 3]).all()
    assert np.isnan(warped).sum() == 3
    np.testing.assert_array_equal(warped[0, 0, 0], image[0, 6, 0])


def test_same_gradient_on_every_run_and_for_one_image_as_for_many(impl):
    image, flow = _scene(80, 70, batch=1, reach=40.0)
    def gradients(copies):
        i, f = (tf.constant(np.tile(x, (copies, 1, 1, 1))) for x in (image, flow))
        with tf.GradientTape() as tape:
            tape.watch([i, f])
            loss = tf.reduce_sum(tf.sin(image_warp(i, f, impl)))
        return [g.numpy() for g in tape.gradient(loss, [i, f])]
    one, again, many = gradients(1), gradients(1), gradients(6)
    for a, b, c in zip(one, again, many):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a[0], c[5], atol=1e-4)


def test_bad_arguments_are_named(impl):
    image, flow = _scene()
    with pytest.raises(ValueError, match=r'image: expected shape \[B, H, W, C\], got \[2, 7, 9\]'):
        image_warp(image[..., 0], flow, impl)
    with pytest.raises(ValueError, match=r'flow: expected shape \[2, 7, 9, 2\], got \[2, 7'):
        image_warp(image, flow[..., :1], impl)
    with pytest.raises(ValueError, match='image: expected one of .*, got int32'):
        image_warp(image.astype(np.int32), flow, impl)
    with pytest.raises(ValueError, match='impl: expected one of'):
        image_warp(image, flow, 'gpu' + impl)


def test_sizes_found_out_at_run_time_are_checked(impl):
    image, flow = _scene()
    function = tf.function(lambda i, f: image_warp(i, f, impl),
                           input_signature=[tf.TensorSpec([None] * 4), tf.TensorSpec([None] * 4)])
    np.testing.assert_array_equal(function(image, flow), image_warp(image, flow, impl))
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(image, flow[:, :5])
