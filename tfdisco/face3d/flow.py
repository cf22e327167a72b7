"""Flow between two rendered faces (Fig. 3): where each surface point came from."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d import camera
from tfdisco.ops.image_warp import image_warp
from tfdisco.shapes import check_shape

# A point of the source counts as seen if it lies within this depth (decimetres) of what
# the source shows there: more than a pixel's slope on a cheek, less than a nose or a lip.
DEPTH_TOLERANCE = 0.05


class SurfaceFlow(NamedTuple):
    """How to warp a source picture onto a target's geometry.

    Attributes:
      flow: [B, H, W, 2] pixels (x, y); `image_warp(source_image, flow)` lies on the target.
        Zero where the target shows no surface.
      valid: [B, H, W, 1], 1 where the target shows a surface point that the source shows as
        well. Carries no gradient.
    """

    flow: tf.Tensor
    valid: tf.Tensor


def surface_flow(renderer, source_vertices, target_vertices):
    """For each target pixel, the way to the same surface point in the source.

    Args:
      renderer: the `FaceRenderer` that says what is drawn, and at what size.
      source_vertices: [B, V, 3] posed, `RenderedFace.vertices`.
      target_vertices: [B, V, 3] likewise.

    Returns:
      `SurfaceFlow`.

    Raises:
      ValueError: on wrong shapes.
    """
    vertex_count = renderer.model.vertex_count
    check_shape('source_vertices', source_vertices, ['B', vertex_count, 3])
    check_shape('target_vertices', target_vertices,
                [source_vertices.shape[0], vertex_count, 3])
    size = renderer.height, renderer.width
    target = renderer.rasterize(target_vertices)
    covered = renderer.mask(target)
    # The place in the source's 3D space of what each target pixel shows. Interpolated
    # there and projected afterwards, since image coordinates are not linear on a triangle.
    place = renderer.interpolate(source_vertices, target)
    flow = (camera.project(place, *size) - _pixel_centres(*size)) * covered
    return SurfaceFlow(flow, _visible(renderer, source_vertices, place, flow) * covered)


def _visible(renderer, source_vertices, place, flow):
    """[B, H, W, 1]: 1 where the source shows `place`, with all four pixels warping reads."""
    source = renderer.rasterize(tf.stop_gradient(source_vertices))
    depth = renderer.interpolate(tf.stop_gradient(source_vertices[..., 2:]), source)
    shown = image_warp(tf.concat([depth, renderer.mask(source)], axis=-1),
                       tf.stop_gradient(flow), impl=renderer.impl)
    x, y = tf.unstack(flow + _pixel_centres(renderer.height, renderer.width), axis=-1)
    inside = (x >= 0) & (x <= renderer.width) & (y >= 0) & (y <= renderer.height)
    near = tf.abs(shown[..., 0] - place[..., 2]) < DEPTH_TOLERANCE
    whole = shown[..., 1] > 1 - 1e-4  # float32 interpolation of four ones
    return tf.cast(inside & near & whole, tf.float32)[..., tf.newaxis]


def _pixel_centres(height, width):
    """[H, W, 2] pixel coordinates (x, y)."""
    x, y = tf.meshgrid(tf.range(width, dtype=tf.float32), tf.range(height, dtype=tf.float32))
    return tf.stack([x, y], axis=-1) + 0.5
