"""A world where everything is known: pictures hold the numbers that they were made of.

z are the coefficients themselves and the noise. The first rows of a picture hold the
coefficients, one a pixel, in red; then come rows of hair, as bright as the noise, and one of
background, as bright as the pitch. Leaks are told by the test.
"""

import types

import numpy as np
import tensorflow as tf

from tests.face3d import toy
from tfdisco import factors
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.networks.inputs import GeneratorInputs

SIDE, NOISE, SPAN = 8, 4, 5.0  # pixels; numbers of noise; what the brightest pixel stands for
HAIR_ROWS = slice(5, 7)


class _Same:
    """VAEs whose latents are the coefficients."""

    def __init__(self, layout):
        self.layout, self.latents = layout, layout.size
        self.vaes = {}
        for factor in factors.PARTS_OF_FACTOR:
            part = layout.factor_slice(factor)
            self.vaes[factor] = types.SimpleNamespace(latents=part.stop - part.start)

    def decode(self, latents):
        parts = dict(zip(self.vaes, tf.split(
            latents, [vae.latents for vae in self.vaes.values()], axis=-1)))
        order = sorted(parts, key=lambda factor: self.layout.factor_slice(factor).start)
        return tf.concat([parts[factor] for factor in order], axis=-1)


class Generator:
    """Draws such pictures; also the mapping of one that has W."""

    def __init__(self, layout, leaks):
        """Takes the layout and {(changed factor, seen factor): how much of it is seen there}."""
        self._layout, self._leaks = layout, leaks

    def shown(self, inputs):
        """[B, layout.size] coefficients that are seen, leaks and all."""
        values = np.eye(inputs.shape[-1], self._layout.size)
        for (changed, seen), share in self._leaks.items():
            values[self._layout.factor_slice(changed).start,
                   self._layout.factor_slice(seen).start] += share
        return tf.matmul(inputs, tf.constant(values, tf.float32))

    def __call__(self, inputs):
        shown = self.shown(inputs)
        red = tf.pad(shown, [[0, 0], [0, HAIR_ROWS.start * SIDE - self._layout.size]])
        red = tf.reshape(red, [-1, HAIR_ROWS.start, SIDE])
        below = tf.stack([inputs[:, self._layout.size], inputs[:, self._layout.size],
                          shown[:, self._layout.slices['pose'].start]], axis=1)
        below = tf.tile(below[..., tf.newaxis], [1, 1, SIDE])
        return tf.tile(tf.concat([red, below], axis=1)[..., tf.newaxis], [1, 1, 1, 3]) / SPAN


class _Perception:
    def __init__(self, layout):
        self._layout = layout

    def _read(self, images):
        return tf.reshape(images[..., 0], [-1, SIDE * SIDE])[:, :self._layout.size] * SPAN

    def recognition(self, images):
        part = self._layout.factor_slice(factors.IDENTITY)
        return tf.math.l2_normalize(self._read(images)[:, part], axis=-1)

    def reconstruction(self, images):
        values = self._read(images)
        return types.SimpleNamespace(coefficients=values, landmarks=tf.zeros([len(values), 68, 2]))

    def parsing(self, images):
        rows = np.arange(SIDE)[:, np.newaxis, np.newaxis]
        hair = (rows >= HAIR_ROWS.start) & (rows < HAIR_ROWS.stop)
        return types.SimpleNamespace(
            hair=(images[..., :1] + 1) / 2 * hair,
            background=tf.zeros_like(images[..., :1]) + tf.cast(rows >= HAIR_ROWS.stop, tf.float32))

    @staticmethod
    def similarity(first, second):
        return tf.reduce_sum(first * second, axis=-1)


def faces(leaks=None):
    """`GeneratedFaces` of that world."""
    model = toy.model()
    return GeneratedFaces(Generator(model.layout, leaks or {}),
                          GeneratorInputs(_Same(model.layout), NOISE), model,
                          _Perception(model.layout))


def coefficients(of, z, leaks=None):
    """What is seen in the pictures of z: NumPy, with the 256 levels of a picture."""
    layout = of.model.layout
    order = [*sorted(factors.PARTS_OF_FACTOR, key=factors.FACTORS.index)]
    values, start = np.zeros([len(z), layout.size]), 0
    for factor in order:
        part = layout.factor_slice(factor)
        values[:, part] = z[:, start:start + part.stop - part.start]
        start += part.stop - part.start
    shown = values.copy()
    for (changed, seen), share in (leaks or {}).items():
        shown[:, layout.factor_slice(seen).start] += share * values[
            :, layout.factor_slice(changed).start]
    return SPAN * (np.clip(np.rint((shown / SPAN + 1) * 127.5), 0, 255) / 127.5 - 1)
