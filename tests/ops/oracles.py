"""Independent NumPy float64 versions of the ops, and numeric gradients."""

import numpy as np


def rasterize(clip_vertices, triangles, height, width, cull='none'):
    """One image [V, 4] by brute force: a linear system a pixel and triangle.

    Returns ids [H, W], barycentrics [H, W, 3], depth [H, W], and margin [H, W],
    how far (in barycentric units) the centre is from any edge that decides it.
    """
    ids = np.full((height, width), -1)
    barycentrics = np.zeros((height, width, 3))
    depth = np.ones((height, width))
    margin = np.full((height, width), np.inf)
    clip = np.asarray(clip_vertices, np.float64)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1,
                       1 - (np.arange(height) + 0.5) / height * 2)
    rays = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    for index, corners in enumerate(np.asarray(triangles)):
        matrix = clip[corners][:, [0, 1, 3]].T  # columns are (x, y, w) of the corners
        determinant = np.linalg.det(matrix) if np.isfinite(clip[corners]).all() else 0
        if determinant == 0:
            continue
        # Positive: counter-clockwise, where all w > 0.
        if (cull == 'back' and determinant < 0) or (cull == 'front' and determinant > 0):
            continue
        weights = np.linalg.solve(matrix, rays.T).T  # sum_i weights_i (x, y, w)_i = (px, py, 1)
        with np.errstate(all='ignore'):  # at the horizon
            b = weights / weights.sum(axis=1, keepdims=True)
            z = (b @ clip[corners, 2]) / (b @ clip[corners, 3])
        edge_distance = np.abs(weights / np.abs(weights).max(axis=1, keepdims=True)).min(axis=1)
        plane_distance = np.minimum(np.abs(z - 1), np.abs(z + 1))
        # weights is b / w: all positive in front of the camera and inside.
        near = np.all(weights > -1e-6 * np.abs(weights).max(axis=1, keepdims=True), axis=1)
        margin = np.minimum(margin, np.where(near, np.minimum(edge_distance, plane_distance),
                                             np.inf).reshape(height, width))
        inside = np.all(weights > 0, axis=1) & (z >= -1) & (z <= 1)
        nearer = inside & (z < np.where(ids.ravel() >= 0, depth.ravel(), np.inf))
        where = nearer.reshape(height, width)
        ids[where] = index
        depth[where] = z.reshape(height, width)[where]
        barycentrics[where] = b.reshape(height, width, 3)[where]
    return ids, barycentrics, depth, margin


def interpolate(attributes, triangles, ids, barycentrics):
    """One image: attributes [V, C], ids [H, W], barycentrics [H, W, 3] -> [H, W, C]."""
    attributes, barycentrics = (np.asarray(x, np.float64) for x in (attributes, barycentrics))
    image = np.zeros(ids.shape + (attributes.shape[-1],))
    for y, x in zip(*np.nonzero(ids >= 0)):
        for corner, weight in zip(triangles[ids[y, x]], barycentrics[y, x]):
            image[y, x] += weight * attributes[corner]
    return image


def warp(image, flow):
    """One image [H, W, C] and flow [H, W, 2], by the definition, pixel by pixel."""
    image, flow = (np.asarray(x, np.float64) for x in (image, flow))
    height, width, _ = image.shape
    output = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            px = min(max(x + flow[y, x, 0], 0), width - 1)
            py = min(max(y + flow[y, x, 1], 0), height - 1)
            for v in range(height):
                for u in range(width):
                    output[y, x] += (image[v, u] * max(0, 1 - abs(px - u))
                                     * max(0, 1 - abs(py - v)))
    return output


def numeric_gradient(function, value, step=1e-6):
    """Central differences of a scalar function, in float64."""
    value = np.array(value, np.float64)
    gradient = np.zeros_like(value)
    for index in np.ndindex(*value.shape):
        saved = value[index]
        value[index] = saved + step
        above = function(value)
        value[index] = saved - step
        gradient[index] = (above - function(value)) / (2 * step)
        value[index] = saved
    return gradient
