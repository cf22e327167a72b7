"""Vertex attributes spread over the pixels of a rasterised mesh."""

import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native


def interpolate_attributes(attributes, triangles, triangle_ids, barycentrics, impl='auto'):
    """Interpolates: out = sum_i barycentrics_i * attributes[corner i of the triangle].

    One pass over the pixels, forward and backward; gathering the corners first
    takes three times the attributes' memory. The CPU's gradient is the same on
    every run; on a GPU the order in which it adds up is not fixed.

    Args:
      attributes: [B, V, C] float32.
      triangles: [T, 3] int32.
      triangle_ids: [B, H, W] int32, -1 where nothing is drawn.
      barycentrics: [B, H, W, 3] float32.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      [B, H, W, C] float32, 0 where nothing is drawn; can be differentiated once,
      with respect to `attributes` and `barycentrics`.

    Raises:
      ValueError: for a wrong shape or impl.
      tf.errors.InvalidArgumentError: for an index out of range, on the CPU; on a
        GPU such a pixel is 0.
    """
    attributes = tf.convert_to_tensor(attributes, tf.float32)
    triangles = tf.convert_to_tensor(triangles, tf.int32)
    triangle_ids = tf.convert_to_tensor(triangle_ids, tf.int32)
    barycentrics = tf.convert_to_tensor(barycentrics, tf.float32)
    shapes.check_shape('attributes', attributes, ['B', 'V', 'C'])
    shapes.check_shape('triangles', triangles, ['T', 3])
    shapes.check_shape('triangle_ids', triangle_ids, [attributes.shape[0], 'H', 'W'])
    shapes.check_shape('barycentrics', barycentrics, list(triangle_ids.shape) + [3])
    ops = native.module_for('interpolate_attributes', impl)
    if ops is None:
        return _interpolate_attributes_ref(attributes, triangles, triangle_ids, barycentrics)

    @tf.custom_gradient
    def interpolate(attributes, barycentrics):
        image = ops.tfdisco_interpolate_attributes(
            attributes=attributes, triangles=triangles, triangle_ids=triangle_ids,
            barycentrics=barycentrics)

        def gradient(grad_image):
            return ops.tfdisco_interpolate_attributes_grad(
                attributes=attributes, triangles=triangles, triangle_ids=triangle_ids,
                barycentrics=barycentrics, grad_image=grad_image)

        return image, gradient

    return interpolate(attributes, barycentrics)


def _interpolate_attributes_ref(attributes, triangles, triangle_ids, barycentrics):
    """`interpolate_attributes` in TensorFlow operations."""
    triangle_ids = tf.cast(triangle_ids, tf.int64)  # a GPU computes int32 on the host
    drawn = (triangle_ids >= 0)[..., None]
    if triangles.shape[0] == 0 or attributes.shape[1] == 0:
        image_shape = tf.concat([tf.shape(triangle_ids), tf.shape(attributes)[-1:]], axis=0)
        return tf.zeros(image_shape)
    corner_ids = tf.gather(triangles, tf.maximum(triangle_ids, 0))  # [B, H, W, 3]
    corners = tf.gather(attributes, corner_ids, batch_dims=1)  # [B, H, W, 3, C]
    image = tf.reduce_sum(corners * barycentrics[..., None], axis=-2)
    return tf.where(drawn, image, 0.)
