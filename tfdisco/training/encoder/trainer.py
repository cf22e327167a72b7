"""Trains an encoder: one step, and the state that a checkpoint keeps."""

import numpy as np
import tensorflow as tf

from tfdisco.editing.inversion.objective import Target
from tfdisco.perception import resize
from tfdisco.training.perception import data
from tfdisco.training.run.loop import check_finite

FARTHEST = 1.0  # deviations of w: how far w+ of generated faces is from the w of coefficients
LAYER_SHARE = 0.5  # of that, what each layer has to itself
STEEPEST = 5.0  # norm that a step's gradients are cut down to


class EncoderTrainer:
    """Trains an `EncoderNetwork` on generated faces, whose w+ is known, and on photographs.

    Of generated faces the offset is compared, w+ less the w of what is read off the picture;
    of both, the picture drawn of w+, by the terms of `inversion.objective`.

    Attributes:
      network: trains.
      step_count: [] int64 variable, steps done.
      checkpoint: `tf.train.Checkpoint` of everything that a later step depends on.
    """

    def __init__(self, faces, mapping, reconstruction, objective, photos, network, steps, batch,
                 learning_rate, offset_weight, seed):
        """See the class.

        Args:
          faces: `FaceGenerator`.
          mapping: `inversion.start.Mapping`.
          reconstruction: `Reconstruction` or what is called alike.
          objective: `inversion.objective.Objective`.
          photos: None, or uint8 [N, S, S, 3] aligned pictures; half of each batch then.
          network: an `EncoderNetwork` that trains.
          steps: of the whole training.
          batch: pictures in a step, an even number with photographs.
          learning_rate: the highest.
          offset_weight: of the mean squared error of offsets, in deviations of w.
          seed: of faces and of the photographs' order.
        """
        self.network, self._faces, self._mapping = network, faces, mapping
        self._reconstruction, self._objective, self._photos = reconstruction, objective, photos
        self._seed, self._offset_weight = seed, offset_weight
        self._of_photos = batch // 2 if photos is not None else 0
        self._generated = batch - self._of_photos
        self._variables = list(network.trainable_variables)
        self.optimizer = tf.keras.optimizers.Adam(
            tf.keras.optimizers.schedules.CosineDecay(learning_rate, steps))
        self.optimizer.build(self._variables)
        self.step_count = tf.Variable(0, dtype=tf.int64, trainable=False, name='step')
        self.checkpoint = tf.train.Checkpoint(network=list(network.weights),
                                              optimizer=self.optimizer, step=self.step_count)
        self._graph = tf.function(self._step, autograph=False)

    def step(self):
        """Trains on one batch; {term: float}, the terms before the update.

        Raises:
          FloatingPointError: if a term is NaN or infinite; weights are those before the step.
        """
        number = int(self.step_count) + 1
        drawn = self.generated(self._generated, number)
        photos = tf.zeros([0, *drawn[0].shape[1:]])
        if self._of_photos:
            which = data.order(len(self._photos), self._of_photos, number, self._seed)
            photos = resize.to_square(self._photos[which] / np.float32(127.5) - 1,
                                      self._faces.generator.config.resolution)
        terms, gradient = self._graph(*drawn, photos)
        terms = {name: float(value) for name, value in terms.items()}
        check_finite({**terms, 'gradient': float(gradient)}, number)
        return terms

    def generated(self, count, number):
        """Pictures [B, R, R, 3] of random w+, and these [B, num_ws, w_size]."""
        rng = np.random.default_rng([self._seed, number])
        z = rng.standard_normal([2 * count, self._faces.inputs.latents], np.float32)
        generator = self._faces.generator
        w, other = tf.split(generator.mapping(self._faces.inputs(z)), 2)
        size = [count, generator.num_ws, w.shape[1]]
        # Towards another face, a way of its own in each layer, as searches end up.
        share = rng.uniform(0, LAYER_SHARE, [count, generator.num_ws, 1]).astype(np.float32)
        ws = w[:, tf.newaxis] + share * (other - w)[:, tf.newaxis]
        ws += FARTHEST * LAYER_SHARE * self._mapping.spread * rng.standard_normal(
            size, np.float32) * rng.uniform(0, 1, [count, 1, 1]).astype(np.float32)
        return tf.clip_by_value(generator.synthesis(ws), -1.0, 1.0), ws

    def _step(self, images, ws, photos):
        pictures = tf.concat([images, photos], 0)
        read = self._reconstruction(pictures).coefficients
        start = self._mapping.ws(read)
        wanted = (ws - start[:self._generated]) / self._mapping.spread
        target = Target(*self._objective.target(pictures, tf.ones_like(pictures[..., :1])))
        with tf.GradientTape() as tape:
            seen = resize.to_square(pictures, self.network.input_size)
            offset = self.network(seen, training=True)
            again = self._faces.generator.synthesis(start + self._mapping.spread * offset)
            terms = {name: tf.reduce_mean(values)
                     for name, values in self._objective(again, target).items()}
            terms['offset'] = self._offset_weight * tf.reduce_mean(tf.square(
                offset[:self._generated] - wanted))
            terms['size'] = self._objective.weights.start * tf.reduce_mean(tf.square(offset))
            loss = tf.add_n(list(terms.values()))
        gradients = tape.gradient(loss, self._variables)
        gradients, norm = tf.clip_by_global_norm(gradients, STEEPEST)
        finite = tf.math.is_finite(norm) & tf.math.is_finite(loss)
        # A step that would break the weights is not made; the caller hears of it.
        gradients = [tf.where(finite, gradient, tf.zeros_like(gradient))
                     for gradient in gradients]
        self.optimizer.apply_gradients(zip(gradients, self._variables))
        self.step_count.assign_add(1)
        return terms, norm
