"""Where inversion begins: at the w+ of the coefficients that a network reads off a face."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.shapes import check_shape

SPREAD_OF = 2048  # random faces that the spread of w is measured by


class Start(NamedTuple):
    """Where the search for faces begins, and what it is held to.

    coefficients: [B, K] read off the pictures.
    ws: [B, num_ws, w_size].
    """

    coefficients: np.ndarray
    ws: np.ndarray


class Mapping:
    """Coefficients to w+, with no noise: what of a face only noise tells is left to the search.

    Attributes:
      spread: [], the standard deviation of w over random faces, the unit in which the search
        moves, whatever kind of mapping the generator has.
    """

    def __init__(self, faces):
        """Takes a `FaceGenerator`."""
        self._generator, self._inputs = faces.generator, faces.inputs
        z = faces.latents(SPREAD_OF, seed=0)
        w = self._generator.mapping(self._inputs(z)).numpy()
        self.spread = float(np.sqrt(w.var(axis=0).mean()))

    def w(self, coefficients):
        """[B, K] -> w [B, w_size]."""
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self._inputs.layout.size])
        noise = tf.zeros([tf.shape(coefficients)[0], self._inputs.noise])
        return self._generator.mapping(self._inputs.join(coefficients, noise))

    def ws(self, coefficients):
        """[B, K] -> w+ [B, num_ws, w_size], the same w everywhere."""
        return self._generator.broadcast(self.w(coefficients))

    def start(self, coefficients):
        """`Start` at coefficients [B, K]."""
        return Start(np.asarray(coefficients, np.float32), self.ws(coefficients).numpy())

    def delta(self, before, after):
        """Eq. 10: w of `after` less w of `before`, coefficients [B, K] each: [B, w_size]."""
        return self.w(after) - self.w(before)


def within(coefficients, faces, count=SPREAD_OF):
    """Coefficients [B, K], those of identity within what random faces of a generator have.

    A photograph's identity may be read beyond all that a generator has learned from; its
    mapping then draws no face.

    Args:
      coefficients: [B, K].
      faces: `FaceGenerator`.
      count: of random faces.
    """
    seen = faces.coefficients(faces.latents(count, seed=1))
    part = faces.inputs.layout.factor_slice(factors.IDENTITY)
    result = np.array(coefficients, np.float32)
    result[:, part] = np.clip(result[:, part], seen[:, part].min(axis=0), seen[:, part].max(axis=0))
    return result
