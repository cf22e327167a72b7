"""What a discriminator sees of pictures when there are few: ADA (Karras et al. 2020, "Training
Generative Adversarial Networks with Limited Data").

Real and generated pictures pass the same random changes, each with probability p, so that the
discriminator cannot learn the real ones by heart; p follows how sure of them it is (Sec. 3).
Everything is a standard op or has a gradient, since the generator learns through it.
"""

import math

import numpy as np
import tensorflow as tf

from tfdisco.ops.image_warp import image_warp
from tfdisco.shapes import check_shape

# App. B: deviations and bounds of the changes.
SCALE, ANISOTROPY = 0.2, 0.2  # deviation of log2
TURN = math.pi
SHIFT = 0.125  # of the picture's size: bound in whole pixels, and deviation of fractions
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0
# In the order in which `augment` takes its random numbers: whether, and how.
GEOMETRY = ('mirror', 'quarter', 'shift', 'scale', 'turn', 'anisotropy', 'turn_again', 'fraction')
COLOR = ('brightness', 'contrast', 'luma_flip', 'hue', 'saturation')
NUMBERS = 2 * len(GEOMETRY) + 2 * len(COLOR) + 2  # two shifts have two directions each
GREY = np.ones(3, np.float32) / math.sqrt(3.0)  # the axis of greys in the space of colours

ADJUST_KIMG = 500.0  # in which p goes from 0 to 1 at most
TARGET = 0.6  # of r_t, the mean sign of the discriminator on real pictures


def adjusted(p, sign, images):
    """p after pictures by whose real ones the discriminator gave this mean sign (Sec. 3.1).

    Args:
      p: [] probability.
      sign: [] r_t = E[sign(D(real))], over these pictures.
      images: how many real ones.

    Returns:
      [] in 0..1: more where the discriminator is surer than `TARGET`, else less.
    """
    step = images / (1000.0 * ADJUST_KIMG)
    return tf.clip_by_value(p + tf.sign(sign - TARGET) * step, 0.0, 1.0)


def augment(images, numbers, p):
    """Changes pictures at random.

    Args:
      images: [B, H, W, 3] in [-1, 1], about.
      numbers: [B, NUMBERS] of N(0, 1).
      p: [] probability of each change.

    Returns:
      [B, H, W, 3]; equal to `images` where p is 0.

    Raises:
      ValueError: on a wrong shape.
    """
    check_shape('images', images, ['B', 'H', 'W', 3])
    check_shape('numbers', numbers, [images.shape[0], NUMBERS])
    numbers = iter(tf.unstack(numbers, axis=1))
    # Two turns together turn with probability p (App. B).
    rarely = 1.0 - tf.sqrt(1.0 - p)
    whether = {name: _uniform(next(numbers)) < (rarely if 'turn' in name else p)
               for name in (*GEOMETRY, *COLOR)}
    matrix = _geometry(numbers, whether, *images.shape[1:3])
    moved = tf.reduce_any([whether[name] for name in GEOMETRY], axis=0)
    # Left alone are pictures that do not move, which resampling would blur.
    images = tf.where(moved[:, tf.newaxis, tf.newaxis, tf.newaxis], _moved(images, matrix), images)
    color, offset = _color(numbers, whether)
    flat = tf.reshape(images, [images.shape[0], -1, 3])
    flat = tf.matmul(flat, color, transpose_b=True) + offset[:, tf.newaxis]
    return tf.reshape(flat, images.shape)


def _geometry(numbers, whether, height, width):
    """[B, 2, 3]: from a place in the result to one in the picture, pixels about the centre."""
    def draw(name, values, otherwise):
        return tf.where(whether[name], values, otherwise)

    number = {name: next(numbers) for name in GEOMETRY}
    second = {name: next(numbers) for name in ('shift', 'fraction')}
    zero, one = tf.zeros_like(number['mirror']), tf.ones_like(number['mirror'])
    mirror = draw('mirror', tf.sign(number['mirror']), one)
    quarters = draw('quarter', tf.floor(4.0 * _uniform(number['quarter'])), zero)
    scale = draw('scale', tf.pow(2.0, SCALE * number['scale']), one)
    stretch = draw('anisotropy', tf.pow(2.0, ANISOTROPY * number['anisotropy']), one)
    turns = [draw(name, TURN * (2.0 * _uniform(number[name]) - 1.0), zero)
             for name in ('turn', 'turn_again')]
    shifts = [draw('shift', tf.round((2.0 * _uniform(value) - 1.0) * SHIFT * size), zero)
              + draw('fraction', SHIFT * size * fraction, zero)
              for value, fraction, size in (
                  (number['shift'], number['fraction'], width),
                  (second['shift'], second['fraction'], height))]
    linear = tf.linalg.matmul(_rotation(quarters * math.pi / 2.0), _diagonal(mirror, one))
    for step in (_diagonal(1.0 / scale, 1.0 / scale), _rotation(turns[0]),
                 _diagonal(1.0 / stretch, stretch), _rotation(turns[1])):
        linear = tf.linalg.matmul(linear, step)
    moved = -tf.linalg.matvec(linear, tf.stack(shifts, axis=-1))
    return tf.concat([linear, moved[..., tf.newaxis]], axis=-1)


def _moved(images, matrix):
    """Pictures seen through [B, 2, 3] of `_geometry`, mirrored beyond their borders."""
    _, height, width, _ = images.shape
    x, y = np.meshgrid(np.arange(width) - (width - 1) / 2.0, np.arange(height) - (height - 1) / 2.0)
    places = tf.constant(np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3), tf.float32)
    found = tf.reshape(tf.einsum('bij,nj->bni', matrix, places), [-1, height, width, 2])
    size = tf.constant([width, height], tf.float32)
    found = found + (size - 1.0) / 2.0  # of the first pixel's centre
    # A triangle wave: 0 .. size - 1 and back.
    period = 2.0 * (size - 1.0)
    found = tf.abs(tf.math.floormod(found + size - 1.0, period) - (size - 1.0))
    index = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    return image_warp(images, found - tf.constant(index, tf.float32))


def _color(numbers, whether):
    """[B, 3, 3] and [B, 3]: colours to colours, about middle grey."""
    number = {name: next(numbers) for name in COLOR}

    def draw(name, values, otherwise):
        shape = [-1] + [1] * (len(values.shape) - 1)
        return tf.where(tf.reshape(whether[name], shape), values, otherwise)

    def wide(values):
        return values[:, tf.newaxis, tf.newaxis]

    eye, axis = tf.eye(3), tf.constant(np.outer(GREY, GREY))
    offset = draw('brightness', BRIGHTNESS * number['brightness'][:, tf.newaxis] * tf.ones([3]),
                  0.0)
    contrast = draw('contrast', tf.pow(2.0, CONTRAST * wide(number['contrast'])), 1.0)
    matrix = contrast * eye
    offset = contrast[:, :, 0] * offset
    flips = draw('luma_flip', eye - (1.0 - tf.sign(wide(number['luma_flip']))) * axis, eye)
    angle = wide(TURN * (2.0 * _uniform(number['hue']) - 1.0))
    cross = tf.constant(np.cross(np.eye(3), GREY).T, tf.float32)
    turned = (tf.cos(angle) * eye + tf.sin(angle) * cross + (1.0 - tf.cos(angle)) * axis)
    amount = tf.pow(2.0, SATURATION * wide(number['saturation']))
    saturated = axis + (eye - axis) * amount
    for name, step in (('luma_flip', flips), ('hue', turned), ('saturation', saturated)):
        step = draw(name, step, eye)
        matrix = tf.linalg.matmul(step, matrix)
        offset = tf.linalg.matvec(step, offset)
    return matrix, offset


def _uniform(normal):
    """N(0, 1) -> U(0, 1)."""
    return 0.5 * (1.0 + tf.math.erf(normal / math.sqrt(2.0)))


def _rotation(angle):
    """[B] -> [B, 2, 2]."""
    sine, cosine = tf.sin(angle), tf.cos(angle)
    return tf.stack([tf.stack([cosine, -sine], -1), tf.stack([sine, cosine], -1)], -2)


def _diagonal(x, y):
    """[B], [B] -> [B, 2, 2]."""
    return tf.linalg.diag(tf.stack([x, y], axis=-1))
