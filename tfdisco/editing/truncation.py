"""Towards the mean, and back to what was asked for (supplement, Sec. IV)."""

import numpy as np
import tensorflow as tf

from tfdisco import factors

MEAN_OF = 4096  # identities that the centre is the mean of
AT_ONCE = 256


class PublishedTruncation:
    """What the authors' generate_images.py does, of their average_w_id.txt.

    As `Truncation`, but without expression, pose, light and noise means coefficients and
    noise of zero, and only the first vectors w are moved.

    Attributes:
      layers: how many.
    """

    layers = 8

    def __init__(self, generator, inputs):
        """Takes a generator and `GeneratorInputs` with an `average_identity`."""
        self._generator, self._inputs = generator, inputs
        self.center = tf.constant(inputs.average_identity, tf.float32)

    def shift(self, coefficients, psi):
        """What is added to the first w of coefficients [B, K]: [B, w_size]."""
        identity = np.zeros([len(coefficients), self._inputs.size], np.float32)
        part = self._inputs.layout.factor_slice(factors.IDENTITY)
        identity[:, part] = coefficients[:, part]
        return (1.0 - psi) * (self.center - self._generator.mapping(identity))


class Truncation:
    """The attribute-preserving truncation trick: only identity moves to its mean.

    w' = w(a, u) + (1 - psi) (center - w(a, 0)), with a the identity (and the noise), u the
    latents of expression, illumination and pose, and center the mean of w(a, 0) over a.

    Attributes:
      center: [w_size].
    """

    KEPT = (factors.EXPRESSION, factors.ILLUMINATION, factors.POSE)

    def __init__(self, generator, inputs, count=MEAN_OF, seed=0):
        """Takes the mean over `count` identities.

        Args:
          generator: of `networks.build`.
          inputs: `networks.inputs.GeneratorInputs`.
          count: of identities.
          seed: of their latents.
        """
        self._generator, self._inputs = generator, inputs
        z = np.random.default_rng(seed).standard_normal([count, inputs.latents], np.float32)
        parts = [self._neutral(z[start:start + AT_ONCE]) for start in range(0, count, AT_ONCE)]
        self.center = tf.reduce_mean(tf.concat(parts, axis=0), axis=0)

    def __call__(self, z, psi):
        """Maps latents.

        Args:
          z: [B, latents].
          psi: 1 for no truncation.

        Returns:
          [B, w_size].

        Raises:
          ValueError: on a wrong shape.
        """
        return self._generator.mapping(self._inputs(z)) + self.shift(z, psi)

    def shift(self, z, psi):
        """What is added to w: (1 - psi) (center - w(a, 0)) of z [B, latents]: [B, w_size]."""
        return (1.0 - psi) * (self.center - self._neutral(z))

    def _neutral(self, z):
        """w(a, 0)."""
        z = tf.convert_to_tensor(z, tf.float32)
        plain = self._inputs.replace(z, tf.zeros_like(z), self.KEPT)
        return self._generator.mapping(self._inputs(plain))
