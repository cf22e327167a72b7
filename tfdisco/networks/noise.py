"""The noise that a generator's layers add to their images (Karras et al. 2019, Sec. 3.2)."""

import tensorflow as tf

CONST, NONE = NOISES = ('const', 'none')


class Noisy:
    """What a Keras layer that adds noise has beside the rest of it.

    Attributes:
      noise: [1, R, R, 1], the noise of 'const', not trained.
      strength: of the noise.
    """

    def add_noise_weights(self, resolution, shape=()):
        """Makes `noise` for images of R = `resolution` pixels, and `strength` of that shape."""
        self.strength = self.add_weight(name='strength', shape=shape, initializer='zeros')
        self.noise = self.add_weight(name='noise', shape=(1, resolution, resolution, 1),
                                     initializer=tf.keras.initializers.RandomNormal(stddev=1.0),
                                     trainable=False)

    def scaled_noise(self, noise):
        """What is to be added: [1 or B, R, R, 1] or, of a strength [C], [1 or B, R, R, C].

        Args:
          noise: 'const', 'none' or [B, R, R, 1].

        Returns:
          float32, or None for none.
        """
        if isinstance(noise, str):
            noise = tf.convert_to_tensor(self.noise) if noise == CONST else None
        return None if noise is None else noise * tf.convert_to_tensor(self.strength)


def random_noise(sides, batch, seed):
    """Noise maps N(0, 1) in one draw.

    Args:
      sides: pixels of each map's side.
      batch: B.
      seed: [2] integers; the same seed gives the same maps.

    Returns:
      A list of [B, side, side, 1].
    """
    sizes = [side * side for side in sides]
    values = tf.random.stateless_normal([batch, sum(sizes)], seed)
    return [tf.reshape(part, [batch, side, side, 1])
            for side, part in zip(sides, tf.split(values, sizes, axis=1))]
