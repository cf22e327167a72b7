"""A trained generator with all that gives its inputs a meaning."""

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.editing.truncation import PublishedTruncation, Truncation
from tfdisco.networks import trained
from tfdisco.shapes import check_choice, check_shape

AT_ONCE = 32  # images


class FaceGenerator:
    """Latents or coefficients to pictures.

    Example:
      faces = FaceGenerator.load()  # or 'runs/mine/generator.npz'
      z = faces.latents(4, seed=0)
      pictures = faces(z, psi=0.7)  # uint8 [4, R, R, 3]

    Attributes:
      generator: of `networks.build`.
      inputs: `networks.inputs.GeneratorInputs`.
      model: `MorphableModel` of the coefficients.
    """

    def __init__(self, generator, inputs, model):
        """See the class."""
        self.generator, self.inputs, self.model = generator, inputs, model
        self._truncation = None
        self._draw = tf.function(
            lambda ws: generator.synthesis(ws), autograph=False, reduce_retracing=True)

    @classmethod
    def load(cls, path=trained.BUILT_IN):
        """See `networks.trained.load`."""
        return cls(*trained.load(path))

    def latents(self, count, seed):
        """z [count, latents] of random faces."""
        return np.random.default_rng(seed).standard_normal([count, self.inputs.latents],
                                                           np.float32)

    def coefficients(self, z):
        """lambda [B, K] of z [B, latents], a float32 array."""
        return self.inputs.coefficients(z).numpy()

    def __call__(self, z, psi=1.0, coefficients=None):
        """Draws faces.

        Args:
          z: [B, latents].
          psi: 1, or less for identities nearer to the mean, see `truncation.Truncation`;
            or `truncation.PublishedTruncation`, if the generator came with an average.
          coefficients: None, or [B, K] that take the place of those of z, whose noise and,
            for the truncation, identity count all the same.

        Returns:
          uint8 [B, R, R, 3].

        Raises:
          ValueError: on wrong shapes, or a psi that is not from 0 to 1.
        """
        if not 0 <= psi <= 1:
            raise ValueError(f'psi: expected from 0 to 1, got {psi}')
        z = np.asarray(z, np.float32)
        check_shape('z', z, ['B', self.inputs.latents])
        if coefficients is None:
            coefficients = self.coefficients(z)
        coefficients = np.asarray(coefficients, np.float32)
        check_shape('coefficients', coefficients, [len(z), self.model.layout.size])
        parts = [self._images(z[start:start + AT_ONCE], coefficients[start:start + AT_ONCE], psi)
                 for start in range(0, len(z), AT_ONCE)]
        return np.concatenate(parts)

    def _images(self, z, coefficients, psi):
        noise = self.inputs.split_noise(z)[1]
        ws = self.generator.broadcast(
            self.generator.mapping(self.inputs.join(tf.constant(coefficients), noise)))
        if psi != 1:
            ws += self._shift(z, coefficients, psi)
        return images.to_uint8(self._draw(ws))

    def _shift(self, z, coefficients, psi):
        """What truncation adds to ws, [B, num_ws, w_size]."""
        published = bool(self.inputs.average_identity)
        if self._truncation is None:
            kind = PublishedTruncation if published else Truncation
            self._truncation = kind(self.generator, self.inputs)
        moved = self._truncation.layers if published else self.generator.num_ws
        shift = self._truncation.shift(coefficients if published else z, psi)
        first = np.arange(self.generator.num_ws) < moved
        return shift[:, tf.newaxis] * first[:, np.newaxis].astype(np.float32)

    def walk(self, z, other, factor, steps):
        """One factor from here to there, all else held: z [steps, latents].

        Args:
          z, other: [latents]; the factor goes from the first's to the second's.
          factor: of `factors.FACTORS`.
          steps: 2 or more.
        """
        return self.between(z, other, factor, np.linspace(0, 1, steps, dtype=np.float32))

    def between(self, z, other, factor, shares):
        """z with one factor so far on the way to the other's: z [S, latents].

        Args:
          z, other: [latents].
          factor: of `factors.FACTORS`.
          shares: [S], 0 for z and 1 for the factor of the other.
        """
        check_choice('factor', factor, self.inputs.by_factor(z[np.newaxis]))
        share = np.asarray(shares, np.float32)[:, np.newaxis]
        between = (1 - share) * z + share * other
        # As far from the mean as both ends are, where the line itself comes nearer.
        parts = [self.inputs.by_factor(values)[factor].numpy()
                 for values in (between, z[None], other[None])]
        length, first, last = (np.linalg.norm(part, axis=1, keepdims=True) for part in parts)
        between *= ((1 - share) * first + share * last) / np.maximum(length, 1e-6)
        return self.inputs.replace(np.repeat(z[np.newaxis], len(share), 0), between,
                                   [factor]).numpy()
