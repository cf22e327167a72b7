"""The CUDA kernels: registered wherever nvcc is, equal to the CPU's wherever a GPU is."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from tests.ops.implementations import IMPLS
from tfdisco.ops import native, toolchain
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles

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
def test_image_warp_has_gpu_kernels_for_every_type():
    native.load()
    registered = kernels.get_registered_kernels_for_op('TfdiscoImageWarp').kernel
    types = {constraint.allowed_values.list.type[0] for kernel in registered
             if kernel.device_type == 'GPU' for constraint in kernel.constraint}
    assert types == {t.as_datatype_enum for t in (tf.float32, tf.float16, tf.bfloat16)}


def _on(device, function, *inputs):
    """Values and gradients of a function on a device."""
    with tf.device(device), tf.GradientTape() as tape:
        inputs = [tf.identity(value) for value in inputs]
        tape.watch(inputs)
        outputs = tf.nest.flatten(function(*inputs))
        loss = sum(tf.reduce_sum(tf.sin(tf.cast(value, tf.float32))) for value in outputs
                   if value.dtype.is_floating)
    return outputs + tape.gradient(loss, inputs)


def _compare(function, *inputs, tolerance=1e-4):
    for ours, expected in zip(_on('/GPU:0', function, *inputs), _on('/CPU:0', function, *inputs)):
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
@pytest.mark.parametrize('dtype', [tf.float32, tf.float16, tf.bfloat16])
def test_image_warp_equals_the_cpu(dtype):
    rng = np.random.default_rng(1)
    image = tf.cast(rng.normal(size=(2, 33, 47, 3)), dtype)
    flow = rng.uniform(-5, 5, (2, 33, 47, 2)).astype(np.float32)
    _compare(lambda i, f: image_warp(i, f, 'native'), image, flow,
             tolerance=1e-4 if dtype == tf.float32 else 2e-2)
