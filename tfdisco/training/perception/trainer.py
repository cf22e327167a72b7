"""Trains a perception network: one step, and the state that a checkpoint keeps."""

import tensorflow as tf

from tfdisco.shapes import check_positive
from tfdisco.training.perception import data
from tfdisco.training.run import folder as run_folder
from tfdisco.training.run.loop import check_finite

WARM_UP = 500  # steps in which the learning rate rises, at most a tenth of all
MEMORY = 0.999  # of the averaged weights, per step; less in the beginning
STEEPEST = 5.0  # norm that a step's gradients are cut down to


class PerceptionTrainer:
    """Trains the network of a task on faces that an augmenter changes.

    What is used later is not the network as it is but a running average of its weights
    (Polyak and Juditsky 1992), batch normalisation's statistics included: they follow the
    weights, which hardly move any more where the average is made, at the cosine's end.

    Attributes:
      task: see `tasks`; its `network` trains, its `average` follows.
      optimizer: AdamW with decay on kernels only; its rate rises and then falls by a cosine.
      step_count: [] int64 variable, steps done.
      checkpoint: `tf.train.Checkpoint` of everything that a later step depends on.
    """

    def __init__(self, task, faces, augmenter, steps, batch, learning_rate, weight_decay, seed,
                 photos=None):
        """See the class.

        Args:
          task: what to learn.
          faces: `perception_data.Faces` to train on.
          augmenter: `augmenter.Augmenter`.
          steps: of the whole training.
          batch: faces in a step.
          learning_rate: the highest.
          weight_decay: of AdamW (Loshchilov and Hutter 2019), per step and learning rate.
          seed: of the order of the faces and of the augmentation.
          photos: None, or a `PhotoSupervision` whose photographs join each batch.
        """
        check_positive('steps', steps)
        check_positive('batch', batch)
        self.task, self._faces, self._augmenter, self._photos = task, faces, augmenter, photos
        self._steps, self._batch, self._seed = int(steps), int(batch), seed
        self._variables = list(task.network.trainable_variables)
        if task.head is not None:
            self._variables += task.head.trainable_variables
        for ours, theirs in self._pairs():
            ours.assign(theirs)
        warm_up = min(WARM_UP, -(-steps // 10))
        self.optimizer = tf.keras.optimizers.AdamW(
            tf.keras.optimizers.schedules.CosineDecay(
                0.0, max(steps - warm_up, 1), warmup_target=learning_rate, warmup_steps=warm_up),
            weight_decay=weight_decay)
        self.optimizer.exclude_from_weight_decay(
            var_list=[variable for variable in self._variables if len(variable.shape) < 2])
        self.optimizer.build(self._variables)
        self.step_count = tf.Variable(0, dtype=tf.int64, trainable=False, name='step')
        self._random = tf.random.Generator.from_seed(seed, alg='philox')
        # Weights as lists: of layers in a dict, Keras 3 does not keep statistics in a checkpoint.
        self.checkpoint = tf.train.Checkpoint(
            network=list(task.network.weights), average=list(task.average.weights),
            head=[] if task.head is None else list(task.head.weights),
            optimizer=self.optimizer, step=self.step_count, random=self._random)

    def start_from(self, logdir):
        """Takes the networks' weights, and nothing else, from the run in `logdir`.

        Raises:
          ValueError: if it holds no snapshot of a network like this one.
        """
        run_folder.restore_weights(logdir, network=self.task.network, average=self.task.average)

    def step(self):
        """Trains on one batch.

        Returns:
          {term: float}, the terms before the update; their sum is the loss.

        Raises:
          FloatingPointError: if a term or the gradient is NaN or infinite; it names them
            and the step. Trained weights are those before the step.
        """
        faces = self._next(self._faces, self._batch, self.task.names)
        photos = self._photos and self._next(self._photos.faces, self._photos.batch,
                                             self._photos.names)
        terms, gradient = self._step(faces, photos)
        terms = {name: float(value) for name, value in terms.items()}
        check_finite({**terms, 'gradient': float(gradient)}, int(self.step_count) + 1)
        return terms

    def _next(self, faces, count, names):
        which = data.order(len(faces), count, int(self.step_count) + 1, self._seed)
        return {name: tf.constant(value) for name, value in faces.batch(which, names).items()}

    @tf.function
    def _step(self, faces, photos):
        seen = self._augmenter(faces, self._random)
        pictures = [seen['image']]
        if photos is not None:
            seen_photos = self._photos.augmenter(photos, self._random)
            pictures.append(seen_photos['image'])
        progress = tf.cast(self.step_count, tf.float32) / self._steps
        with tf.GradientTape() as tape:
            outputs = self.task.network(tf.concat(pictures, axis=0), training=True)
            terms = self.task.terms(outputs[:self._batch], seen, progress)
            if photos is not None:
                terms.update(self._photos.terms(outputs[self._batch:], seen_photos))
            total = tf.add_n(list(terms.values()))
        gradients, norm = tf.clip_by_global_norm(tape.gradient(total, self._variables), STEEPEST)
        # A step that went wrong changes nothing: what was there can be looked at.
        if tf.math.is_finite(total) and tf.math.is_finite(norm):
            self.optimizer.apply_gradients(zip(gradients, self._variables))
            self.step_count.assign_add(1)
            done = tf.cast(self.step_count, tf.float32)
            share = 1.0 - tf.minimum(MEMORY, done / (done + 10.0))
            for average, now in self._pairs():
                average.assign_add(share * (tf.convert_to_tensor(now) - average))
        return terms, norm

    def _pairs(self):
        return zip(self.task.average.weights, self.task.network.weights)
