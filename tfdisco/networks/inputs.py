"""Latents z of all five factors to the generator's input: lambda and noise (Sec. 3.1)."""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.shapes import check_choice, check_positive, check_shape

SPREAD_OF = 4096  # random faces that mean and scale are measured by


class GeneratorInputs:
    """Where each factor stands in z, and what the generator gets for a z.

    Attributes:
      vaes: `CoefficientVAEs`, not trained here.
      layout: `factors.CoefficientLayout` of the coefficients.
      noise: size of the noise.
      latents: size of z: the latents of the VAEs, then the noise.
      size: of the generator's input: the coefficients, then the noise.
      average_identity: (w_size floats) for the published truncation, or ().
    """

    def __init__(self, vaes, noise=factors.LATENT_SIZES[factors.NOISE], average_identity=()):
        """See the class; raises ValueError unless the size of the noise is positive."""
        self.average_identity = average_identity
        check_positive('noise', noise)
        self.vaes, self.layout, self.noise = vaes, vaes.layout, int(noise)
        self._sizes = {**{factor: vae.latents for factor, vae in vaes.vaes.items()},
                       factors.NOISE: self.noise}
        self.latents = vaes.latents + self.noise
        self.size = self.layout.size + self.noise

    @property
    def factor_sizes(self):
        """{factor: its numbers in the generator's input}, in their order there."""
        parts = {factor: self.layout.factor_slice(factor) for factor in factors.PARTS_OF_FACTOR}
        return {factor: self.noise if factor == factors.NOISE
                else parts[factor].stop - parts[factor].start
                for factor in factors.INPUT_FACTORS}

    def by_factor(self, z):
        """z [B, latents] -> {factor: [B, its size]}, noise included."""
        z = tf.convert_to_tensor(z, tf.float32)
        check_shape('z', z, ['B', self.latents])
        return dict(zip(self._sizes, tf.split(z, list(self._sizes.values()), axis=-1)))

    def replace(self, z, other, changed):
        """z with some factors from elsewhere: pairs that share all but these.

        Args:
          z: [B, latents].
          other: [B, latents].
          changed: names of factors that are taken from `other`.

        Returns:
          [B, latents].

        Raises:
          ValueError: on a wrong shape or name.
        """
        for factor in changed:
            check_choice('changed', factor, factors.FACTORS)
        kept, new = self.by_factor(z), self.by_factor(other)
        return tf.concat([new[factor] if factor in changed else kept[factor]
                          for factor in self._sizes], axis=-1)

    def mix(self, z, other, changed):
        """`replace`, with factors of its own for each row.

        Args:
          z, other: [B, latents].
          changed: [B, len(factors.FACTORS)] float32, 1 for those that are taken from `other`.

        Returns:
          [B, latents].
        """
        spread = tf.constant([[float(factor == name) for name, size in self._sizes.items()
                               for _ in range(size)] for factor in factors.FACTORS])
        changed = tf.matmul(changed, spread) > 0.5
        return tf.where(changed, other, z)

    def coefficients(self, z):
        """z [B, latents] -> lambda [B, layout.size]."""
        return self.vaes.decode(self.split_noise(z)[0])

    def split_noise(self, z):
        """z [B, latents] -> latents of the VAEs [B, vaes.latents] and noise [B, noise]."""
        z = tf.convert_to_tensor(z, tf.float32)
        check_shape('z', z, ['B', self.latents])
        return tuple(tf.split(z, [self.vaes.latents, self.noise], axis=-1))

    def join(self, coefficients, noise):
        """lambda [B, layout.size] and noise [B, noise] -> the generator's input [B, size]."""
        check_shape('coefficients', coefficients, ['B', self.layout.size])
        check_shape('noise', noise, [coefficients.shape[0], self.noise])
        return tf.concat([coefficients, noise], axis=-1)

    def __call__(self, z):
        """z [B, latents] -> the generator's input [B, size]."""
        latents, noise = self.split_noise(z)
        return self.join(self.vaes.decode(latents), noise)

    def spread(self, balanced=True):
        """Mean and scale of random inputs, [size] float32 each, see `layers.InputScale`.

        Args:
          balanced: whether each factor gets the same variance, one in the mean over all
            numbers: the three of a pose would be lost among the more than a hundred of an
            identity. Else each number has variance 1, for networks that keep factors apart.
        """
        z = np.random.default_rng(0).standard_normal([SPREAD_OF, self.latents], np.float32)
        values = self(z).numpy()
        scale = values.std(axis=0) + 1e-6
        if balanced:
            start = 0
            for size in self.factor_sizes.values():
                scale[start:start + size] *= np.sqrt(
                    len(self.factor_sizes) * size / self.size)
                start += size
        return values.mean(axis=0), scale
