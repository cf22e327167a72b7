"""The CUDA kernels, run on the CPU block by block, equal the CPU's; no TensorFlow.

ops/emulation/cuda_runtime.h runs them. Outputs lie between guards that must stay, and threads
run forwards and backwards: what lacks a barrier gives other bits.
"""

import numpy as np
import pytest

from tfdisco.ops import capi, native, toolchain

GUARD = 64  # bytes
ACT = 0.2, 1.4, 1.1  # slope, gain, limit
INFINITE = 0.1, 1.0, np.inf
BITS = {'float32': np.float32, 'float16': np.float16, 'bfloat16': np.uint16}
TYPES = list(BITS)
EPSILON = {'float32': 1e-6, 'float16': 1e-3, 'bfloat16': 8e-3}


def stored(values, dtype):
    """float32 as an array of the kernel's type; bfloat16 as its bits."""
    values = np.asarray(values, np.float32)
    if dtype != 'bfloat16':
        return values.astype(BITS[dtype])
    bits = values.view(np.uint32)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def loaded(array):
    """The other way round."""
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32) if array.dtype == np.float16 else array


class Output:
    """An array between guards; NaN, or a number that no kernel gives, until it is written."""

    def __init__(self, shape, dtype=np.float32, shift=0):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self._raw = np.full(size + 2 * GUARD + shift + 16, 0xff, np.uint8)
        start = GUARD - self._raw.ctypes.data % 16 + 16 + shift
        self.array = self._raw[start:start + size].view(dtype).reshape(shape)
        self._rest = np.ones(len(self._raw), bool)
        self._rest[start:start + size] = False

    def checked(self):
        assert (self._raw[self._rest] == 0xff).all(), 'written beyond the array'
        return loaded(self.array)


@pytest.fixture(scope='module')
def library():
    try:
        toolchain.find_cxx()
    except toolchain.BuildError as error:
        pytest.skip(str(error))
    return capi.Library(native.build_capi(emulated=True))


def compare(library, name, before, outputs, after=(), dtype='float32', exact=(), scale=3,
            shift=0):
    """Calls NAME_cpu and NAME_gpu; `outputs`: shapes, or (shape, dtype), behind `before`."""
    outputs = [output if isinstance(output[0], tuple) else (output, np.float32)
               for output in outputs]

    def run(device, last):
        made = [Output(*output, shift) for output in outputs]
        library(f'{name}_{device}', *before, *(output.array for output in made), *after, last)
        return [output.checked() for output in made]

    expected = run('cpu', 1)
    found = []
    for backwards in (False, True):
        library.set_order(backwards)
        found.append(run('gpu', None))
    library.set_order(False)
    for index, (first, second, wanted) in enumerate(zip(*found, expected)):
        np.testing.assert_array_equal(first, second, f'{name} {index}: the order matters')
        if index in exact:
            np.testing.assert_array_equal(first, wanted)
            continue
        kind = outputs[index][1]
        epsilon = EPSILON['float32'] if kind == np.float32 else EPSILON[dtype]
        largest = max(1.0, np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0))
        np.testing.assert_allclose(first, wanted, rtol=0, atol=scale * epsilon * largest,
                                   err_msg=f'{name} {index}')
    return found[0]


def draw(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# One value a thread; several rows a block; lanes in several warps, with a rest; a pack a row;
# channels of several blocks.
SIZES = [(40, 3), (2100, 16), (70, 136), (333, 8), (1, 1), (9, 257), (0, 8)]


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('rows, channels', SIZES)
def test_bias_act(library, rows, channels, dtype):
    code, kind = capi.DTYPES.index(dtype), BITS[dtype]
    x, grad = (stored(draw(k, rows, channels), dtype) for k in range(2))
    bias, second_bias = draw(2, channels), draw(3, channels)
    output, = compare(library, 'bias_act', [rows, channels, code, *ACT, x, bias],
                      [((rows, channels), kind)], dtype=dtype)
    output = stored(output, dtype)
    compare(library, 'bias_act_grad', [rows, channels, code, *ACT, output, grad],
            [((rows, channels), kind), (channels,)], dtype=dtype, scale=20)
    compare(library, 'bias_act_grad_grad',
            [rows, channels, code, *ACT, output, grad, second_bias],
            [((rows, channels), kind)], dtype=dtype)


def test_addresses_that_no_pack_fits(library):
    x, bias = draw(0, 30, 8), draw(1, 8)
    compare(library, 'bias_act', [30, 8, 0, *ACT, x, bias], [(30, 8)], shift=4)


def test_in_place(library):
    x, bias, expected = draw(0, 700, 12), draw(1, 12), np.empty([700, 12], np.float32)
    library('bias_act_cpu', 700, 12, 0, *ACT, x, bias, expected, 1)
    library('bias_act_gpu', 700, 12, 0, *ACT, x, bias, x, None)
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('noisy', [True, False])
@pytest.mark.parametrize('batch, pixels, channels', [
    (2, 37, 3), (3, 130, 16), (1, 700, 64), (2, 9, 136), (1, 3, 257), (2, 0, 8)])
def test_modulate(library, batch, pixels, channels, noisy, dtype):
    code, kind = capi.DTYPES.index(dtype), BITS[dtype]
    shape = batch, pixels, channels
    x, grad, second_x = (stored(draw(k, *shape), dtype) for k in range(3))
    (scale, noise, bias), (second_scale, second_noise, second_bias) = (
        (draw(3 + k, batch, channels), draw(5 + k, batch, pixels) if noisy else None,
         draw(7 + k, channels)) for k in range(2))
    inputs = [*shape, code, *ACT, x, scale, noise, bias]
    compare(library, 'modulate', inputs, [(shape, kind)], dtype=dtype)
    # A clamp would make values near the limit jump.
    inputs = [*shape, code, *INFINITE, x, scale, noise, bias]
    if noisy:
        compare(library, 'modulate_grad', [*inputs, grad],
                [(shape, kind), (batch, channels), (batch, pixels), (channels,)], dtype=dtype,
                scale=20)
    else:
        made = Output((batch, channels)), Output((channels,)), Output(shape, kind)
        expected = [np.empty_like(output.array) for output in made]
        for device, arrays in (('cpu', expected), ('gpu', [output.array for output in made])):
            library(f'modulate_grad_{device}', *inputs, grad, arrays[2], arrays[0], None, arrays[1],
                    1 if device == 'cpu' else None)
        for output, wanted in zip(made, expected):
            np.testing.assert_allclose(output.checked(), loaded(wanted), rtol=0, atol=2e-5 * max(
                1, np.abs(loaded(wanted)).max(initial=0)) if wanted.dtype == np.float32 else 0.05)
    compare(library, 'modulate_grad_grad',
            [*inputs, grad, second_x, second_scale, second_noise, second_bias],
            [(shape, kind), (batch, channels), (shape, kind)], dtype=dtype, scale=20)


def test_sums_over_lanes_of_several_warps(library):
    shape, code = (1, 37, 264), capi.DTYPES.index('bfloat16')
    x, grad = (stored(draw(k, *shape), 'bfloat16') for k in range(2))
    compare(library, 'modulate_grad', [*shape, code, *INFINITE, x, draw(3, 1, 264), draw(4, 1, 37),
                                       draw(5, 264), grad],
            [(shape, np.uint16), (1, 264), (1, 37), (264,)], dtype='bfloat16', scale=20)


def output_size(size, taps, up, down, before, after):
    return (size * up + before + after - taps) // down + 1


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('up, down, taps', [(1, 1, 4), (1, 1, 7), (2, 1, 4), (2, 1, 8), (1, 2, 4),
                                            (1, 2, 6), (1, 1, 1), (2, 2, 3), (1, 1, 13)])
@pytest.mark.parametrize('channels', [8, 5, 72])
def test_upfirdn2d(library, channels, up, down, taps, dtype):
    code, kind = capi.DTYPES.index(dtype), BITS[dtype]
    height, width, before, after = 9, 14, 2, 3
    image = stored(draw(0, 2, height, width, channels), dtype)
    filter_y, filter_x = draw(1, 1, taps), draw(2, 1, taps)
    filter_y[0, -1] = 0.0  # costs nothing, and hides what is not finite
    size = [output_size(n, taps, up, down, before, after) for n in (height, width)]
    pad = taps - 1 - (taps - 1 - before)
    sizes = np.array([2, channels, 1, height, size[0], taps, up, down, pad,
                      width, size[1], taps, up, down, pad], np.int64)
    compare(library, 'upfirdn2d', [sizes, code, image, filter_y, filter_x],
            [((2, *size, channels), kind)], dtype=dtype)


def test_upfirdn2d_of_a_plane_and_two_axes(library):
    image = draw(0, 2, 9, 8, 4)
    sizes = np.array([2, 4, 3, 9, 17, 3, 2, 1, 1, 8, 11, 4, 3, 2, 4], np.int64)
    compare(library, 'upfirdn2d', [sizes, 0, image, draw(1, 3, 3), draw(2, 3, 4)], [(2, 17, 11, 4)])


def test_upfirdn2d_in_strips(library):
    image = draw(0, 1, 70, 3, 4)
    sizes = np.array([1, 4, 1, 70, 73, 4, 1, 1, 3, 3, 6, 4, 1, 1, 3], np.int64)
    compare(library, 'upfirdn2d', [sizes, 0, image, draw(1, 1, 4), draw(2, 1, 4)], [(1, 73, 6, 4)])


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('shape', [(2, 11, 13, 3), (1, 9, 40, 16), (2, 1, 5, 8), (1, 6, 1, 4),
                                   (1, 3, 2, 288), (0, 3, 3, 3)])
def test_image_warp(library, shape, dtype):
    code, kind = capi.DTYPES.index(dtype), BITS[dtype]
    image, grad = (stored(draw(k, *shape), dtype) for k in range(2))
    flow = 3 * draw(2, *shape[:3], 2)
    compare(library, 'image_warp', [*shape, code, image, flow], [(shape, kind)], dtype=dtype)
    compare(library, 'image_warp_grad', [*shape, code, image, flow, grad],
            [(shape, kind), (*shape[:3], 2)], dtype=dtype, scale=20)


def test_warped_gradients_that_meet_in_one_place(library):
    shape = 1, 16, 16, 3
    flow = np.full([1, 16, 16, 2], -100, np.float32)
    image, grad = draw(0, *shape), draw(1, *shape)
    found, _ = compare(library, 'image_warp_grad', [*shape, 0, image, flow, grad],
                       [shape, (1, 16, 16, 2)], scale=20)
    np.testing.assert_allclose(found[0, 0, 0], grad.astype(np.float64).sum((0, 1, 2)), rtol=3e-7)


def test_a_warped_gradient_that_is_not_finite_shows_in_its_image_alone(library):
    shape = 2, 4, 4, 3
    image, grad, flow = draw(0, *shape), draw(1, *shape), draw(2, 2, 4, 4, 2)
    grad[1, 2, 3, 1] = np.inf
    clean = np.empty(shape, np.float32)
    for broken in (grad, np.nan_to_num(grad, posinf=1.0)):
        flow[1, 0, 0, 0] = np.nan if broken is not grad else 0.0
        grad_flow = np.empty([2, 4, 4, 2], np.float32)
        library('image_warp_grad_gpu', *shape, 0, image, flow, broken, clean, grad_flow, None)
        assert np.isfinite(clean[0]).all() and np.isnan(clean[1]).all()


@pytest.mark.parametrize('cull', [0, 1, 2])
@pytest.mark.parametrize('height, width, triangles', [(20, 37, 25), (16, 16, 300), (1, 1, 3),
                                                      (33, 5, 0)])
def test_rasterize_and_interpolate(library, height, width, triangles, cull):
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(2, 40, 4)).astype(np.float32)  # some behind the camera
    table = rng.integers(0, 40, (triangles, 3)).astype(np.int32)
    channels, pixels = 5, (2, height, width)
    sizes = [2, 40, triangles, height, width]
    ids, barycentrics, _ = compare(
        library, 'rasterize_triangles', [*sizes, cull, clip, table],
        [(pixels, np.int32), (*pixels, 3), pixels], exact=(0, 1, 2))
    # Of one pixel, three triangles may show none.
    assert (ids >= 0).any() == (triangles > 0) or height * width == 1
    attributes, grad = draw(1, 2, 40, channels), draw(2, *pixels, channels)
    mesh = [2, 40, channels, triangles, height, width]
    compare(library, 'interpolate_attributes', [*mesh, attributes, table, ids, barycentrics],
            [(*pixels, channels)])
    _, grad_barycentrics = compare(
        library, 'interpolate_attributes_grad',
        [*mesh, attributes, table, ids, barycentrics, grad],
        [attributes.shape, barycentrics.shape], scale=20)
    compare(library, 'rasterize_triangles_grad',
            [*sizes, clip, table, ids, grad_barycentrics, draw(3, *pixels)], [clip.shape],
            scale=100)


def test_a_triangle_with_a_wrong_corner_is_not_drawn(library):
    clip = np.array([[[-1, -1, 0, 1], [1, -1, 0, 1], [0, 1, 0, 1]]], np.float32)
    table = np.array([[0, 1, 3], [0, -1, 2], [0, 1, 2]], np.int32)
    ids = np.empty([1, 8, 8], np.int32)
    depth, barycentrics = np.empty([1, 8, 8], np.float32), np.empty([1, 8, 8, 3], np.float32)
    library('rasterize_triangles_gpu', 1, 3, 3, 8, 8, 0, clip, table, ids, barycentrics, depth,
            None)
    assert set(np.unique(ids)) == {-1, 2}


def test_of_equally_near_triangles_the_first_is_seen(library):
    clip = np.array([[[-1, -1, 0, 1], [1, -1, 0, 1], [0, 1, 0, 1]]], np.float32)
    table = np.repeat(np.array([[0, 1, 2]], np.int32), 600, axis=0)  # more than a block looks at
    ids = np.empty([1, 16, 16], np.int32)
    depth, barycentrics = np.empty([1, 16, 16], np.float32), np.empty([1, 16, 16, 3], np.float32)
    library('rasterize_triangles_gpu', 1, 3, 600, 16, 16, 0, clip, table, ids, barycentrics,
            depth, None)
    assert set(np.unique(ids)) == {-1, 0}
