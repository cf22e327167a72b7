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


def upfirdn(images, filter, up=(1, 1), down=(1, 1), padding=(0, 0, 0, 0), gain=1, flip=False):
    """Images [B, H, W, C], by the definition, one tap of the filter at a time."""
    filter = np.asarray(filter, np.float64)
    filter = np.outer(filter, filter) if filter.ndim == 1 else filter
    if not flip:
        filter = filter[::-1, ::-1]
    batch, height, width, channels = images.shape
    stuffed = np.zeros((batch, height * up[0], width * up[1], channels))
    stuffed[:, ::up[0], ::up[1]] = images
    for axis, (before, after) in enumerate(((padding[:2]), (padding[2:])), 1):
        zeros = [(0, 0)] * 4
        zeros[axis] = max(before, 0), max(after, 0)
        stuffed = np.pad(stuffed, zeros)
        kept = slice(max(-before, 0), stuffed.shape[axis] - max(-after, 0))
        stuffed = stuffed[(slice(None),) * axis + (kept,)]
    rows, columns = (stuffed.shape[1 + i] - filter.shape[i] + 1 for i in range(2))
    output = sum(filter[y, x] * stuffed[:, y:y + rows, x:x + columns]
                 for y in range(filter.shape[0]) for x in range(filter.shape[1]))
    return gain * output[:, ::down[0], ::down[1]]


def blur(images, taps, border='zeros'):
    """Images [B, H, W, C], each pixel by itself; beyond the edge zeros, or it is mirrored."""
    reach, (_, height, width, _) = len(taps) // 2, images.shape
    output = np.zeros(images.shape)
    for y, x in np.ndindex(height, width):
        for down, right in np.ndindex(len(taps), len(taps)):
            # y + shift, counted backwards beyond the edge.
            row, column = y + reach - down, x + reach - right
            if border == 'mirror':
                row, column = (min(abs(at), 2 * (size - 1) - at) for at, size in (
                    (row, height), (column, width)))
            if 0 <= row < height and 0 <= column < width:
                output[:, y, x] += taps[down] * taps[right] * images[:, row, column]
    return output


def gaussian(sigma, taps=5):
    """[taps], of sum 1."""
    values = np.array([np.exp(-(k - taps // 2)**2 / (2 * sigma**2)) for k in range(taps)])
    return values / values.sum()


def activate(values, slope=1, gain=1, limit=np.inf):
    """Leaky ReLU, gain, clamp."""
    return np.clip(np.where(values > 0, values, slope * values) * gain, -limit, limit)


def modulated_conv(images, w, styles, demodulate=True, up=1, down=1, noise=0, bias=0, act=None,
                   filter=(0.125, 0.375, 0.375, 0.125)):
    """Every image [B, H, W, I] with weights [K, K, I, O] of its own."""
    kernel, taps = w.shape[0], len(filter)
    weights = w[None] * styles[:, None, None, :, None]  # [B, K, K, I, O]
    if demodulate:
        weights = weights / np.sqrt(np.sum(weights**2, (1, 2, 3), keepdims=True) + 1e-8)
    before = after = kernel // 2
    if up > 1:
        before, after = before + (taps + up - 1) // 2, after + (taps - up) // 2
    elif down > 1:
        before, after = before + (taps - down + 1) // 2, after + (taps - down) // 2
    sampled = upfirdn(images, filter if up * down > 1 else [1], (up, up),
                      padding=(before, after) * 2, gain=up**2)
    rows, columns = (size - kernel + 1 for size in sampled.shape[1:3])
    output = sum(np.einsum('nhwi,nio->nhwo', sampled[:, y:y + rows, x:x + columns],
                           weights[:, y, x]) for y in range(kernel) for x in range(kernel))
    return activate(output[:, ::down, ::down] + noise + bias, **(act or {}))


def numeric_second_gradient(function, values, directions, step=1e-4):
    """Gradients of sum(directions * gradients of a scalar function), a list like `values`."""
    def gradients(sign):
        moved = [v + sign * step * d for v, d in zip(values, directions)]
        return [numeric_gradient(lambda v, i=i: function(*moved[:i], v, *moved[i + 1:]), moved[i])
                for i in range(len(moved))]
    return [(a - b) / (2 * step) for a, b in zip(gradients(1), gradients(-1))]


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
