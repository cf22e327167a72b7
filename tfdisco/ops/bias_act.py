"""Bias, activation, gain and clamp in one pass over memory."""

import math

import numpy as np
import tensorflow as tf

from tfdisco import shapes
from tfdisco.ops import native

DTYPES = (tf.float32, tf.float16, tf.bfloat16)
# {activation: the gain that keeps the variance of a normal input roughly the same}
ACTIVATIONS = {'linear': 1., 'relu': math.sqrt(2), 'lrelu': math.sqrt(2)}


def bias_act(x, bias=None, activation='linear', alpha=0.2, gain=None, clamp=None, impl='auto'):
    """clip(activation(x + bias) * gain, -clamp, clamp).

    The gradient needs the result only, which takes the place of `x` in memory where
    nobody else reads it. It is the same on every run and for any number of threads.

    Args:
      x: [..., C] float32, float16 or bfloat16, computed with in float32.
      bias: [C], read as float32, or None.
      activation: 'linear', 'relu' or 'lrelu'.
      alpha: slope of 'lrelu' below 0, at least 0.
      gain: factor after the activation, at least 0; None takes that of `ACTIVATIONS`.
      clamp: greatest magnitude of the result, rounded to x's type, or None.
      impl: 'auto', 'native' or 'reference'.

    Returns:
      [..., C] of x's type; can be differentiated twice, with respect to `x` and `bias`.
      Where it is clamped the gradient is 0.

    Raises:
      ValueError: for a wrong shape, type, activation or impl.
    """
    x = tf.convert_to_tensor(x)
    shapes.check_choice('x: dtype', x.dtype.name, [t.name for t in DTYPES])
    if x.shape.rank == 0:
        raise ValueError('x: expected shape [..., C], got []')
    act = activation_attributes(activation, alpha, gain, clamp, x.dtype)
    bias = tf.zeros(tf.shape(x)[-1:]) if bias is None else tf.cast(bias, tf.float32)
    shapes.check_shape('bias', bias, [x.shape[-1] if x.shape.rank else None])
    ops = native.module_for('bias_act', impl)
    if ops is None:
        return _bias_act_ref(x, bias, **act)
    return ops.tfdisco_bias_act(x=x, bias=bias, **act)


def _bias_act_ref(x, bias, slope, gain, limit):
    """`bias_act` in TensorFlow operations."""
    y = tf.cast(x, tf.float32) + bias
    if slope != 1:
        y = tf.nn.leaky_relu(y, slope)
    if gain != 1:
        y *= gain
    if limit != math.inf:
        y = tf.clip_by_value(y, -limit, limit)
    return tf.cast(y, x.dtype)


def activation_attributes(activation, alpha=0.2, gain=None, clamp=None, dtype=tf.float32):
    """The native ops' attributes: {'slope' below 0, 'gain', 'limit'}; raises ValueError.

    The limit is a number of the result's `dtype`: derivatives recognise by it what was
    clamped, in a result that is rounded to that type.
    """
    shapes.check_choice('activation', activation, ACTIVATIONS)
    for name, value in {'alpha': alpha, 'gain': gain, 'clamp': clamp}.items():
        if value is not None and not value >= 0:
            raise ValueError(f'{name}: expected at least 0, got {value!r}')
    return {'slope': float({'linear': 1, 'relu': 0, 'lrelu': alpha}[activation]),
            'gain': float(ACTIVATIONS[activation] if gain is None else gain),
            'limit': math.inf if clamp is None else float(
                np.asarray(clamp, dtype.as_numpy_dtype))}


def attributes_of(op):
    """The `activation_attributes` that a native op was given."""
    return {name: op.get_attr(name) for name in ('slope', 'gain', 'limit')}


@tf.RegisterGradient('TfdiscoBiasAct')
def _gradient(op, grad):
    ops = native.module_for('bias_act', 'native')
    return ops.tfdisco_bias_act_grad(output=op.outputs[0], grad=grad, **attributes_of(op))


@tf.RegisterGradient('TfdiscoBiasActGrad')
def _second_gradient(op, second_x, second_bias):
    ops = native.module_for('bias_act', 'native')
    return None, ops.tfdisco_bias_act_grad_grad(output=op.inputs[0], second_x=second_x,
                                                second_bias=second_bias, **attributes_of(op))
