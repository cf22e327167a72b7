"""The convolution of StyleGAN2's generator: modulated, demodulated, noise, bias, activation."""

import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native
from tfdisco.ops.bias_act import DTYPES, _bias_act_ref, activation_attributes, attributes_of
from tfdisco.ops.resampled_conv2d import check_kernel, resampled_conv2d
from tfdisco.ops.upfirdn2d import FILTER, downsample2d, upsample2d

EPSILON = 1e-8  # below the squared norm of the weights


def modulated_conv2d(x, w, styles, demodulate=True, up=1, down=1, noise=None, bias=None,
                     activation='linear', alpha=0.2, gain=None, clamp=None, filter=FILTER,
                     impl='auto'):
    """Convolves each image with weights of its own (Karras et al. 2020, eq. 1 and 3).

    w'[b, i, j, c, o] = styles[b, c] * w[i, j, c, o], divided by its norm over i, j and
    c if demodulated; then clip(activation(x * w' + noise + bias) * gain).

    The weights stay shared: as each style belongs to an input channel and each norm to
    an output channel, the image is scaled before and after the convolution instead.
    Natively each of these is one pass over memory, forward and backward, the second
    with everything that follows; 1 x 1 kernels, as cheap as a pass, take the weights
    of each image. Gradients are the same on every run and for any number of threads,
    as far as TensorFlow's convolution is.

    Args:
      x: [B, H, W, I] float32, float16 or bfloat16.
      w: [K, K, I, O], K odd; convolved with in x's type.
      styles: [B, I], read as float32.
      demodulate: whether to divide by the norm.
      up: enlarges by this factor; see `resampled_conv2d`.
      down: reduces by this factor; one of both is 1.
      noise: [B, H', W', 1] or [1, H', W', 1], read as float32, or None.
      bias: [O], read as float32, or None.
      activation: see `bias_act`, as `alpha`, `gain` and `clamp`.
      alpha: slope of 'lrelu' below 0.
      gain: factor after the activation; None takes the activation's.
      clamp: greatest magnitude of the result, or None.
      filter: the low-pass of `up` and `down`.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      [B, H', W', O] of x's type; can be differentiated twice, with respect to `x`,
      `w`, `styles`, `noise` and `bias`.

    Raises:
      ValueError: for a wrong shape, type, factor, activation or impl.
    """
    x = tf.convert_to_tensor(x)
    shapes.check_choice('x: dtype', x.dtype.name, [t.name for t in DTYPES])
    w, styles = (tf.cast(value, tf.float32) for value in (w, styles))
    kernel = check_kernel(x, w, up, down)
    shapes.check_shape('styles', styles, [x.shape[0], w.shape[2]])
    bias = tf.zeros([w.shape[3]]) if bias is None else tf.cast(bias, tf.float32)
    shapes.check_shape('bias', bias, [w.shape[3]])
    act = activation_attributes(activation, alpha, gain, clamp, x.dtype)
    norms = tf.sqrt(tf.matmul(styles**2, tf.reduce_sum(w**2, [0, 1])) + EPSILON)  # [B, O]
    scale = 1 / norms if demodulate else tf.ones_like(norms)
    if x.dtype == tf.float16:
        # Sums of 9 I products overflow, and what demodulation makes of gradients underflows
        # (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data",
        # App. D). Exact for any sizes, which are constants here, as `scale` undoes them.
        fan_in = kernel * kernel * max(w.shape[2], 1)
        w_size = _size(w) * fan_in**0.5  # []
        style_size = _size(styles, axis=1)  # [B, 1]
        w, styles, scale = w / w_size, styles / style_size, scale * (w_size * style_size)
    ops = native.module_for('modulated_conv', impl)
    if ops is None:
        return _modulated_conv2d_ref(x, w, styles, scale, up, down, noise, bias, act, filter)

    if kernel == 1:
        x = _convolve_pointwise(x, w, styles, up, down, filter, impl)
    else:
        x = _modulate(ops, x, styles, None, tf.zeros([w.shape[2]]), activation_attributes('linear'))
        x = resampled_conv2d(x, tf.cast(w, x.dtype), up, down, filter, impl)
    return _modulate(ops, x, scale, _checked(noise, x), bias, act)


def _modulated_conv2d_ref(x, w, styles, scale, up, down, noise, bias, act, filter):
    """`modulated_conv2d` in TensorFlow operations, with scale [B, O] of the outputs."""
    dtype = x.dtype
    x = tf.cast(tf.cast(x, tf.float32) * styles[:, None, None], dtype)
    x = resampled_conv2d(x, tf.cast(w, dtype), up, down, filter, 'reference')
    y = tf.cast(x, tf.float32) * scale[:, None, None]
    noise = _checked(noise, x)
    if noise is not None:
        y += noise
    return tf.cast(_bias_act_ref(y, bias, **act), dtype)


def _size(values, axis=None):
    """The greatest magnitude, or 1 where all are 0 or there is none; carries no gradient."""
    size = tf.reduce_max(tf.abs(values), axis=axis, keepdims=axis is not None)
    return tf.stop_gradient(tf.where((size > 0) & (size < tf.float32.max), size, 1.0))


def _checked(noise, x):
    """The noise for an image x as [B, H, W, 1] float32, or None."""
    if noise is None:
        return None
    noise = tf.cast(noise, tf.float32)
    batch = 1 if noise.shape.rank and noise.shape[0] == 1 else x.shape[0]
    shapes.check_shape('noise', noise, [batch, *x.shape[1:3], 1])
    return tf.broadcast_to(noise, tf.concat([tf.shape(x)[:3], [1]], 0))


def _convolve_pointwise(x, w, styles, up, down, filter, impl):
    """A 1 x 1 convolution as a product of matrices, one an image."""
    if down > 1:
        x = downsample2d(x, down, filter, impl)
    weights = tf.cast(w[0, 0] * styles[:, :, None], x.dtype)  # [B, I, O]
    shape = tf.shape(x)
    y = tf.matmul(tf.reshape(x, [shape[0], shape[1] * shape[2], w.shape[2]]), weights)
    y = tf.reshape(y, [shape[0], shape[1], shape[2], w.shape[3]])
    y = tf.ensure_shape(y, [*x.shape[:3], w.shape[3]])
    return upsample2d(y, up, filter, impl) if up > 1 else y


def _modulate(ops, x, scale, noise, bias, act):
    """The native pass clip(activation(x * scale + noise + bias) * gain)."""
    noise = tf.zeros([0]) if noise is None else noise
    return ops.tfdisco_modulate(x=x, scale=scale, noise=noise, bias=bias, **act)


@tf.RegisterGradient('TfdiscoModulate')
def _gradient(op, grad):
    ops = native.module_for('modulated_conv', 'native')
    return ops.tfdisco_modulate_grad(*op.inputs, grad=grad, **attributes_of(op))


@tf.RegisterGradient('TfdiscoModulateGrad')
def _second_gradient(op, *seconds):
    ops = native.module_for('modulated_conv', 'native')
    grad_x, grad_scale, grad_grad = ops.tfdisco_modulate_grad_grad(*op.inputs, *seconds,
                                                                   **attributes_of(op))
    return grad_x, grad_scale, None, None, grad_grad
