"""Convolution and dense layers that train with batch normalisation and freeze without it."""

import numpy as np
import tensorflow as tf

from tfdisco.keras_layer import Layer
from tfdisco.shapes import check_shape

EPSILON = 1e-3  # added to variances


class Unit(Layer):
    """A linear map, batch normalisation or a bias, and ReLU: what networks here are made of.

    Instead of the ReLU there may be one with a slope below zero, one for each output (PReLU:
    He et al. 2015).

    While it trains, the linear map has no bias and batch normalisation follows it. Frozen,
    it has a kernel into which the normalisation is folded, and a bias; neither is trained, and
    both are used in the type of the input.

    Attributes:
      kernel: of the linear map, the last axis its outputs.
      bias: [outputs], or None where batch normalisation follows.
      norm: the batch normalisation, or None.
      slope: [outputs] of the PReLU, or None.
    """

    def __init__(self, kernel_shape, relu=True, norm=True, frozen=False, initializer='he_normal',
                 prelu=False, **kwargs):
        """See the class.

        Args:
          kernel_shape: (..., inputs, outputs).
          relu: whether max(0, y) follows.
          norm: whether batch normalisation follows while training; a bias otherwise.
          frozen: makes the layer for `set_arrays`.
          initializer: of the kernel.
          prelu: whether the ReLU has slopes.
          **kwargs: of the Keras layer.
        """
        super().__init__(**kwargs)
        self._relu = relu
        outputs = kernel_shape[-1]
        self.kernel = self.add_weight(name='kernel', shape=kernel_shape, trainable=not frozen,
                                      initializer='zeros' if frozen else initializer)
        self.bias = self.norm = self.slope = None
        if frozen or not norm:
            self.bias = self.add_weight(name='bias', shape=(outputs,), initializer='zeros',
                                        trainable=not frozen)
        else:
            self.norm = tf.keras.layers.BatchNormalization(epsilon=EPSILON, name='norm')
            self.norm.build([None] * (len(kernel_shape) - 1) + [outputs])
        if prelu:
            self.slope = self.add_weight(name='slope', shape=(outputs,), initializer='zeros',
                                         trainable=not frozen)

    @property
    def parts(self):
        """Names of what `arrays` returns."""
        return ('kernel', 'bias') if self.slope is None else ('kernel', 'bias', 'slope')

    def call(self, values, training=None):
        values = self.linear(values, tf.cast(tf.convert_to_tensor(self.kernel), values.dtype))
        if self.norm is None:
            values = tf.nn.bias_add(
                values, tf.cast(tf.convert_to_tensor(self.bias), values.dtype))
        else:
            values = self.norm(values, training=training)
        if self.slope is not None:
            slope = tf.cast(tf.convert_to_tensor(self.slope), values.dtype)
            return tf.nn.relu(values) + slope * tf.minimum(values, 0.0)
        return tf.nn.relu(values) if self._relu else values

    def linear(self, values, kernel):
        """The linear map of the values."""
        raise NotImplementedError

    def arrays(self):
        """{name of `parts`: float32 array}, the normalisation folded in."""
        kernel = np.asarray(self.kernel, np.float64)
        if self.norm is None:
            bias = np.asarray(self.bias, np.float64)
        else:
            gamma, beta, mean, variance = (np.asarray(value, np.float64) for value in (
                self.norm.gamma, self.norm.beta, self.norm.moving_mean,
                self.norm.moving_variance))
            factor = gamma / np.sqrt(variance + EPSILON)
            kernel, bias = kernel * factor, beta - mean * factor
        found = {'kernel': kernel.astype(np.float32), 'bias': bias.astype(np.float32)}
        if self.slope is not None:
            found['slope'] = np.asarray(self.slope, np.float32)
        return found

    def set_arrays(self, arrays, label):
        """Sets the `parts` of a frozen layer; ValueError naming `label` on a wrong shape."""
        for name in self.parts:
            variable = getattr(self, name)
            check_shape(f'{label}/{name}', arrays[name], list(variable.shape))
            variable.assign(arrays[name])


class ConvUnit(Unit):
    """A convolution [B, H, W, I] -> [B, H', W', O].

    H' is H / stride with the padding 'SAME', zeros beyond the edge.
    """

    def __init__(self, inputs, outputs, size=3, stride=1, padding='SAME', **kwargs):
        """Takes numbers of channels, the kernel's size and stride, and arguments of `Unit`."""
        super().__init__((size, size, inputs, outputs), **kwargs)
        self._stride, self._padding = stride, padding

    def linear(self, values, kernel):
        """See `Unit`."""
        return tf.nn.conv2d(values, kernel, self._stride, self._padding)


class DepthwiseUnit(Unit):
    """A convolution of each channel by itself [B, H, W, C] -> [B, H', W', C]; see `ConvUnit`."""

    def __init__(self, channels, size=3, stride=1, padding='SAME', **kwargs):
        """Takes the number of channels, the kernel's size and stride, and arguments of `Unit`."""
        super().__init__((size, size, 1, channels), **kwargs)
        self._stride, self._padding = stride, padding

    def linear(self, values, kernel):
        """See `Unit`."""
        # TensorFlow wants the channels before the one output of each.
        return tf.nn.depthwise_conv2d(values, tf.transpose(kernel, [0, 1, 3, 2]),
                                      [1, self._stride, self._stride, 1], self._padding)


class DenseUnit(Unit):
    """A matrix product [B, I] -> [B, O]."""

    def __init__(self, inputs, outputs, **kwargs):
        """Takes sizes and arguments of `Unit`."""
        super().__init__((inputs, outputs), **kwargs)

    def linear(self, values, kernel):
        """See `Unit`."""
        return tf.matmul(values, kernel)
