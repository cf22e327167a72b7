"""Every op under XLA, and where no native op can do what is asked: the reference by itself."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops.implementations import IMPLS, needs_native
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.blur import gaussian_blur
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.modulated_conv import modulated_conv2d
from tfdisco.ops.rasterize_triangles import rasterize_triangles
from tfdisco.ops.upfirdn2d import upsample2d

RNG = np.random.default_rng(0)
IMAGE, FLOW, STYLES, NOISE = (tf.constant(RNG.normal(size=shape), tf.float32) for shape in (
    (2, 6, 5, 3), (2, 6, 5, 2), (2, 3), (2, 12, 10, 1)))
KERNEL = tf.constant(RNG.normal(size=(3, 3, 3, 4)), tf.float32)
# Corners of triangles apart in depth and off the centres, so that rounding decides nothing.
CLIP = tf.constant(RNG.normal(size=(2, 12, 4)) * [1, 1, 0.3, 0] + [0, 0, 0, 1.5], tf.float32)
TRIANGLES = RNG.integers(0, 12, (9, 3)).astype(np.int32)


def _draw(clip, colours, impl):
    raster = rasterize_triangles(clip, TRIANGLES, 18, 21, impl=impl)
    return interpolate_attributes(colours, TRIANGLES, raster.triangle_ids, raster.barycentrics,
                                  impl), raster.depth


CALLS = {
    'bias_act': (lambda x, impl: bias_act(x, activation='lrelu', clamp=1, impl=impl), [IMAGE]),
    'blur': (lambda x, impl: gaussian_blur(x, 1.5, impl=impl), [IMAGE]),
    'upfirdn2d': (lambda x, impl: upsample2d(x, impl=impl), [IMAGE]),
    'image_warp': (image_warp, [IMAGE, FLOW]),
    'modulated_conv': (lambda x, w, s, n, impl: modulated_conv2d(
        x, w, s, up=2, noise=n, activation='lrelu', impl=impl), [IMAGE, KERNEL, STYLES, NOISE]),
    'rasterize_triangles': (_draw, [CLIP, CLIP[..., :3]]),
}


def _values_and_gradients(call, inputs, impl):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        results = tf.nest.flatten(call(*inputs, impl=impl))
        loss = tf.add_n([tf.reduce_sum(tf.sin(result)) for result in results])
    return [*results, *tape.gradient(loss, inputs)]


@pytest.mark.parametrize('name', CALLS)
def test_every_op_compiles_and_gives_the_same(name):
    call, inputs = CALLS[name]
    compiled = tf.function(lambda *inputs: _values_and_gradients(call, inputs, 'auto'),
                           jit_compile=True)
    for ours, expected in zip(compiled(*inputs),
                              _values_and_gradients(call, inputs, IMPLS[0])):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@needs_native
def test_native_under_xla_is_refused():
    with pytest.raises(RuntimeError, match='impl="native" of bias_act: XLA .* leave impl'):
        tf.function(lambda x: bias_act(x, impl='native'), jit_compile=True)(IMAGE)
