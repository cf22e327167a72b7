"""tensorflow-graphics' rasteriser on our kernel.

The wheel of tensorflow-graphics ships rasterisers compiled against one old
TensorFlow, which load on no current one. After `install()` its CPU backend is
this module, so that `rasterization_backend.rasterize`, `triangle_rasterizer` and
what stands on them work, on CPU and GPU.
"""

import sys

import tensorflow as tf
from tensorflow_graphics.rendering import framebuffer as fb
from tensorflow_graphics.rendering import rasterization_backend, utils

from tfdisco import shapes
from tfdisco.ops.rasterize_triangles import rasterize_triangles

_REPLACED = 'tensorflow_graphics.rendering.kernels.rasterization_backend'

RasterizationBackends = rasterization_backend.RasterizationBackends


def install():
    """Makes `RasterizationBackends.CPU` of tensorflow-graphics mean this module."""
    # tensorflow-graphics imports its backend by this name at every call; the
    # original cannot even be imported, as its library does not load.
    sys.modules[_REPLACED] = sys.modules[__name__]


def rasterize(vertices, triangles, view_projection_matrices, image_size, enable_cull_face=True,
              num_layers=1, backend=RasterizationBackends.CPU, name='tfdisco_rasterize'):
    """Rasterises as `tensorflow_graphics.rendering.rasterization_backend.rasterize` does.

    Args:
      vertices: [B, V, 3] float32.
      triangles: [T, 3] int32.
      view_projection_matrices: [B, 4, 4] float32, to clip space.
      image_size: (width, height).
      enable_cull_face: whether triangles seen from behind are left out.
      num_layers: 1, the nearest surface.
      backend: `RasterizationBackends.CPU`; for the signature's sake.
      name: name scope.

    Returns:
      tensorflow-graphics' Framebuffer of [B, 1, H, W, channels] tensors. As there,
      row 0 is the bottom (y / w = -1), triangle_id is 0 where nothing is drawn,
      and no gradient flows.

    Raises:
      KeyError: for another backend.
      ValueError: for a wrong shape, or num_layers other than 1.
    """
    if backend != RasterizationBackends.CPU:
        raise KeyError(f'Backend is not supported: {backend}.')
    if num_layers != 1:
        raise ValueError(f'num_layers: expected 1, got {num_layers!r}; only the nearest surface '
                         'is drawn')
    with tf.name_scope(name):
        vertices = tf.convert_to_tensor(vertices)
        triangles = tf.convert_to_tensor(triangles)
        matrices = tf.convert_to_tensor(view_projection_matrices)
        shapes.check_shape('vertices', vertices, ['B', 'V', 3])
        shapes.check_shape('triangles', triangles, ['T', 3])
        shapes.check_shape('view_projection_matrices', matrices, [vertices.shape[0], 4, 4])
        width, height = image_size
        clip = utils.transform_homogeneous(matrices, vertices)
        clip *= tf.constant([1., -1., 1., 1.])  # row 0 is the bottom there and the top here,
        cull = 'front' if enable_cull_face else 'none'  # which turns front into back
        raster = rasterize_triangles(tf.stop_gradient(clip), triangles, height, width, cull)
        drawn = raster.triangle_ids[:, None, :, :, None] >= 0
        triangle_id = tf.maximum(raster.triangle_ids, 0)[:, None, :, :, None]
        if triangles.shape[0] == 0:
            vertex_ids = tf.zeros_like(triangle_id) * tf.constant([0, 0, 0])
        else:
            vertex_ids = tf.gather(triangles, triangle_id[..., 0])
        return fb.Framebuffer(
            foreground_mask=tf.cast(drawn, tf.float32), triangle_id=triangle_id,
            vertex_ids=vertex_ids,
            barycentrics=fb.RasterizedAttribute(value=raster.barycentrics[:, None]))
