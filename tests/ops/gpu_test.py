"""The CUDA kernels: registered wherever nvcc is, equal to the CPU's wherever a GPU is."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from tests.ops.implementations import IMPLS
from tfdisco.ops import native, toolchain
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.modulated_conv import modulated_conv2d
from tfdisco.ops.rasterize_triangles import rasterize_triangles
from tfdisco.ops.upfirdn2d import downsample2d, upfirdn2d, upsample2d

TYPES = (tf.float32, tf.float16, tf.bfloat16)
needs_nvcc = pytest.mark.skipif('native' not in IMPLS or toolchain.find_nvcc()[0] is None,
                                reason='no native ops, or no nvcc')
needs_gpu = pytest.mark.skipif(not tf.config.list_physical_devices('GPU'), reason='no GPU')


@needs_nvcc
@pytest.mark.parametrize('name', sorted(native.OPS))
def test_every_op_has_a_gpu_kernel(name):
    native.load()
    for op in native.OPS[name]:
        registered = kernels.get_registered_kernels_for_op(op).kernel
        assert {kernel.device_type for kernel in registered} == {'CPU', 'GPU'}, op
    assert native.status()[name] == {'cpu': 'native', 'cuda': 'built', 'why': ''}


@needs_nvcc
@pytest.mark.parametrize('name', ['image_warp', 'modulated_conv', 'bias_act', 'upfirdn2d'])
def test_images_have_gpu_kernels_for_every_type(name):
    native.load()
    for op in native.OPS[name]:
        registered = kernels.get_registered_kernels_for_op(op).kernel
        types = {constraint.allowed_values.list.type[0] for kernel in registered
                 if kernel.device_type == 'GPU' for constraint in kernel.constraint}
        assert types == {t.as_datatype_enum for t in TYPES}, op


def _on(device, function, inputs, twice):
    """Values and gradients of a function on a device, and gradients of those if `twice`."""
    with tf.device(device), tf.GradientTape() as second, tf.GradientTape() as first:
        inputs = [tf.identity(value) for value in inputs]
        first.watch(inputs)
        second.watch(inputs)
        outputs = tf.nest.flatten(function(*inputs))
        loss = sum(tf.reduce_sum(tf.sin(tf.cast(value, tf.float32))) for value in outputs
                   if value.dtype.is_floating)
        gradients = first.gradient(loss, inputs)
        squares = sum(tf.reduce_sum(tf.cast(g, tf.float32)**2) for g in gradients)
    return outputs + gradients + (second.gradient(squares, inputs) if twice else [])


def _compare(function, *inputs, tolerance=1e-4, twice=False, repeats=True):
    found = _on('/GPU:0', function, inputs, twice)
    if repeats:
        for ours, again in zip(found, _on('/GPU:0', function, inputs, twice)):
            np.testing.assert_array_equal(tf.cast(ours, tf.float32), tf.cast(again, tf.float32))
    for ours, expected in zip(found, _on('/CPU:0', function, inputs, twice)):
        ours, expected = (tf.cast(value, tf.float32).numpy() for value in (ours, expected))
        np.testing.assert_allclose(ours, expected, atol=tolerance * max(1, np.abs(expected).max()))


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('cull', ['none', 'back', 'front'])
def test_rasterizer_equals_the_cpu(cull):
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(2, 40, 4)).astype(np.float32)  # some behind the camera
    triangles = tf.constant(rng.integers(0, 40, (60, 3)), tf.int32)
    colours = rng.normal(size=(2, 40, 3)).astype(np.float32)

    def draw(clip, colours):
        raster = rasterize_triangles(clip, triangles, 64, 80, cull, 'native')
        return (*raster, interpolate_attributes(colours, triangles, raster.triangle_ids,
                                                raster.barycentrics, 'native'))

    _compare(draw, clip, colours)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('dtype', TYPES)
def test_image_warp_equals_the_cpu(dtype):
    rng = np.random.default_rng(1)
    image = tf.cast(rng.normal(size=(2, 33, 47, 3)), dtype)
    flow = rng.uniform(-5, 5, (2, 33, 47, 2)).astype(np.float32)
    _compare(lambda i, f: image_warp(i, f, 'native'), image, flow,
             tolerance=1e-4 if dtype == tf.float32 else 2e-2)


def _tolerance(dtype):
    return 1e-3 if dtype == tf.float32 else 4e-2  # TensorFlow may convolve in TensorFloat-32


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('arguments', [{}, {'activation': 'relu'},
                                       {'activation': 'lrelu', 'clamp': 1}], ids=str)
def test_bias_act_equals_the_cpu(arguments, dtype):
    rng = np.random.default_rng(2)
    x = tf.cast(rng.normal(size=(3, 70, 37)), dtype)
    bias = rng.normal(size=37).astype(np.float32)
    _compare(lambda x, b: bias_act(x, b, impl='native', **arguments), x, bias,
             tolerance=_tolerance(dtype), twice=True)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('dtype', TYPES)
def test_upfirdn2d_equals_the_cpu(dtype):
    x = tf.cast(np.random.default_rng(3).normal(size=(2, 11, 9, 5)), dtype)
    plane = np.arange(12.).reshape(3, 4) / 10
    for function in (lambda x: upsample2d(x, impl='native'),
                     lambda x: downsample2d(x, impl='native'),
                     lambda x: upfirdn2d(x, plane, (2, 1), (1, 3), (-1, 4, 3, 2), impl='native')):
        _compare(function, x, tolerance=_tolerance(dtype), twice=True)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('options', [{}, {'up': 2}, {'down': 2}, {'demodulate': False}], ids=str)
@pytest.mark.parametrize('kernel', [1, 3])
def test_modulated_conv_equals_the_cpu(kernel, options, dtype):
    rng = np.random.default_rng(4)
    size = 12 * options.get('up', 1) // options.get('down', 1)
    x = tf.cast(rng.normal(size=(2, 12, 12, 24)), dtype)
    w, styles, noise, bias = (rng.normal(size=shape).astype(np.float32) for shape in (
        (kernel, kernel, 24, 19), (2, 24), (2, size, size, 1), (19,)))
    _compare(lambda x, w, s, n, b: modulated_conv2d(x, w, s, noise=n, bias=b, clamp=9,
                                                    activation='lrelu', impl='native', **options),
             x, w, styles, noise, bias, tolerance=_tolerance(dtype), twice=True,
             repeats=False)  # TensorFlow's convolutions need not
