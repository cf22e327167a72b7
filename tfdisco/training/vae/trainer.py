"""Trains coefficient VAEs: one step, and the state that a checkpoint keeps."""

import numpy as np
import tensorflow as tf

from tfdisco.losses.vae import sliced_wasserstein_term, vae_terms
from tfdisco.shapes import check_positive, check_shape
from tfdisco.training.run.loop import check_finite

DIRECTIONS = 64  # of the sliced Wasserstein term, drawn anew at each step
WARM_UP = 500  # steps; the first ones of Adam are large, and would undo a good start


class VAETrainer:
    """Trains the VAEs of some factors side by side; they share no weight and no term.

    Attributes:
      vaes: {factor: `CoefficientVAE`}.
      optimizer: Adam; its rate rises for `WARM_UP` steps (at most a tenth of all) and then
        falls by a cosine to the last step.
      step_count: [] int64 variable, steps done.
      checkpoint: `tf.train.Checkpoint` of everything that a later step depends on.
    """

    def __init__(self, vaes, data, steps, batch, learning_rate, match_weight, seed):
        """See the class.

        Args:
          vaes: {factor: `CoefficientVAE`}, normalised to their data.
          data: {factor: [N, K] float32 coefficients}, of the same N people.
          steps: of the whole training.
          batch: people drawn for each step.
          learning_rate: the highest.
          match_weight: of the sliced Wasserstein term; 0 leaves the evidence alone.
          seed: of the people, latents and directions drawn.

        Raises:
          ValueError: if data do not fit the VAEs or are not finite.
        """
        check_positive('steps', steps)
        check_positive('batch', batch)
        if not vaes or set(vaes) != set(data):
            raise ValueError(f'data: expected the factors {sorted(vaes)}, got {sorted(data)}')
        self._people = len(next(iter(data.values())))
        for factor, vae in vaes.items():
            check_shape(f'data of {factor}', data[factor], [self._people, vae.size])
            if not self._people or not np.isfinite(data[factor]).all():
                raise ValueError(f'data of {factor}: expected finite coefficients of at least '
                                 f'one person, got {self._people} people')
        if not match_weight >= 0:
            raise ValueError(f'match_weight: expected 0 or more, got {match_weight}')
        self.vaes, self._batch, self._match_weight = vaes, int(batch), float(match_weight)
        self._data = {factor: tf.constant(data[factor], tf.float32) for factor in vaes}
        self._variables = [variable for vae in vaes.values()
                           for variable in vae.trainable_variables]
        warm_up = min(WARM_UP, -(-steps // 10))
        self.optimizer = tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(
            0.0, max(steps - warm_up, 1), warmup_target=learning_rate, warmup_steps=warm_up))
        self.optimizer.build(self._variables)
        self.step_count = tf.Variable(0, dtype=tf.int64, trainable=False, name='step')
        self._random = tf.random.Generator.from_seed(seed, alg='philox')
        self.checkpoint = tf.train.Checkpoint(
            vaes=dict(vaes), optimizer=self.optimizer, step=self.step_count,
            random=self._random)

    def step(self):
        """Trains on one batch.

        Returns:
          {'factor/term': float}, the terms before the update.

        Raises:
          FloatingPointError: if a term is NaN or infinite; it names the terms and the
            step. The weights are those before the step.
        """
        terms = {name: float(value) for name, value in self._step().items()}
        check_finite(terms, int(self.step_count) + 1)
        return terms

    @tf.function
    def _step(self):
        people = self._random.uniform([self._batch], maxval=self._people, dtype=tf.int64)
        terms = {}
        with tf.GradientTape() as tape:
            for factor, vae in self.vaes.items():
                batch = tf.gather(self._data[factor], people)
                mean, log_std = vae.encode(batch)
                z = mean + tf.exp(log_std) * self._random.normal(tf.shape(mean))
                x = vae.normalize(batch)
                found = vae_terms(x, vae.decode_normalized(z), mean, log_std, vae.log_gamma)
                if self._match_weight:
                    drawn = vae.decode_normalized(self._random.normal(tf.shape(mean)))
                    found['match'] = self._match_weight * sliced_wasserstein_term(
                        x, drawn, self._random.normal([DIRECTIONS, vae.size]))
                terms.update({f'{factor}/{name}': value for name, value in found.items()})
            total = tf.add_n(list(terms.values()))  # no weight or term is shared
        gradients = tape.gradient(total, self._variables)
        # A step that went wrong changes nothing: what was there can be looked at.
        if tf.math.is_finite(total):
            self.optimizer.apply_gradients(zip(gradients, self._variables))
            self.step_count.assign_add(1)
        return terms
