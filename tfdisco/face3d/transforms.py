"""Rigid motion of the head: pose angles to rotation, posing of vertices."""

import tensorflow as tf

from tfdisco import factors
from tfdisco.shapes import check_shape


def rotation_matrix(pose):
    """R = Rz(roll) Ry(yaw) Rx(pitch), applied to column vectors.

    Positive pitch lowers the face, positive yaw turns it towards +x (image right),
    positive roll tilts it counter-clockwise in the image. tensorflow-graphics'
    `rotation_matrix_3d.from_euler` is the same, but does not install on every Python this
    package runs on.

    Args:
      pose: [..., 3] radians (pitch, yaw, roll).

    Returns:
      [..., 3, 3].
    """
    if pose.shape[-1] != factors.POSE_SIZE:
        raise ValueError(f'pose: expected [..., {factors.POSE_SIZE}] (pitch, yaw, roll), got '
                         f'shape {list(pose.shape)}')
    sine, cosine = tf.unstack(tf.sin(pose), axis=-1), tf.unstack(tf.cos(pose), axis=-1)
    (sx, sy, sz), (cx, cy, cz) = sine, cosine
    matrix = tf.stack([
        cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx,
        sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx,
        -sy, cy * sx, cy * cx], axis=-1)
    return tf.reshape(matrix, tf.concat([tf.shape(matrix)[:-1], [3, 3]], 0))


def pose_vertices(vertices, pose, translation=None):
    """Rotates vertices about the model's origin, then moves them.

    Args:
      vertices: [B, V, 3] in model space, decimetres.
      pose: [B, 3] radians (pitch, yaw, roll).
      translation: None or [B, 3] decimetres.

    Returns:
      [B, V, 3] in camera space (the camera stands at (0, 0, 10)).

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('vertices', vertices, ['B', None, 3])
    check_shape('pose', pose, [vertices.shape[0], factors.POSE_SIZE])
    posed = tf.matmul(vertices, rotation_matrix(pose), transpose_b=True)
    if translation is None:
        return posed
    check_shape('translation', translation, [vertices.shape[0], 3])
    return posed + translation[:, tf.newaxis]
