"""Which triangle covers each pixel centre, where in it, and how far away."""

import collections

import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native

CULL_MODES = ('none', 'back', 'front')

Raster = collections.namedtuple('Raster', ('triangle_ids', 'barycentrics', 'depth'))
Raster.__doc__ = """What a rasterised mesh looks like from the camera.

triangle_ids: [B, H, W] int32, the nearest triangle, -1 where there is none.
  Carries no gradient, so that silhouettes and occlusions carry none.
barycentrics: [B, H, W, 3] float32, perspective-correct, 0 where nothing is drawn.
depth: [B, H, W] float32 in normalised device coordinates, -1 near to 1 far, and
  1 where nothing is drawn.
"""


def rasterize_triangles(clip_vertices, triangles, height, width, cull='none', impl='auto'):
    """Rasterises triangles at pixel centres, nearest first.

    A centre on the edge between two triangles belongs to exactly one of them (the
    one for which the edge is a left or a top edge). Triangles that cross the near
    plane are cut there. Of equally near triangles the one of lower index is drawn.
    The result is the same on every run and with any number of threads; on a GPU
    the order in which the gradient adds up is not fixed.

    A triangle of no area, or with a corner that is NaN or infinite, is not drawn.

    Args:
      clip_vertices: [B, V, 4] float32 (x, y, z, w), x to the right, y up, visible
        where -w <= x, y, z <= w.
      triangles: [T, 3] int32 indices, the same for the whole batch;
        counter-clockwise seen from the front.
      height: rows of the picture; row 0 is the top, y / w = 1.
      width: columns of the picture.
      cull: 'none', 'back' (triangles seen from behind are left out) or 'front'.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      `Raster`; barycentrics and depth can be differentiated once, with respect to
      `clip_vertices`.

    Raises:
      ValueError: for a wrong shape, size, cull or impl.
      tf.errors.InvalidArgumentError: for an index outside [0, V), on the CPU; on a
        GPU such a triangle is not drawn.
    """
    clip_vertices = tf.convert_to_tensor(clip_vertices, tf.float32)
    triangles = tf.convert_to_tensor(triangles, tf.int32)
    shapes.check_shape('clip_vertices', clip_vertices, ['B', 'V', 4])
    shapes.check_shape('triangles', triangles, ['T', 3])
    shapes.check_positive('height', height)
    shapes.check_positive('width', width)
    shapes.check_choice('cull', cull, CULL_MODES)
    ops = native.module_for('rasterize_triangles', impl)
    if ops is None:
        return _rasterize_triangles_ref(clip_vertices, triangles, height, width, cull)

    @tf.custom_gradient
    def rasterize(vertices):
        ids, barycentrics, depth = ops.tfdisco_rasterize_triangles(
            clip_vertices=vertices, triangles=triangles, height=height, width=width, cull=cull)

        def gradient(_, grad_barycentrics, grad_depth):
            return ops.tfdisco_rasterize_triangles_grad(
                clip_vertices=vertices, triangles=triangles, triangle_ids=ids,
                grad_barycentrics=grad_barycentrics, grad_depth=grad_depth)

        return (ids, barycentrics, depth), gradient

    return Raster(*rasterize(clip_vertices))


# Pairs of a triangle and a pixel of its bounding box tested at a time, at least and at most.
_CHUNK = 1 << 13, 1 << 20


def _rasterize_triangles_ref(clip_vertices, triangles, height, width, cull):
    """`rasterize_triangles` in TensorFlow operations, differentiable likewise."""
    triangles = tf.cast(triangles, tf.int64)  # a GPU computes int32 on the host
    vertex_count = tf.shape(clip_vertices, tf.int64)[1]
    with tf.control_dependencies([
            tf.debugging.assert_non_negative(triangles, 'triangles: negative index'),
            tf.debugging.assert_less(triangles, vertex_count, 'triangles: index beyond V - 1')]):
        triangles = tf.identity(triangles)
    pixel = _pixel_vertices(clip_vertices, height, width)  # [B, V, 4]: x w, y w, w, z
    batch = tf.shape(pixel)[0]
    if pixel.shape[0] == 0 or pixel.shape[1] == 0 or triangles.shape[0] == 0:
        ids = tf.fill([batch, height, width], -1)
    else:
        ids = tf.map_fn(
            lambda vertices: _nearest_triangles(vertices, triangles, height, width, cull),
            tf.stop_gradient(pixel), fn_output_signature=tf.TensorSpec([height, width], tf.int32),
            parallel_iterations=1)
    ids = tf.ensure_shape(ids, [clip_vertices.shape[0], height, width])
    barycentrics, depth = _barycentrics_at(pixel, triangles, ids, height, width)
    return Raster(ids, barycentrics, depth)


def _pixel_vertices(clip_vertices, height, width):
    """[..., 4] float64 (x w, y w, w, z) with x, y in pixels, y down."""
    x, y, z, w = tf.unstack(tf.cast(clip_vertices, tf.float64), axis=-1)
    return tf.stack([(x + w) * (width / 2), (w - y) * (height / 2), w, z], axis=-1)


def _edges(a, b, c):
    """Edge functions of triangles with corners a, b, c [..., 4]: [..., 3 edges, 3]."""
    def cross(p, q):
        return tf.stack([p[..., 1] * q[..., 2] - q[..., 1] * p[..., 2],
                         q[..., 0] * p[..., 2] - p[..., 0] * q[..., 2],
                         p[..., 0] * q[..., 1] - q[..., 0] * p[..., 1]], axis=-1)
    return tf.stack([cross(b, c), cross(c, a), cross(a, b)], axis=-2)


def _nearest_triangles(vertices, triangles, height, width, cull):
    """[H, W] int32: the triangle seen at each pixel of one image, or -1."""
    corners = tf.gather(vertices, triangles)  # [T, 3, 4]
    edges = _edges(corners[:, 0], corners[:, 1], corners[:, 2])  # [T, 3, 3]
    determinant = tf.reduce_sum(corners[:, 0, :3] * edges[:, 0], axis=-1)
    is_front = determinant < 0  # counter-clockwise with y up is clockwise with y down
    drawn = (tf.reduce_all(tf.math.is_finite(corners), axis=[1, 2])
             & tf.math.is_finite(determinant) & (determinant != 0)
             & tf.reduce_any(corners[..., 2] > 0, axis=1))
    drawn &= {'none': True, 'back': is_front, 'front': ~is_front}[cull]
    orientation = tf.where(is_front, tf.constant(-1, tf.float64), 1)
    edges *= orientation[:, None, None]
    depth_plane = tf.einsum('tij,ti->tj', edges, corners[..., 3]) / tf.abs(determinant)[:, None]

    low, high = _pixel_bounds(corners, drawn, height, width)  # [T, 2] int64
    extent = tf.maximum(high - low, 0)
    ends = tf.cumsum(extent[:, 0] * extent[:, 1])  # pairs up to and with each triangle
    is_top_left = (edges[..., 0] > 0) | ((edges[..., 0] == 0) & (edges[..., 1] > 0))

    # Every chunk has as many pairs, known before the run, since XLA has no other sizes.
    chunk = _pairs_a_chunk(height, width)
    background = height * width  # a pixel beyond the picture takes what is not drawn

    def draw_chunk(start, best_depth, best_id):
        pair = start + tf.range(chunk, dtype=tf.int64)
        triangle = _count_up_to(ends, pair)  # as many end before the pair
        covered = triangle < triangles_count  # false behind the last pair
        triangle = tf.minimum(triangle, triangles_count - 1)
        offset = pair - tf.gather(ends - extent[:, 0] * extent[:, 1], triangle)
        columns = tf.maximum(tf.gather(extent[:, 0], triangle), 1)
        x = tf.gather(low[:, 0], triangle) + offset % columns
        y = tf.gather(low[:, 1], triangle) + offset // columns
        centre_x, centre_y = (tf.cast(v, tf.float64) + 0.5 for v in (x, y))

        # Moved by the pixel, a corner on its centre is exactly 0; and the edge function is
        # exactly antisymmetric in its corners, so that neighbours agree on their edge.
        moved = [tf.gather(corners[:, i], triangle) for i in range(3)]
        moved = [(v[:, 0] - centre_x * v[:, 2], v[:, 1] - centre_y * v[:, 2]) for v in moved]
        sign = tf.gather(orientation, triangle)
        for i in range(3):
            (px, py), (qx, qy) = moved[(i + 1) % 3], moved[(i + 2) % 3]
            value = sign * (px * qy - py * qx)
            covered &= (value > 0) | ((value == 0) & tf.gather(is_top_left[:, i], triangle))
        plane = tf.gather(depth_plane, triangle)
        depth = plane[:, 0] * centre_x + (plane[:, 1] * centre_y + plane[:, 2])
        covered &= (depth >= -1) & (depth <= 1)
        pixel = tf.where(covered, y * width + x, background)
        depth = tf.cast(depth, tf.float32)
        nearest = tf.minimum(best_depth,
                             tf.math.unsorted_segment_min(depth, pixel, background + 1))
        # The id of whoever is nearest now: an earlier one keeps its place in a tie.
        winners = tf.where(depth == tf.gather(nearest, pixel), triangle, triangles_count)
        winner = tf.math.unsorted_segment_min(winners, pixel, background + 1)
        return start + chunk, nearest, tf.where(nearest < best_depth, winner, best_id)

    triangles_count = tf.shape(triangles, tf.int64)[0]
    _, _, ids = tf.while_loop(
        lambda start, *_: start < ends[-1], draw_chunk,
        (tf.constant(0, tf.int64), tf.fill([background + 1], tf.float32.max),
         tf.fill([background + 1], tf.constant(-1, tf.int64))), parallel_iterations=1)
    return tf.cast(tf.reshape(ids[:background], [height, width]), tf.int32)


def _pairs_a_chunk(height, width):
    """How many pairs are tested at a time: about as many as a face has in a picture."""
    least, most = _CHUNK
    return max(least, min(most, 2 * height * width))


def _count_up_to(ends, pair):
    """[P] int64: how many of the ascending `ends` [T] are at most each pair's number.

    By halves, as `tf.searchsorted` does; XLA makes that compare all with all.
    """
    count = ends.shape[0]
    last = tf.size(ends, tf.int64) - 1
    low, high = tf.zeros_like(pair), tf.fill(tf.shape(pair), last + 1)
    for _ in range(31 if count is None else count.bit_length()):
        middle = (low + high) // 2
        beyond = (low < high) & (tf.gather(ends, tf.minimum(middle, last)) <= pair)
        low, high = tf.where(beyond, middle + 1, low), tf.where(beyond, high, middle)
    return low


def _pixel_bounds(corners, drawn, height, width):
    """First and one-past-last pixel (x, y) a triangle can cover, [T, 2] int64 each."""
    slack = 1e-6  # the quotients are rounded
    size = tf.constant([width, height], tf.float64)
    in_front = tf.reduce_all(corners[..., 2] > 0, axis=1)[:, None]
    position = tf.math.divide_no_nan(corners[..., :2], corners[..., 2:3])  # [T, 3, 2]
    low = tf.where(in_front, tf.reduce_min(position, axis=1), tf.zeros_like(size))
    high = tf.where(in_front, tf.reduce_max(position, axis=1), size)
    low = tf.clip_by_value(tf.math.ceil(low - 0.5 - slack), 0, size)
    high = tf.clip_by_value(tf.math.floor(high - 0.5 + slack) + 1, 0, size)
    low, high = (tf.where(drawn[:, None], bound, 0) for bound in (low, high))
    return tf.cast(low, tf.int64), tf.cast(high, tf.int64)


def _barycentrics_at(pixel_vertices, triangles, ids, height, width):
    """Barycentrics [B, H, W, 3] and depth [B, H, W] of the triangles `ids`."""
    ids = tf.cast(ids, tf.int64)  # a GPU computes int32 on the host
    drawn = ids >= 0
    if triangles.shape[0] == 0 or pixel_vertices.shape[1] == 0:
        zero = tf.cast(drawn, tf.float32)
        return tf.stack([zero] * 3, axis=-1), zero + 1
    corner_ids = tf.gather(triangles, tf.maximum(ids, 0))  # [B, H, W, 3]
    corners = tf.gather(pixel_vertices, corner_ids, batch_dims=1)  # [B, H, W, 3, 4]
    # Background pixels get a harmless triangle, so that no NaN enters the gradient.
    harmless = tf.constant([[0, 0, 1, 0], [1, 0, 1, 0], [0, 1, 1, 0]], tf.float64)
    corners = tf.where(drawn[..., None, None], corners, harmless)
    x, y = tf.meshgrid(tf.range(width, dtype=tf.float64) + 0.5,
                       tf.range(height, dtype=tf.float64) + 0.5)
    centres = tf.stack([x, y, tf.ones_like(x)], axis=-1)  # [H, W, 3]
    edges = _edges(*(corners[..., i, :] for i in range(3)))  # [B, H, W, 3, 3]
    values = tf.einsum('bhwij,hwj->bhwi', edges, centres)
    determinant = tf.reduce_sum(corners[..., 0, :3] * edges[..., 0, :], axis=-1)
    barycentrics = values / tf.reduce_sum(values, axis=-1, keepdims=True)
    depth = tf.reduce_sum(values * corners[..., 3], axis=-1) / determinant
    return (tf.where(drawn[..., None], tf.cast(barycentrics, tf.float32), 0.),
            tf.where(drawn, tf.cast(depth, tf.float32), 1.))
