"""The C interface gives what the TensorFlow ops give, for any number of threads."""

import ctypes

import numpy as np
import pytest
import tensorflow as tf

from tests.ops.implementations import needs_native
from tfdisco.ops import native
from tfdisco.ops.bias_act import activation_attributes
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles

THREADS = (1, 3)
DTYPES = ((tf.float32, 0), (tf.float16, 1), (tf.bfloat16, 2))
pytestmark = needs_native


@pytest.fixture(scope='module')
def library():
    loaded = ctypes.CDLL(native.build_capi())
    loaded.tfdisco_last_error.restype = ctypes.c_char_p
    return loaded


def _call(function, sizes, options, arrays, threads, numbers=()):
    """Calls with int64 sizes, int options, float numbers and array pointers."""
    status = function(*(ctypes.c_int64(size) for size in sizes), *map(ctypes.c_int, options),
                      *map(ctypes.c_float, numbers),
                      *(array.ctypes.data_as(ctypes.c_void_p) for array in arrays),
                      ctypes.c_int(threads))
    assert status == 0


def _mesh():
    rng = np.random.default_rng(0)
    vertices = rng.normal(size=(2, 20, 4)).astype(np.float32)
    vertices[..., 3] = np.abs(vertices[..., 3]) + 0.4
    return vertices, rng.integers(0, 20, (25, 3)).astype(np.int32)


@pytest.mark.parametrize('threads', THREADS)
def test_rasterize_and_interpolate(library, threads):
    vertices, triangles = _mesh()
    height, width, channels = 66, 40, 5
    rng = np.random.default_rng(1)
    attributes = rng.normal(size=(2, 20, channels)).astype(np.float32)
    grad_image = rng.normal(size=(2, height, width, channels)).astype(np.float32)
    clip, colours = tf.constant(vertices), tf.constant(attributes)
    with tf.GradientTape() as tape:
        tape.watch([clip, colours])
        raster = rasterize_triangles(clip, triangles, height, width, 'back', 'native')
        image = interpolate_attributes(colours, triangles, raster.triangle_ids,
                                       raster.barycentrics, 'native')
        loss = tf.reduce_sum(image * grad_image) + tf.reduce_sum(raster.depth)
    grad_clip, grad_colours = tape.gradient(loss, [clip, colours])

    ids = np.empty((2, height, width), np.int32)
    barycentrics = np.empty((2, height, width, 3), np.float32)
    depth = np.empty((2, height, width), np.float32)
    sizes = [2, 20, 25, height, width]
    _call(library.tfdisco_rasterize_triangles_cpu, sizes, [1],
          [vertices, triangles, ids, barycentrics, depth], threads)
    for ours, theirs in zip((ids, barycentrics, depth), raster):
        np.testing.assert_array_equal(ours, theirs)
    picture = np.empty_like(grad_image)
    mesh_sizes = [2, 20, channels, 25, height, width]
    _call(library.tfdisco_interpolate_attributes_cpu, mesh_sizes, [],
          [attributes, triangles, ids, barycentrics, picture], threads)
    np.testing.assert_array_equal(picture, image)
    grad_attributes, grad_barycentrics = np.empty_like(attributes), np.empty_like(barycentrics)
    _call(library.tfdisco_interpolate_attributes_grad_cpu, mesh_sizes, [],
          [attributes, triangles, ids, barycentrics, grad_image, grad_attributes,
           grad_barycentrics], threads)
    np.testing.assert_array_equal(grad_attributes, grad_colours)
    grad_vertices = np.empty_like(vertices)
    _call(library.tfdisco_rasterize_triangles_grad_cpu, sizes, [],
          [vertices, triangles, ids, grad_barycentrics, np.ones_like(depth), grad_vertices],
          threads)
    np.testing.assert_array_equal(grad_vertices, grad_clip)


@pytest.mark.parametrize('threads', THREADS)
@pytest.mark.parametrize('dtype, code', DTYPES)
def test_image_warp(library, threads, dtype, code):
    rng = np.random.default_rng(2)
    image = tf.cast(rng.normal(size=(1, 70, 11, 3)), dtype)
    flow = rng.uniform(-4, 4, (1, 70, 11, 2)).astype(np.float32)
    flow_tensor = tf.constant(flow)
    with tf.GradientTape() as tape:
        tape.watch([image, flow_tensor])
        warped = image_warp(image, flow_tensor, 'native')
    grad = tf.cast(rng.normal(size=image.shape), dtype)
    grad_image, grad_flow = tape.gradient(warped, [image, flow_tensor], grad)

    outputs = [np.empty_like(image.numpy()) for _ in range(2)]
    flow_output = np.empty_like(flow)
    _call(library.tfdisco_image_warp_cpu, image.shape, [code],
          [image.numpy(), flow, outputs[0]], threads)
    _call(library.tfdisco_image_warp_grad_cpu, image.shape, [code],
          [image.numpy(), flow, grad.numpy(), outputs[1], flow_output], threads)
    np.testing.assert_array_equal(outputs[0].astype(np.float32), tf.cast(warped, tf.float32))
    np.testing.assert_array_equal(outputs[1].astype(np.float32), tf.cast(grad_image, tf.float32))
    np.testing.assert_array_equal(flow_output, grad_flow)


def _equal(ours, theirs):
    for a, b in zip(ours, theirs):
        np.testing.assert_array_equal(a.astype(np.float32), tf.cast(b, tf.float32))


@pytest.mark.parametrize('threads', THREADS)
@pytest.mark.parametrize('dtype, code', DTYPES)
def test_bias_act(library, threads, dtype, code):
    rng = np.random.default_rng(3)
    rows, channels = 2000, 37
    x, second_x = (tf.cast(rng.normal(size=(rows, channels)), dtype) for _ in range(2))
    bias, second_bias = (rng.normal(size=channels).astype(np.float32) for _ in range(2))
    act = activation_attributes('lrelu', clamp=1.5)
    ops, sizes = native.load(), [rows, channels]
    output = ops.tfdisco_bias_act(x=x, bias=bias, **act)
    grads = ops.tfdisco_bias_act_grad(output=output, grad=second_x, **act)
    second = ops.tfdisco_bias_act_grad_grad(output=output, second_x=second_x,
                                            second_bias=second_bias, **act)

    def call(name, *arrays):
        _call(getattr(library, f'tfdisco_{name}_cpu'), sizes, [code], arrays, threads,
              act.values())

    ours = [np.empty_like(x.numpy()) for _ in range(3)] + [np.empty_like(bias)]
    call('bias_act', x.numpy(), bias, ours[0])
    call('bias_act_grad', ours[0], second_x.numpy(), ours[1], ours[3])
    call('bias_act_grad_grad', ours[0], second_x.numpy(), second_bias, ours[2])
    _equal(ours, [output, grads.grad_x, second, grads.grad_bias])


@pytest.mark.parametrize('threads', THREADS)
@pytest.mark.parametrize('dtype, code', DTYPES)
def test_modulate(library, threads, dtype, code):
    rng = np.random.default_rng(4)
    batch, height, width, channels = 2, 40, 33, 21
    x, grad, second_x = (tf.cast(rng.normal(size=(batch, height, width, channels)), dtype)
                         for _ in range(3))
    shapes = [(batch, channels), (batch, height, width, 1), (channels,)]
    small, seconds = ([rng.normal(size=shape).astype(np.float32) for shape in shapes]
                      for _ in range(2))
    act = activation_attributes('lrelu', clamp=1.5)
    ops = native.load()
    output = ops.tfdisco_modulate(x, *small, **act)
    grads = ops.tfdisco_modulate_grad(x, *small, grad, **act)
    second = ops.tfdisco_modulate_grad_grad(x, *small, grad, second_x, *seconds, **act)

    def call(name, *arrays):
        _call(getattr(library, f'tfdisco_{name}_cpu'), [batch, height * width, channels], [code],
              [array if isinstance(array, np.ndarray) else array.numpy() for array in arrays],
              threads, act.values())

    def empty(like):
        return [np.empty_like(value.numpy()) for value in like]

    ours, our_grads, our_second = empty([output]), empty(grads), empty(second)
    call('modulate', x, *small, *ours)
    call('modulate_grad', x, *small, grad, *our_grads)
    call('modulate_grad_grad', x, *small, grad, second_x, *seconds, *our_second)
    _equal([*ours, *our_grads, *our_second], [output, *grads, *second])


@pytest.mark.parametrize('threads', THREADS)
@pytest.mark.parametrize('dtype, code', DTYPES)
def test_upfirdn2d(library, threads, dtype, code):
    rng = np.random.default_rng(5)
    image = tf.cast(rng.normal(size=(2, 9, 8, 5)), dtype)
    filters = [rng.normal(size=(2, taps)).astype(np.float32) for taps in (3, 4)]
    expected = native.load().tfdisco_upfirdn2d(image, *filters, size=[17, 11], up=[2, 3],
                                               down=[1, 2], pad=[1, 4])
    resampled = np.empty_like(expected.numpy())
    sizes = np.array([2, 5, 2, 9, 17, 3, 2, 1, 1, 8, 11, 4, 3, 2, 4])
    status = library.tfdisco_upfirdn2d_cpu(
        sizes.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(code),
        *(array.ctypes.data_as(ctypes.c_void_p) for array in (image.numpy(), *filters, resampled)),
        ctypes.c_int(threads))
    assert status == 0
    _equal([resampled], [expected])


def test_an_unknown_type_is_an_error(library):
    nothing = np.empty(0, np.float32)
    pointers = [nothing.ctypes.data_as(ctypes.c_void_p)] * 3
    status = library.tfdisco_image_warp_cpu(*[ctypes.c_int64(0)] * 4, ctypes.c_int(7), *pointers,
                                            ctypes.c_int(1))
    assert status == 1
    assert b'dtype: expected 0 (float32)' in library.tfdisco_last_error()
