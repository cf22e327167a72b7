"""Calls of the C interface by which a device is compared with the CPU; without TensorFlow."""

import pathlib
from typing import NamedTuple

import numpy as np

from tfdisco.face3d import model_file
from tfdisco.ops.capi import DTYPES

# Of a number of the largest magnitude of an output: sums of many numbers round differently.
EPSILON = {'float32': 1e-6, 'float16': 1e-3, 'bfloat16': 8e-3}
ACT = 0.2, 1.4, 256.0  # slope, gain, limit; no value is near the limit
PIXELS_OF_256 = 1238.3  # the camera's focal length, see face3d.camera
DISTANCE, NEAR, FAR = 10.0, 5.0, 15.0  # decimetres


class Case(NamedTuple):
    """A call of NAME_cpu and of NAME_gpu.

    Attributes:
      title: what it is, unique.
      name: of the function.
      before: numbers and arrays before the outputs.
      outputs: [(shape, type)].
      dtype: of images, one of `DTYPES`; their arrays are 'image' in `outputs`.
      tolerance: times `EPSILON`; 0 where all bits must be equal.
    """

    title: str
    name: str
    before: list
    outputs: list
    dtype: str = 'float32'
    tolerance: float = 3


class Image(NamedTuple):
    """float32 values that a device keeps in the case's dtype."""

    values: np.ndarray


def draw(seed, *shape):
    """Normal numbers, float32."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def head(batch):
    """([batch, V, 4] clip-space vertices, [T, 3] triangles) of the built-in head, turned."""
    model = model_file.read(pathlib.Path(model_file.__file__).with_name('data') / 'open_head.npz')
    shape = model['mean_shape'].astype(np.float64)
    clip = []
    for angle in np.linspace(-0.6, 0.6, batch):
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0],
                         [-np.sin(angle), 0, np.cos(angle)]])
        x, y, z = (shape @ turn.T).T
        w = DISTANCE - z
        scale = 2 * PIXELS_OF_256 / 256
        clip.append(np.stack([scale * x, scale * y, (
            (FAR + NEAR) * w - 2 * FAR * NEAR) / (FAR - NEAR), w], axis=-1))
    return np.array(clip, np.float32), model['triangles'].astype(np.int32)


def of_images(dtype, batch, size, channels):
    """Cases of every op on images."""
    code, shape = DTYPES.index(dtype), (batch, size, size, channels)
    pixels = size * size
    x, grad, second = (Image(draw(k, *shape)) for k in range(3))
    flow = 3 * draw(3, *shape[:3], 2)
    scale, noise, bias = draw(4, batch, channels), draw(5, batch, pixels), draw(6, channels)
    scale2, noise2, bias2 = draw(7, batch, channels), draw(8, batch, pixels), draw(9, channels)
    image, rows = (shape, 'image'), batch * pixels
    flat, small = [rows, channels, code, *ACT], [(batch, channels), 'float32']
    modulated = [batch, pixels, channels, code, *ACT, x, scale, noise, bias]
    cases = [
        Case('bias_act', 'bias_act', [*flat, x, bias], [image]),
        Case('bias_act gradient', 'bias_act_grad', [*flat, x, grad],
             [image, ((channels,), 'float32')], tolerance=30),
        Case('bias_act second gradient', 'bias_act_grad_grad', [*flat, x, grad, bias], [image]),
        Case('modulate', 'modulate', modulated, [image]),
        Case('modulate gradient', 'modulate_grad', [*modulated, grad],
             [image, tuple(small), ((batch, pixels), 'float32'), ((channels,), 'float32')],
             tolerance=30),
        Case('modulate second gradient', 'modulate_grad_grad',
             [*modulated, grad, second, scale2, noise2, bias2], [image, tuple(small), image],
             tolerance=30),
        Case('warp', 'image_warp', [*shape, code, x, flow], [image]),
        Case('warp gradient', 'image_warp_grad', [*shape, code, x, flow, grad],
             [image, ((*shape[:3], 2), 'float32')], tolerance=30)]
    for up, down, taps in ((1, 1, 4), (2, 1, 4), (1, 2, 4), (1, 1, 7), (3, 2, 5)):
        sizes, output = resampling(batch, size, channels, up, down, taps)
        cases.append(Case(f'upfirdn2d up {up} down {down} taps {taps}', 'upfirdn2d',
                          [sizes, code, x, draw(10, 1, taps), draw(11, 1, taps)],
                          [(output, 'image')]))
    return [case._replace(title=f'{case.title}, {dtype} {list(shape)}', dtype=dtype)
            for case in cases]


def resampling(batch, size, channels, up, down, taps):
    """upfirdn2d's sizes [15] and its output's shape, padded by half of the taps."""
    pad = taps // 2
    output = (size * up + 2 * pad - taps) // down + 1
    axis = [size, output, taps, up, down, pad]
    return np.array([batch, channels, 1, *axis, *axis], np.int64), (batch, output, output, channels)


def of_meshes(library, batch, size, threads):
    """Cases of a mesh; ids and barycentrics of gradients come from the CPU's `library`."""
    clip, triangles = head(batch)
    sizes = [batch, clip.shape[1], len(triangles), size, size]
    pixels, channels = (batch, size, size), 3
    ids, barycentrics = np.empty(pixels, np.int32), np.empty((*pixels, 3), np.float32)
    library('rasterize_triangles_cpu', *sizes, 1, clip, triangles, ids, barycentrics,
            np.empty(pixels, np.float32), threads)
    colours, grad = draw(1, batch, clip.shape[1], channels), draw(2, *pixels, channels)
    mesh = [batch, clip.shape[1], channels, len(triangles), size, size]
    known = [triangles, ids, barycentrics]
    return [case._replace(title=f'{case.title}, {list(pixels)}') for case in (
        Case('rasterize', 'rasterize_triangles', [*sizes, 1, clip, triangles],
             [(pixels, 'int32'), ((*pixels, 3), 'float32'), (pixels, 'float32')], tolerance=0),
        Case('rasterize gradient', 'rasterize_triangles_grad',
             [*sizes, clip, triangles, ids, draw(3, *pixels, 3), draw(4, *pixels)],
             [(clip.shape, 'float32')], tolerance=100),
        Case('interpolate', 'interpolate_attributes', [*mesh, colours, *known],
             [((*pixels, channels), 'float32')]),
        Case('interpolate gradient', 'interpolate_attributes_grad', [*mesh, colours, *known, grad],
             [(colours.shape, 'float32'), ((*pixels, 3), 'float32')], tolerance=30))]


def difference(case, found, expected):
    """How far an output is from the CPU's, of what is allowed; above 1 it is wrong."""
    found, expected = (np.asarray(value, np.float64) for value in (found, expected))
    if not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return np.inf
    if expected.size == 0:
        return 0.0
    worst = np.abs(found - expected).max()
    if not case.tolerance:
        return np.inf if worst else 0.0
    return worst / (case.tolerance * EPSILON[case.dtype] * max(1.0, np.abs(expected).max()))
