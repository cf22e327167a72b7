"""Pictures in other light, from other cameras, behind something: what keeps their geometry.

Floats in 0..255. A change that the light of a face explains is made to its illumination
too (`Tones.gain`); after one that nothing explains, its colours are no measure
(`Tones.bent`). A grey picture keeps its labels: what can be learned from it is the face's
likely colour, given its brightness.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.face3d.lighting import AMBIENT
from tfdisco.training.perception.augment.frame import along_axes

LUMINANCE = (0.299, 0.587, 0.114)
# The table of JPEG's standard (ITU-T T.81, K.1) at quality 50, for all three colours.
QUANTISATION = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]], np.float32)
BLOCK = 8


class Tones(NamedTuple):
    """How the colours of each picture of a batch change.

    gain: [B, 3] factors of red, green and blue.
    saturation: [B], 0 makes grey, 1 leaves colours as they are.
    contrast: [B], factor about the picture's mean.
    curve: [B] in [-1, 1], lightens (or darkens) middle tones by up to a quarter of white.
    bent: [B] bool, whether contrast, curve or saturation is of the kind that no light makes.
    """

    gain: tf.Tensor
    saturation: tf.Tensor
    contrast: tf.Tensor
    curve: tf.Tensor
    bent: tf.Tensor


def tone(images, tones):
    """Changes the colours of images [B, H, W, 3]; the result keeps to 0..255."""
    grey = tf.constant(LUMINANCE)[:, tf.newaxis] * tf.ones([1, 3])  # [in, out]
    saturation = tones.saturation[:, tf.newaxis, tf.newaxis]
    matrix = saturation * tf.eye(3) + (1.0 - saturation) * grey
    matrix *= tones.gain[:, :, tf.newaxis]
    shape = tf.shape(images)
    images = tf.matmul(tf.reshape(images, [shape[0], -1, 3]), matrix)
    mean = tf.reduce_mean(images, axis=[1, 2], keepdims=True)
    contrast = tones.contrast[:, tf.newaxis, tf.newaxis]
    images = tf.clip_by_value(contrast * images + (1.0 - contrast) * mean, 0.0, 255.0)
    images *= 1.0 + tones.curve[:, tf.newaxis, tf.newaxis] * (1.0 - images / 255.0)
    return tf.reshape(images, shape)


def light(illumination, gain):
    """Illumination [B, 27] of a face whose picture is multiplied by gain [B, 3]."""
    ambient = tf.one_hot(0, illumination.shape[-1] // 3, on_value=AMBIENT)
    gamma = tf.reshape(illumination, [-1, 3, illumination.shape[-1] // 3]) + ambient
    return tf.reshape(gamma * gain[..., tf.newaxis] - ambient, tf.shape(illumination))


def cover(images, middle, reach, round_, colors, plain):
    """Puts something before a part of each picture.

    Args:
      images: [B, S, S, 3].
      middle: [B, 2] (x, y) in shares of the edge.
      reach: [B, 2] half width and half height; 0 covers nothing.
      round_: [B] bool, an ellipse rather than a rectangle.
      colors: [B, 3].
      plain: [B] bool, in that colour; else a piece of the next picture.

    Returns:
      images and [B, S, S, 1], 1 where covered.
    """
    size = images.shape[1]
    place = (tf.range(size, dtype=tf.float32) + 0.5) / size
    x, y = (tf.abs(place - middle[:, axis, tf.newaxis])
            / tf.maximum(reach[:, axis, tf.newaxis], 1e-6) for axis in (0, 1))  # [B, S]
    x, y = x[:, tf.newaxis], y[:, :, tf.newaxis]
    round_ = round_[:, tf.newaxis, tf.newaxis]
    distance = tf.where(round_, tf.square(x) + tf.square(y), tf.maximum(x, y))
    covered = (distance < 1.0)[..., tf.newaxis]
    other = tf.where(plain[:, tf.newaxis, tf.newaxis, tf.newaxis],
                     colors[:, tf.newaxis, tf.newaxis], tf.roll(images, 1, axis=0))
    return tf.where(covered, other, images), tf.cast(covered, tf.float32)


def compress(images, coarseness):
    """Rounds images [B, S, S, 3] as JPEG does, block by block, without its colour space.

    Args:
      images: S divisible by 8.
      coarseness: [B], factor of `QUANTISATION`; 1 is quality 50.
    """
    size = images.shape[1]
    if size % BLOCK:
        raise ValueError(f'images: expected an edge divisible by {BLOCK}, got {size}')
    blocks = size // BLOCK
    transform = tf.constant(np.kron(np.eye(blocks), _cosines()), tf.float32)
    steps = np.tile(QUANTISATION, (blocks, blocks))[..., np.newaxis]
    steps = steps * coarseness[:, tf.newaxis, tf.newaxis, tf.newaxis]
    waves = along_axes(images, transform)
    return along_axes(tf.round(waves / steps) * steps, tf.transpose(transform))


def _cosines():
    """[8, 8] orthonormal matrix of the discrete cosine transform."""
    wave, place = np.arange(BLOCK)[:, np.newaxis], np.arange(BLOCK) + 0.5
    matrix = np.cos(math.pi * wave * place / BLOCK) * np.sqrt(2.0 / BLOCK)
    matrix[0] /= np.sqrt(2.0)
    return matrix
