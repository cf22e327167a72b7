"""One step of GAN training on one or many replicas."""

import numpy as np
import tensorflow as tf

from tfdisco.losses import adversarial
from tfdisco.networks import build
from tfdisco.networks.stylegan.layers import faded
from tfdisco.training.gan import ema
from tfdisco.training.gan.draws import Draws
from tfdisco.training.gan.objective import Draw, GeneratorObjective, discriminator_terms
from tfdisco.training.gan.optimizer import NetworkOptimizer, replica_mean

PATH_SHARE = 2  # one in so many faces of a batch has its path length measured
PATH_DECAY = 0.01  # of the mean path length
W_AVG_BETA = 0.995


class GanTrainer:
    """Networks, optimisers and one step.

    Attributes:
      generator, discriminator: networks that train.
      average: the generator to use, of averaged weights.
      images_seen: [] int64 variable, real images of all steps so far.
      steps: [] int64 variable.
      graphs: {key: `tf.ConcreteFunction`}, those of the parts of the steps so far.
      checkpoint: `tf.train.Checkpoint` of everything that a later step depends on.
    """

    def __init__(self, network, loss, schedule, model, inputs, perception, seed=0,
                 strategy=None, ramp_up=ema.RAMP_UP):
        """See the class.

        Args:
          network, loss, schedule: `NetworkConfig`, `LossConfig`, `ScheduleConfig` of
            `config`.
          model: `MorphableModel`.
          inputs: `networks.inputs.GeneratorInputs`.
          perception: `Perception`, or None if no term needs it.
          seed: of every random number but the first weights.
          strategy: a `tf.distribute.Strategy`; None for the current one.
          ramp_up: of the average, see `ema.decay`; None if the first weights are no random
            ones.
        """
        self._loss, self._schedule, self._inputs, self._seed = loss, schedule, inputs, seed
        self._ramp_up = ramp_up
        self._strategy = strategy or tf.distribute.get_strategy()
        self._objective = GeneratorObjective(
            model, inputs, perception, loss.contrastive_pairs, loss.perception_blur)
        self.graphs = {}
        with self._strategy.scope():
            self.generator = build.build_generator(network, inputs.size)
            self.average = build.build_generator(network, inputs.size)
            self.discriminator = build.build_discriminator(network)
            self._generator_optimizer = NetworkOptimizer(
                self.generator, schedule,
                loss.path_length_every if loss.path_length_weight else 0)
            # R1 is part of a step, not one more, so nothing is shortened for it.
            self._discriminator_optimizer = NetworkOptimizer(self.discriminator, schedule)
            # Each replica comes to the same value by itself.
            self.images_seen, self.steps, self._path_length = (
                tf.Variable(tf.zeros([], dtype), trainable=False, name=name,
                            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
                for name, dtype in (('images_seen', tf.int64), ('steps', tf.int64),
                                    ('path_length', tf.float32)))
            # Of the last step, negative while it fades in.
            self._resolution = tf.Variable(0, dtype=tf.int64, trainable=False, name='resolution')
        self.restart_average()
        self.checkpoint = tf.train.Checkpoint(
            generator=list(self.generator.weights), average=list(self.average.weights),
            discriminator=list(self.discriminator.weights), images_seen=self.images_seen,
            steps=self.steps, path_length=self._path_length, resolution=self._resolution,
            optimizers=[optimizer.adam for optimizer in self._optimizers])

    def restart_average(self):
        """Makes `average` equal to `generator`; to be called when weights were set."""
        for ours, theirs in zip(self.average.weights, self.generator.weights):
            ours.assign(tf.convert_to_tensor(theirs))

    def step(self, images, state):
        """Trains the discriminator and, unless it stands still, the generator on a batch.

        Args:
          images: [B / replicas, R, R, 3] uint8 for each replica, as a distributed data set
            gives them.
          state: `schedule.State` of `images_seen`; its batch divides by the replicas.

        Returns:
          {name: float} of unweighted terms before the update, and gradients' norms.

        Raises:
          FloatingPointError: if one of them is NaN or infinite; it names them. The weights
            are then worth nothing: go back to a snapshot.
        """
        step, loss = int(self.steps.numpy()), self._loss
        # As published, moments are forgotten when a fade begins, and again when it ends.
        growth = state.resolution if state.fade == 1.0 else -state.resolution
        if growth != int(self._resolution.numpy()):
            for optimizer in self._optimizers:
                optimizer.forget_moments()
            self._resolution.assign(growth)
        for network in (self.generator, self.average):
            network.grow(state.resolution, state.fade)
        for optimizer in self._optimizers:
            optimizer.set_learning_rate(state.learning_rate)
        fade = tf.constant(state.fade, tf.float32)
        shape = state.resolution, state.batch
        terms = self._run(self._train_discriminator, (images, fade), *shape,
                          step % loss.r1_every == 0)
        if state.weights:  # else the generator stands still, and its average with it
            terms.update(self._run(self._train_generator, (fade,), *shape,
                                   tuple(state.weights.items())))
            if loss.path_length_weight and step % loss.path_length_every == 0:
                terms.update(self._run(self._regularise_generator, (fade,), *shape))
        self._run(self._finish, (fade,), *shape, bool(state.weights))
        terms = {name: float(value) for name, value in terms.items()}
        broken = {name: value for name, value in terms.items() if not np.isfinite(value)}
        if broken:
            raise FloatingPointError(
                f'step {step + 1}: expected finite losses, got '
                + ', '.join(f'{name} = {value}' for name, value in broken.items())
                + '; go on from the last snapshot with a lower learning rate, or look for '
                'outliers in the data')
        return terms

    def _run(self, part, tensors, resolution, batch, *fixed):
        """A part of the step on all replicas.

        It has one graph for all that is not a tensor; what the graph returns, terms, are
        means over replicas.
        """
        key = part.__name__, resolution, batch, *fixed
        if key not in self.graphs:
            grows = self.generator.config.arch != 'stylegan2'

            def on_replica(*tensors):
                draw = Draws(self._seed, self.images_seen, batch,
                             self._strategy.num_replicas_in_sync)
                *tensors, fade = tensors
                return part(*tensors, draw, resolution, fade if grows else 1.0, *fixed)

            self.graphs[key] = tf.function(lambda *tensors: self._mean(
                self._strategy.run(on_replica, args=tensors))).get_concrete_function(*tensors)
        return self.graphs[key](*tensors)

    def _mean(self, terms):
        return {name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
                for name, value in terms.items()}

    def _train_discriminator(self, images, draw, resolution, fade, r1):
        z, noise = self._faces(draw, 'fakes', resolution)
        fakes = self.generator(self._inputs(z), noise=noise, resolution=resolution,
                               fade=fade)
        reals = faded(tf.cast(images, tf.float32) / 127.5 - 1.0, fade)
        with self._discriminator_optimizer.watching() as tape:
            terms = discriminator_terms(self.discriminator, reals, fakes, fade, r1)
            total = terms['real'] + terms['fake']
            if r1:  # as strong as in every step, although it is in few
                total += self._loss.r1_every * self._loss.r1_gamma / 2.0 * terms['r1']
        norm = self._discriminator_optimizer.apply(tape, total)
        return {**{f'discriminator/{name}': value for name, value in terms.items()},
                'discriminator/gradient': norm}

    def _train_generator(self, draw, resolution, fade, weights):
        weights = dict(weights)
        z, noise = self._faces(draw, 'faces', resolution)
        faces = Draw(z, draw.normal('pairs', [self._inputs.latents]), noise)
        with self._generator_optimizer.watching() as tape:
            terms, w = self._objective.terms(self.generator, self.discriminator, faces, weights,
                                             resolution, fade)
            total = tf.add_n([weights[name] * value for name, value in terms.items()])
        norm = self._generator_optimizer.apply(tape, total)
        average = tf.convert_to_tensor(self.generator.w_avg)
        w = replica_mean(tf.reduce_mean(w, axis=0))
        self.generator.w_avg.assign(w + W_AVG_BETA * (average - w))
        return {**terms, 'gradient': norm}

    def _regularise_generator(self, draw, resolution, fade):
        z, noise = self._faces(draw, 'path', resolution)
        # Every second face, so that replicas leave out the same ones as a single device.
        z, noise = z[::PATH_SHARE], [values[::PATH_SHARE] for values in noise]
        direction = draw.normal('direction', [resolution, resolution, 3])[::PATH_SHARE]
        with self._generator_optimizer.watching() as tape:
            ws = self.generator.broadcast(self.generator.mapping(self._inputs(z)))
            lengths = adversarial.path_lengths(
                lambda ws: self.generator.synthesis(ws, noise, resolution, fade), ws, direction)
            # The mean over time, this step included (Karras et al. 2020, Eq. 4).
            mean = replica_mean(tf.reduce_mean(tf.stop_gradient(lengths)))
            goal = self._path_length + PATH_DECAY * (mean - self._path_length)
            penalty = tf.reduce_mean(tf.square(lengths - goal))
            total = self._loss.path_length_every * self._loss.path_length_weight * penalty
        self._generator_optimizer.apply(tape, total)
        self._path_length.assign(goal)
        return {'path_length': mean, 'path_length_penalty': penalty}

    def _finish(self, draw, resolution, fade, moved):
        """The average of weights, and the counters."""
        del resolution, fade
        if moved:
            ema.update(self.average, self.generator, ema.decay(
                draw.batch, self.images_seen, self._schedule.ema_kimg, self._ramp_up))
        self.images_seen.assign_add(draw.batch)
        self.steps.assign_add(1)
        return {}

    @property
    def _optimizers(self):
        return self._generator_optimizer, self._discriminator_optimizer

    def _faces(self, draw, stream, resolution):
        """Latents [b, latents] and noise maps of a replica."""
        return draw.faces(stream, self._inputs.latents, self.generator.noise_sides(resolution))
