"""Vertex normals of meshes that share their triangles."""

import numpy as np
import tensorflow as tf

from tfdisco.shapes import check_shape

# Squared length (decimetres^4) below which a normal is called zero: a vertex without
# triangles. The smallest triangles of a head, 1e-4 dm across, are far above.
TINY = 1e-24


class VertexNormals:
    """Normals of vertices: the normalised sum of area-weighted triangle normals.

    The definition is tensorflow-graphics' `geometry.representation.mesh.normals`. That
    function gathers and scatters each image of the batch apart and is four to five
    times slower; here the batch lies in the last axis, so that every triangle moves
    one contiguous row, and the gradient is written out to gather rather than build
    sparse slices.
    """

    def __init__(self, triangles, vertex_count):
        """Takes `triangles` [T, 3], vertex indices, counter-clockwise from outside."""
        triangles = np.asarray(triangles)
        check_shape('triangles', triangles, [None, 3])
        self._vertex_count = int(vertex_count)
        # As int32, TensorFlow would keep them in the memory of the host, and copy them each time.
        with tf.init_scope():
            self._corners = [tf.constant(triangles[:, i], tf.int64) for i in range(3)]
            self._all_corners = tf.constant(triangles.T.ravel(), tf.int64)

    def __call__(self, vertices):
        """Unit normals of a batch of meshes.

        Args:
          vertices: [B, V, 3].

        Returns:
          [B, V, 3], pointing outside; zero where a vertex has no triangle.

        Raises:
          ValueError: on wrong shapes.
        """
        check_shape('vertices', vertices, [None, self._vertex_count, 3])
        rows = [self._vertex_count, -1]  # [V, 3 B]: all x, all y, all z
        sums = self._weighted_sum(tf.reshape(tf.transpose(vertices, [1, 2, 0]), rows))
        # Spelt out, because -1 is ambiguous for an empty batch.
        split = [self._vertex_count, 3, tf.shape(vertices)[0]]
        normals = tf.transpose(tf.reshape(sums, split), [2, 0, 1])
        normals.set_shape(vertices.shape)
        return tf.math.l2_normalize(normals, axis=-1, epsilon=TINY)

    def _weighted_sum(self, positions):
        """[V, 3 B] positions -> [V, 3 B] sums of cross products (twice area times normal)."""

        @tf.custom_gradient
        def forward(positions):
            first, second, third = (tf.gather(positions, corner) for corner in self._corners)
            edge, other_edge = second - first, third - first

            def backward(upstream):
                # d(a x b) = da x b + a x db; a triangle's normal went to its three corners.
                normal = tf.add_n([tf.gather(upstream, corner) for corner in self._corners])
                of_edge, of_other_edge = _cross(other_edge, normal), _cross(normal, edge)
                return self._scatter([-of_edge - of_other_edge, of_edge, of_other_edge])

            return self._scatter([_cross(edge, other_edge)] * 3), backward

        return forward(positions)

    def _scatter(self, per_corner):
        return tf.math.unsorted_segment_sum(tf.concat(per_corner, 0), self._all_corners,
                                            self._vertex_count)


def _cross(a, b):
    """Cross products of [T, 3 B] rows that hold all x, then all y, then all z."""
    (ax, ay, az), (bx, by, bz) = tf.split(a, 3, axis=-1), tf.split(b, 3, axis=-1)
    return tf.concat([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)
