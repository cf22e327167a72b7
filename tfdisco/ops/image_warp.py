"""Pictures bent along a flow field (the paper's Sec. 3.2, Fig. 3)."""

import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native

DTYPES = (tf.float32, tf.float16, tf.bfloat16)


def image_warp(image, flow, impl='auto'):
    """Samples `image` bilinearly at (x + flow_x, y + flow_y), clamped to the border.

    Equal to `tfa.image.dense_image_warp(image, -flow[..., ::-1])`, which it outruns
    by fusing the corners' gathers. Sums are taken in float32 whatever the image's
    type. The CPU's gradient is the same on every run; on a GPU the order in which
    the gradient of the image adds up is not fixed.

    Args:
      image: [B, H, W, C] float32, float16 or bfloat16; H and W may be 1.
      flow: [B, H, W, 2] (x to the right, y down), pixels; read as float32. A NaN
        gives a NaN pixel, infinity the border.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      [B, H, W, C] of the image's type; can be differentiated once, with respect to
      `image` and `flow`. The gradient to the flow is 0 where the position is
      clamped; exactly on a pixel it is that of the right or lower neighbour.

    Raises:
      ValueError: for a wrong shape, type or impl.
    """
    image = tf.convert_to_tensor(image)
    flow = tf.cast(tf.convert_to_tensor(flow), tf.float32)
    if image.dtype not in DTYPES:
        raise ValueError(f'image: expected one of {[t.name for t in DTYPES]}, got '
                         f'{image.dtype.name}')
    shapes.check_shape('image', image, ['B', 'H', 'W', 'C'])
    shapes.check_shape('flow', flow, list(image.shape[:3]) + [2])
    ops = native.module_for('image_warp', impl)
    if ops is None:
        return _image_warp_ref(image, flow)

    @tf.custom_gradient
    def warp(image, flow):
        warped = ops.tfdisco_image_warp(image=image, flow=flow)

        def gradient(grad_warped):
            return ops.tfdisco_image_warp_grad(image=image, flow=flow, grad_warped=grad_warped)

        return warped, gradient

    return warp(image, flow)


def _image_warp_ref(image, flow):
    """`image_warp` in TensorFlow operations."""
    batch, height, width, channels = tf.unstack(tf.shape(image))
    x, y = (tf.cast(tf.range(size), tf.float32) for size in (width, height))
    x_low, x_high, x_weight = _sample_axis(x + flow[..., 0], width)
    y_low, y_high, y_weight = _sample_axis(y[:, None] + flow[..., 1], height)
    rows = tf.reshape(tf.cast(image, tf.float32), [batch, height * width, channels])

    def corner(y_index, x_index):
        row = y_index * tf.cast(width, tf.int64) + x_index  # a GPU computes int32 on the host
        return tf.gather(rows, row, batch_dims=1)  # [B, H, W, C]

    top = corner(y_low, x_low) * (1 - x_weight) + corner(y_low, x_high) * x_weight
    bottom = corner(y_high, x_low) * (1 - x_weight) + corner(y_high, x_high) * x_weight
    return tf.cast(top * (1 - y_weight) + bottom * y_weight, image.dtype)


def _sample_axis(position, size):
    """Both neighbours [B, H, W] int64 of a position, and the weight [B, H, W, 1] of the second."""
    last = tf.cast(size - 1, tf.float32)
    inside = (position >= 0) & (position <= last)
    clamped = tf.where(inside, position, tf.stop_gradient(tf.clip_by_value(position, 0., last)))
    is_number = tf.equal(clamped, clamped)
    low = tf.cast(tf.floor(tf.where(is_number, clamped, 0.)), tf.int64)
    size = tf.cast(size, tf.int64)
    low = tf.maximum(tf.minimum(low, size - 2), 0)
    weight = clamped - tf.cast(low, tf.float32)
    return low, tf.minimum(low + 1, size - 1), weight[..., None]
