"""Photographs to w+ and noise strengths, by optimisation (Sec. 5.2; Abdal et al. 2019)."""

import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.editing.inversion import adam
from tfdisco.editing.inversion.start import Mapping
from tfdisco.shapes import check_positive, check_shape


@dataclasses.dataclass(frozen=True)
class Search:
    """How w+ is looked for.

    steps: of Adam.
    learning_rate: the highest, in deviations of w.
    """

    steps: int = 200
    learning_rate: float = 0.05

    def __post_init__(self):
        """Raises ValueError unless steps and rate are positive."""
        check_positive('steps', self.steps)
        if not self.learning_rate > 0:
            raise ValueError(f'learning_rate: expected above 0, got {self.learning_rate}')


class Inverted(NamedTuple):
    """Faces found.

    coefficients: [B, K] that the search began at, and edits go from.
    ws: [B, num_ws, w_size].
    strength: [B, layers] factors of each layer's noise.
    loss: [B], the objective at the end.
    """

    coefficients: np.ndarray
    ws: np.ndarray
    strength: np.ndarray
    loss: np.ndarray

    def take(self, which):
        """The faces at some places, an index array or slice."""
        return Inverted(*(values[which] for values in self))


def draw(generator, ws, strength):
    """Pictures [B, R, R, 3] of w+ [B, num_ws, w_size] and noise strengths [B, layers]."""
    noise = [maps * strength[:, layer, tf.newaxis, tf.newaxis, tf.newaxis]
             for layer, maps in enumerate(generator.const_noise())]
    return generator.synthesis(ws, noise=noise)


class Inverter:
    """Finds w+ of pictures of faces, a batch at once.

    Each face is optimised by itself: all share the steps, nothing else.

    Attributes:
      mapping: `start.Mapping`.
    """

    def __init__(self, faces, objective, search=None):
        """See the class.

        Args:
          faces: `FaceGenerator`.
          objective: `objective.Objective`.
          search: `Search`, or None for its defaults.
        """
        self.mapping = Mapping(faces)
        self._generator, self._objective = faces.generator, objective
        self._search = search or Search()
        self._layers = len(faces.generator.noise_sides())
        self._graph = tf.function(self._step, autograph=False)
        self._target = tf.function(objective.target, autograph=False)

    def __call__(self, images, weight, start, progress=None):
        """Looks for faces.

        Args:
          images: [B, R, R, 3] in [-1, 1], R the generator's resolution.
          weight: [B, R, R, 1] of their pixels, see `objective.face_weight`.
          start: `Start`.
          progress: None, or called after each step.

        Returns:
          `Inverted`.

        Raises:
          ValueError: on wrong shapes.
          FloatingPointError: if the search leads to NaN or infinity.
        """
        side = self._generator.config.resolution
        images = tf.convert_to_tensor(images, tf.float32)
        check_shape('images', images, ['B', side, side, 3])
        check_shape('start', start.ws, [images.shape[0], self._generator.num_ws, None])
        target = self._target(images, tf.convert_to_tensor(weight, tf.float32))
        values = [tf.zeros_like(start.ws), tf.ones([images.shape[0], self._layers])]
        state, begin = adam.start(values), tf.constant(start.ws)
        for number in range(self._search.steps):
            rate = adam.rate_at(number, self._search.steps, self._search.learning_rate)
            values, state, loss = self._graph(begin, values, state, target, tf.constant(
                rate, tf.float32), tf.constant(number + 1.0))
            if progress:
                progress()
        loss = loss.numpy()
        if not np.isfinite(loss).all():
            raise FloatingPointError('inversion: expected a finite loss, got NaN or infinity; '
                                     'lower the learning rate')
        ws = begin + self.mapping.spread * values[0]
        return Inverted(np.asarray(start.coefficients, np.float32), ws.numpy(),
                        values[1].numpy(), loss)

    def _step(self, begin, values, state, target, rate, count):
        with tf.GradientTape() as tape:
            tape.watch(values)
            offset, strength = values
            drawn = draw(self._generator, begin + self.mapping.spread * offset, strength)
            weights = self._objective.weights
            terms = {**self._objective(drawn, target),
                     'start': weights.start * tf.reduce_mean(tf.square(offset), axis=[1, 2]),
                     'strength': weights.strength * tf.reduce_mean(
                         tf.square(strength - 1.0), axis=1)}
            loss = tf.add_n(list(terms.values()))
            total = tf.reduce_sum(loss)  # the sum: each face has its own gradient
        values, state = adam.step(values, tape.gradient(total, values), state, rate, count)
        return values, state, loss


def unchanged(start, layers):
    """`Inverted` of a `Start` alone: no step made."""
    count = len(start.ws)
    return Inverted(start.coefficients, np.asarray(start.ws), np.ones([count, layers], np.float32),
                    np.full([count], np.nan, np.float32))

