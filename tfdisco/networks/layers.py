"""Layers of both generators and discriminators, with equalised learning rates.

A weight is stored as N(0, 1) and scaled where it is used (Karras et al. 2018, Sec. 4.1), so
that Adam moves all layers at one speed. What is computed in half precision takes the type
of its input; weights are float32.
"""

import math

import numpy as np
import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.resampled_conv2d import resampled_conv2d
from tfdisco.shapes import check_shape


class EqualLayer(Layer):
    """A weight, and a bias or none.

    Attributes:
      weight, bias: as they are stored.
      scale: factor of the weight where it is used.
    """

    def __init__(self, shape, bias=True, bias_start=0.0, gain=1.0, lr_multiplier=1.0, **kwargs):
        """See the class.

        Args:
          shape: of the weight, the last axis its outputs.
          bias: whether there is one.
          bias_start: its value before training.
          gain: of the weight, beside 1 / sqrt(inputs of an output).
          lr_multiplier: the speed at which weight and bias learn (StyleGAN's mapping: 0.01).
          **kwargs: of the Keras layer.
        """
        super().__init__(**kwargs)
        self.scale = gain * lr_multiplier / math.sqrt(np.prod(shape[:-1]))
        self._lr_multiplier = lr_multiplier
        self.weight = self.add_weight(
            name='weight', shape=shape,
            initializer=tf.keras.initializers.RandomNormal(stddev=1.0 / lr_multiplier))
        self.bias = None
        if bias:
            self.bias = self.add_weight(
                name='bias', shape=shape[-1:],
                initializer=tf.keras.initializers.Constant(bias_start / lr_multiplier))

    def scaled_weight(self, dtype=tf.float32):
        """The weight as it is used."""
        return tf.cast(tf.convert_to_tensor(self.weight) * self.scale, dtype)

    def scaled_bias(self):
        """The bias as it is used, float32, or None."""
        return None if self.bias is None else (
            tf.convert_to_tensor(self.bias) * self._lr_multiplier)


class EqualDense(EqualLayer):
    """activation(x w + b): [B, I] -> [B, O]."""

    def __init__(self, inputs, outputs, activation='linear', activation_gain=None, **kwargs):
        """Takes sizes, activation and its gain of `bias_act`, and arguments of `EqualLayer`."""
        super().__init__((inputs, outputs), **kwargs)
        self._activation, self._activation_gain = activation, activation_gain

    def call(self, values):
        values = tf.matmul(values, self.scaled_weight(values.dtype))
        return bias_act(values, self.scaled_bias(), self._activation,
                        gain=self._activation_gain)


class EqualConv(EqualLayer):
    """activation(x * w + b): [B, H, W, I] -> [B, H / down, W / down, O]."""

    def __init__(self, inputs, outputs, size=3, down=1, activation='lrelu', output_gain=1.0,
                 clamp=None, **kwargs):
        """See the class.

        Args:
          inputs, outputs: channels.
          size: of the kernel.
          down: the factor by which the image shrinks.
          activation: see `bias_act`.
          output_gain: factor of the result beside the activation's own gain; costs nothing.
          clamp: greatest magnitude of the result, or None.
          **kwargs: of `EqualLayer`.
        """
        if activation == 'linear' and kwargs.get('bias') is False:
            kwargs['gain'] = output_gain  # no pass over memory follows the convolution
        super().__init__((size, size, inputs, outputs), **kwargs)
        self._down, self._activation, self._clamp = down, activation, clamp
        self._output_gain = output_gain * (math.sqrt(2.0) if activation == 'lrelu' else 1.0)

    def call(self, values):
        values = resampled_conv2d(values, self.scaled_weight(values.dtype), down=self._down)
        if self._activation == 'linear' and self.bias is None:
            return values
        return bias_act(values, self.scaled_bias(), self._activation, gain=self._output_gain,
                        clamp=self._clamp)


class InputScale(Layer):
    """What mapping networks begin with: the input in units in which its numbers are alike.

    Attributes:
      mean, scale: [I], not trained; the network sees (input - mean) / scale. Coefficients
        come in their own units, in which some are a hundred times smaller than others.
    """

    def __init__(self, inputs, **kwargs):
        """Takes the size I of the input."""
        super().__init__(**kwargs)
        self.mean = self.add_weight(name='mean', shape=(inputs,), initializer='zeros',
                                    trainable=False)
        self.scale = self.add_weight(name='scale', shape=(inputs,), initializer='ones',
                                     trainable=False)

    def set_normalization(self, mean, scale):
        """Sets `mean` and `scale`, [I] each; ValueError on a wrong shape or scale."""
        mean, scale = np.asarray(mean, np.float32), np.asarray(scale, np.float32)
        for name, value in (('mean', mean), ('scale', scale)):
            check_shape(name, value, list(self.mean.shape))
        if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError('scale: expected finite means and scales above 0, got scales from '
                             f'{scale.min()} to {scale.max()}')
        self.mean.assign(mean)
        self.scale.assign(scale)

    def scaled(self, values):
        """Inputs [B, I] in those units; ValueError on another shape."""
        values = tf.convert_to_tensor(values, tf.float32)
        check_shape('inputs', values, ['B', self.mean.shape[0]])
        return (values - self.mean) / self.scale


class MappingNetwork(InputScale):
    """The generator's input to w: [B, I] -> [B, w_size].

    The paper's changes: the input is not normalised to unit length, since how long lambda
    is means something (Sec. 4).
    """

    def __init__(self, inputs, w_size, layers, lr_multiplier, gain=1.0, activation_gain=None,
                 **kwargs):
        """See the class.

        Args:
          inputs, w_size: sizes.
          layers: number of dense layers.
          lr_multiplier, gain: of `EqualLayer`.
          activation_gain: of `EqualDense`.
          **kwargs: of the Keras layer.
        """
        super().__init__(inputs, **kwargs)
        self._count = layers
        for index in range(layers):
            # An attribute each: of lists and dicts, checkpoints with Keras 3 keep nothing.
            setattr(self, f'dense{index}', EqualDense(
                inputs if index == 0 else w_size, w_size, 'lrelu',
                activation_gain=activation_gain, gain=gain, lr_multiplier=lr_multiplier))

    def call(self, values):
        values = self.scaled(values)
        for index in range(self._count):
            values = getattr(self, f'dense{index}')(values)
        return values


def minibatch_stddev(values, group):
    """Adds a channel that tells how different the images of a group are.

    The mean over channels and places of the deviation over the group (Karras et al. 2018,
    Sec. 3). Images i, i + B / group, ... are one group.

    Args:
      values: [B, H, W, C].
      group: images of a group at most; the largest number up to it that divides B is taken.

    Returns:
      [B, H, W, C + 1].
    """
    check_shape('values', values, ['B', 'H', 'W', 'C'])
    batch, height, width, channels = values.shape
    group = max(size for size in range(1, group + 1) if batch % size == 0)
    grouped = tf.reshape(tf.cast(values, tf.float32),
                         [group, batch // group, height, width, channels])
    deviation = tf.sqrt(tf.math.reduce_variance(grouped, axis=0) + 1e-8)
    deviation = tf.reduce_mean(deviation, axis=[1, 2, 3])  # [B / group]
    deviation = tf.tile(deviation, [group])[:, tf.newaxis, tf.newaxis, tf.newaxis]
    deviation = tf.broadcast_to(tf.cast(deviation, values.dtype), [batch, height, width, 1])
    return tf.concat([values, deviation], axis=-1)
