"""Times of the renderer and its ops at batch 8, 256 px, on the built-in model.

The peers are what a user of TensorFlow would take instead: tensorflow-graphics'
CPU rasteriser (compiled from the wheel's sources, as its own library loads on no
current TensorFlow) with its interpolation, and tensorflow-addons' image warp.
"""

import importlib

import numpy as np
import tensorflow as tf

from tfdisco.benchmarks import peers, timing
from tfdisco.face3d import camera
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.ops.image_warp import image_warp
from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles
from tfdisco.ops.toolchain import BuildError

BATCH, SIZE, SEED = 8, 256, 0


def run(rounds=15):
    """Times everything.

    Args:
      rounds: timed runs of each function, in turn with its peer.

    Returns:
      A list of {'name', 'ours_ms', 'peer', 'peer_ms', 'ratio', 'batch', 'size'};
      peer, peer_ms and ratio are None where there is no peer.
    """
    model = MorphableModel.load('open_head')
    coefficients = tf.constant(sample_coefficients(model, BATCH, SEED))
    rows = []
    for name, peer, ours, theirs in (*_rasterize(model, coefficients), *_renderer(
            model, coefficients), *_image_warp()):
        row = {'name': name, **timing.paired(ours, theirs, rounds)}
        rows.append({**row, 'peer': peer if theirs else None, 'batch': BATCH, 'size': SIZE})
    return rows


def _rasterize(model, coefficients):
    """The whole head, triangles seen from behind left out; colours at every pixel."""
    render = FaceRenderer(model, SIZE, SIZE, region='head')
    vertices = render.vertices(coefficients)
    colours = model.albedo(model.layout.split(coefficients).identity_texture)
    triangles = render.triangles

    @tf.function(autograph=False)
    def ours(vertices, colours):
        clip = camera.to_clip(vertices, SIZE, SIZE)
        raster = rasterize_triangles(clip, triangles, SIZE, SIZE, cull='back')
        return interpolate_attributes(colours, triangles, raster.triangle_ids,
                                      raster.barycentrics)

    kernel, differentiable = _graphics(triangles)
    yield _compared('rasterize_interpolate', 'tensorflow-graphics triangle_rasterizer, CPU kernel',
                    ours, differentiable, (vertices, colours))
    yield _compared('rasterize_interpolate_kernel',
                    'tensorflow-graphics CPU kernel, interpolation without gradients to vertices',
                    ours, kernel, (vertices, colours))


def _graphics(triangles):
    """The same picture by tensorflow-graphics, in two ways; (None, None) if it cannot be had."""
    try:
        backend = peers.graphics_cpu_backend()
    except (ImportError, BuildError):
        return None, None
    interpolate, triangle_rasterizer, backends = (
        importlib.import_module(f'tensorflow_graphics.rendering.{name}')
        for name in ('interpolate', 'triangle_rasterizer', 'rasterization_backend'))
    matrix = tf.constant(camera.clip_matrix(SIZE, SIZE), tf.float32, [1, 4, 4])
    matrices = tf.tile(matrix, [BATCH, 1, 1])

    @tf.function(autograph=False)
    def kernel(vertices, colours):
        buffer = backend.rasterize(vertices, triangles, matrices, (SIZE, SIZE), True, 1).layer(0)
        return interpolate.interpolate_vertex_attribute(colours, buffer).value[:, ::-1]

    @tf.function(autograph=False)
    def differentiable(vertices, colours):
        return triangle_rasterizer.rasterize(
            vertices, triangles, {'colours': colours}, matrices, (SIZE, SIZE),
            backend=backends.RasterizationBackends.CPU)['colours'][:, ::-1]

    return kernel, differentiable


def _compared(name, peer, ours, theirs, arguments):
    """A row to be timed, once both are seen to give the same picture."""
    if theirs is not None:
        difference = np.abs(ours(*arguments).numpy() - theirs(*arguments).numpy())
        # Pixel centres on an edge belong to one triangle here and to two there.
        if np.mean(difference > 0.1) > 1e-3:
            raise AssertionError(f'{name}: the pictures differ in {np.mean(difference > 0.1):.2%}')
    return (name, peer, lambda: ours(*arguments),
            None if theirs is None else lambda: theirs(*arguments))


def _renderer(model, coefficients):
    """The training step's use: the face region, forward, and backward to the coefficients."""
    render = FaceRenderer(model, SIZE, SIZE, region='face')
    forward = tf.function(lambda: render(coefficients).image)

    @tf.function(autograph=False)
    def backward():
        with tf.GradientTape() as tape:
            tape.watch(coefficients)
            face = render(coefficients)
            loss = tf.reduce_mean(tf.square(face.image)) + tf.reduce_mean(face.landmarks)
        return tape.gradient(loss, coefficients)

    head = FaceRenderer(model, SIZE, SIZE, region='head')
    yield 'renderer_forward', None, forward, None
    yield 'renderer_backward', None, backward, None
    yield 'renderer_forward_head', None, tf.function(lambda: head(coefficients).image), None


def _image_warp():
    """Forward and backward to image and flow."""
    image = tf.random.stateless_uniform([BATCH, SIZE, SIZE, 3], [SEED, 1])
    flow = 3 * tf.random.stateless_normal([BATCH, SIZE, SIZE, 2], [SEED, 2])
    upstream = tf.random.stateless_normal(image.shape, [SEED, 3])

    def with_gradient(function):
        @tf.function(autograph=False)
        def run_both():
            with tf.GradientTape() as tape:
                tape.watch([image, flow])
                warped = function(image, flow)
            return tape.gradient(warped, [image, flow], upstream)
        return run_both

    theirs = peers.addons_image_warp()
    yield ('image_warp', 'tensorflow-addons dense_image_warp', with_gradient(image_warp),
           theirs and with_gradient(lambda image, flow: theirs(image, -flow[..., ::-1])))
