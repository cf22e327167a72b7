"""resampled_conv2d: the quick orders give what the definition gives."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops.implementations import IMPLS
from tfdisco.ops.resampled_conv2d import resampled_conv2d
from tfdisco.ops.upfirdn2d import FILTER, padding_for, upfirdn2d

pytestmark = pytest.mark.parametrize('impl', IMPLS)


def _scene(kernel, height=6, width=7):
    rng = np.random.default_rng(0)
    return [tf.constant(rng.normal(size=shape).astype(np.float32))
            for shape in ((2, height, width, 3), (kernel, kernel, 3, 4))]


@pytest.mark.parametrize('filter', [FILTER, (1., 2., 1.), (0.5, 1., -1., 2., 3.)],
                         ids=['4 taps', '3 taps', '5 taps'])
@pytest.mark.parametrize('up, down', [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])
@pytest.mark.parametrize('kernel', [1, 3, 5])
def test_equals_resampling_with_padding_then_convolving(impl, kernel, up, down, filter):
    x, w = _scene(kernel)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        padded = upfirdn2d(x, filter if up * down > 1 else [1.], up, 1,
                           padding_for(filter if up * down > 1 else [1.], up, down, kernel),
                           up**2, impl='reference')
        expected = tf.nn.conv2d(padded, w, down, 'VALID')
        ours = resampled_conv2d(x, w, up, down, filter, impl)
        sums = [tf.reduce_sum(tf.sin(y)) for y in (ours, expected)]
    assert ours.shape == (2, 6 * up // down, 7 * up // down, 4)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(ours, expected, atol=1e-5 * scale)
    for source in (x, w):
        a, b = (tape.gradient(total, source) for total in sums)
        np.testing.assert_allclose(a, b, atol=1e-3 * np.abs(b).max())


def test_bad_arguments_are_named(impl):
    x, w = _scene(3)
    for arguments, message in [
            ((x, w[:, :, :2]), r'w: expected shape \[K, K, 3, O\], got \[3, 3, 2, 4\]'),
            ((x, w[:2, :2]), 'w: expected an odd kernel size, got 2'),
            ((x, w[:1]), r'w: expected shape \[K, K, 3, O\], got \[1, 3, 3, 4\]'),
            ((x[0], w), r'x: expected shape \[B, H, W, I\]'),
            ((x, w, 0), 'up: expected a positive integer, got 0'),
            ((x, w, 2, 2), 'up, down: expected one of them 1, got 2 and 2')]:
        with pytest.raises(ValueError, match=message):
            resampled_conv2d(*arguments, impl=impl)
