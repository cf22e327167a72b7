"""Ambient occlusion: the share of the sky that each vertex sees."""

import numpy as np
import tensorflow as tf

from tfdisco.ops import rasterize_triangles as raster

RESOLUTION = 384  # pixels of each view
DEPTH_SLACK = 0.02  # decimetres; a vertex this far behind the first surface still sees the sky
LEAST_COSINE = 0.02


def ambient_occlusion(vertices, triangles, normals, directions=128, progress=None):
    """Renders depth from evenly spread directions and looks each vertex up.

    Args:
      vertices: [V, 3].
      triangles: [T, 3].
      normals: [V, 3] unit vertex normals.
      directions: how many views.
      progress: optional wrapper of the iterable of views, for instance tqdm.

    Returns:
      [V] float64, 0 (hidden) to 1 (open): visible directions, weighted by the
      cosine to the normal, over all those above the horizon.
    """
    centre = (vertices.max(axis=0) + vertices.min(axis=0)) / 2
    radius = np.linalg.norm(vertices - centre, axis=1).max() * 1.02
    seen, total = np.zeros(len(vertices)), np.zeros(len(vertices))
    views = _spread_directions(directions)
    for view in progress(views) if progress else views:
        frame = _camera_frame(view)
        # Orthographic: x right, y up, and NDC depth grows away from the viewer.
        local = (vertices - centre) @ frame.T / radius * [1, 1, -1]
        clip = np.concatenate([local, np.ones((len(local), 1))], axis=1)
        fragments = raster.rasterize_triangles(
            tf.constant(clip[None], tf.float32), tf.constant(triangles, tf.int32),
            RESOLUTION, RESOLUTION)
        covered = fragments.triangle_ids[0].numpy() >= 0
        depth = np.where(covered, fragments.depth[0].numpy(), np.inf)
        column = np.clip((local[:, 0] + 1) / 2 * RESOLUTION, 0, RESOLUTION - 1).astype(int)
        row = np.clip((1 - local[:, 1]) / 2 * RESOLUTION, 0, RESOLUTION - 1).astype(int)
        visible = local[:, 2] <= depth[row, column] + DEPTH_SLACK / radius
        cosine = normals @ view
        cosine = np.where(cosine > LEAST_COSINE, cosine, 0)
        seen += cosine * visible
        total += cosine
    return seen / np.maximum(total, 1e-6)


def _spread_directions(count):
    """[count, 3] unit vectors on a Fibonacci spiral."""
    index = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * index / count)
    turn = np.pi * (1 + 5 ** 0.5) * index
    return np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)],
                    axis=1)


def _camera_frame(view):
    """[3, 3] rows: right, up, towards the viewer who looks against `view`."""
    up = np.array([0.0, 1, 0]) if abs(view[1]) < 0.9 else np.array([1.0, 0, 0])
    right = np.cross(up, view)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(view, right), view])
