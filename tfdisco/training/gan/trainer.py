"""One step of GAN training on one or many replicas."""

import tensorflow as tf

from tfdisco.losses import adversarial
from tfdisco.networks import build, generator_file
from tfdisco.training.gan import ema
from tfdisco.training.gan.augment import NUMBERS, adjusted, augment
from tfdisco.training.gan.draws import Draws
from tfdisco.training.gan.objective import (
    Draw,
    GeneratorObjective,
    discriminator_terms,
    real_images,
)
from tfdisco.training.gan.optimizer import NetworkOptimizer, replica_mean
from tfdisco.training.gan.part import AVERAGE, DISCRIMINATOR, GENERATOR, PATH_LENGTH, Part
from tfdisco.training.gan.schedule import PAIR_TERMS
from tfdisco.training.run.loop import check_finite

PATH_SHARE = 2  # one in so many faces of a batch has its path length measured
PATH_DECAY = 0.01  # of the mean path length
W_AVG_BETA = 0.995
ADVICE = ('go on from the last snapshot with a lower learning rate, or look for outliers in the '
          'data')


class GanTrainer:
    """Networks, optimisers and one step.

    Attributes:
      generator, discriminator: networks that train.
      average: the generator to use, of averaged weights.
      inputs: `networks.inputs.GeneratorInputs`.
      images_seen: [] int64 variable of the host, real images of all steps so far.
      steps: [] int64 variable of the host.
      graphs: {(resolution, batch, `Part`): `tf.ConcreteFunction`}, those of the steps so far.
      term_names: {the same: names of the terms that it returns}.
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
        self._loss, self._schedule, self.inputs, self._seed = loss, schedule, inputs, seed
        self._ramp_up, self._relativistic = ramp_up, loss.game == 'relativistic'
        self._strategy = strategy or tf.distribute.get_strategy()
        self._objective = GeneratorObjective(
            model, inputs, perception, loss.perception_blur, loss.identity_region)
        self.graphs, self.term_names = {}, {}
        with self._strategy.scope():
            self.generator = build.build_generator(network, inputs.size, inputs.factor_sizes)
            self.average = build.build_generator(network, inputs.size, inputs.factor_sizes)
            self.discriminator = build.build_discriminator(network)
            self._generator_optimizer = NetworkOptimizer(
                self.generator, schedule,
                loss.path_length_every if loss.path_length_weight else 0)
            # R1 is part of a step, not one more, so nothing is shortened for it.
            self._discriminator_optimizer = NetworkOptimizer(self.discriminator, schedule)
            self._optimizers = self._generator_optimizer, self._discriminator_optimizer
            # Each replica comes to the same value by itself.
            self._augments, self._adapts = loss.augment != 'none', loss.augment == 'ada'
            fixed = float(loss.augment) if self._augments and not self._adapts else 0.0
            self._path_length, self._augment = (
                tf.Variable(value, trainable=False, name=name,
                            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
                for name, value in (('path_length', 0.0), ('augment', fixed)))
        # To decide what comes next, nobody waits for an accelerator to tell how far it is. The
        # resolution is that of the last step, negative while it fades in.
        with tf.device('CPU'):
            self.images_seen, self.steps, self._resolution = (
                tf.Variable(0, dtype=tf.int64, trainable=False, name=name)
                for name in ('images_seen', 'steps', 'resolution'))
        self.restart_average()
        self.checkpoint = tf.train.Checkpoint(
            generator=list(self.generator.weights), average=list(self.average.weights),
            discriminator=list(self.discriminator.weights), images_seen=self.images_seen,
            steps=self.steps, path_length=self._path_length, resolution=self._resolution,
            augment=self._augment,
            optimizers=[optimizer.state for optimizer in self._optimizers])

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
        step, seen = int(self.steps.numpy()), int(self.images_seen.numpy())
        self._grow(state)
        for optimizer in self._optimizers:
            optimizer.set_learning_rate(state.learning_rate)
        common = tf.constant(state.fade, tf.float32), tf.constant(seen, tf.int64)
        terms = [self._run((images, *common) if part.reals else common, state.resolution,
                           state.batch, part) for part in self.parts(state, step)]
        with tf.device('CPU'):
            self.images_seen.assign_add(state.batch)
            self.steps.assign_add(1)
        # The one time in a step that the host waits for what replicas computed.
        values = tf.concat([values for _, values in terms], axis=0).numpy()
        names = [name for names, _ in terms for name in names]
        terms = {name: float(value) for name, value in zip(names, values)}
        check_finite(terms, step + 1, ADVICE)
        return terms

    def parts(self, state, step):
        """What a step is made of, in its order: a list of `Part`.

        Args:
          state: `schedule.State`.
          step: number of the step, from 0.
        """
        loss = self._loss
        parts = [Part(DISCRIMINATOR, (step % loss.r1_every == 0,), reals=True)]
        if state.weights:  # else the generator stands still, and its average with it
            parts.append(Part(GENERATOR, (tuple(state.weights.items()),), self._relativistic))
            if loss.path_length_weight and step % loss.path_length_every == 0:
                parts.append(Part(PATH_LENGTH))
            parts.append(Part(AVERAGE))
        return parts

    def variables(self):
        """{name: variable} of all that parts read and write, but what networks get as it is.

        Weights are called as in the networks' files, an optimiser's moments after them.
        """
        named = {f'{name}/{weight}': variable for name, network in (
            ('generator', self.generator), ('average', self.average),
            ('discriminator', self.discriminator))
            for weight, variable in generator_file.named_weights(network).items()}
        # Keras 3 has variables of its own, with TensorFlow's inside.
        named = {name: variable if isinstance(variable, tf.Variable) else variable.value
                 for name, variable in named.items()}
        known = {id(variable): name for name, variable in named.items()}
        named.update({'path_length': self._path_length, 'augment': self._augment})
        for optimizer in self._optimizers:
            owner = known[id(optimizer.weights[0])].split('/')[0]
            for moment in ('first', 'second'):
                named.update({f'{owner}_{moment}/{known[id(weight)].split("/", 1)[1]}': variable
                              for weight, variable in zip(optimizer.weights,
                                                          getattr(optimizer, moment))})
            named.update({f'{owner}_steps': optimizer.steps,
                          f'{owner}_learning_rate': optimizer.learning_rate})
        return named

    def learning_rates(self, state):
        """{name of a variable: float} of what `schedule.State` says of both optimisers."""
        rates = [optimizer.shortened(state.learning_rate) for optimizer in self._optimizers]
        return dict(zip(('generator_learning_rate', 'discriminator_learning_rate'), rates))

    def _grow(self, state):
        """Makes networks draw and judge as the state says."""
        # As published, moments are forgotten when a fade begins, and again when it ends.
        growth = state.growth
        if growth != int(self._resolution.numpy()):
            for optimizer in self._optimizers:
                optimizer.forget_moments()
            with tf.device('CPU'):
                self._resolution.assign(growth)
        for network in (self.generator, self.average):
            network.grow(state.resolution, state.fade)

    def _run(self, tensors, *key):
        """A part of the step on all replicas: names of its terms, and [T] their values."""
        if key not in self.graphs:
            # No condition depends on a tensor, and AutoGraph would take most of the time.
            self.graphs[key] = tf.function(
                lambda *tensors: self.compute(tensors, *key),
                autograph=False).get_concrete_function(*tensors)
        return self.term_names[key], self.graphs[key](*tensors)

    def compute(self, tensors, resolution, batch, part):
        """A `Part` in a graph: there is one for all that is not a tensor.

        Args:
          tensors: the images of `step` if the part takes them, [] float32 fade of
            `schedule.State`, [] int64 images seen before the step.
          resolution, batch: of `schedule.State`.
          part: `Part`.

        Returns:
          [T] terms, means over replicas; their names are in `term_names` from then on.
        """
        grows = self.generator.config.arch != 'stylegan2'

        def on_replica(*tensors):
            *tensors, fade, seen = tensors
            draw = Draws(self._seed, seen, batch, self._strategy.num_replicas_in_sync)
            terms = getattr(self, f'_{part.name}')(*tensors, draw, resolution,
                                                   fade if grows else 1.0, *part.fixed)
            self.term_names[resolution, batch, part] = list(terms)
            return tf.stack(list(terms.values())) if terms else tf.zeros([0])

        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN,
                                     self._strategy.run(on_replica, args=tensors), axis=None)

    def _train_discriminator(self, images, draw, resolution, fade, penalised):
        z, noise = self._faces(draw, 'fakes', resolution)
        fakes = self.generator(self.inputs(z), noise=noise, resolution=resolution,
                               fade=fade)
        reals, fakes = (self._augmented(images, draw, f'augment_{name}')
                        for name, images in (('real', real_images(images, fade)), ('fake', fakes)))
        penalties = () if not penalised else ('r1', 'r2') if self._relativistic else ('r1',)
        with self._discriminator_optimizer.watching() as tape:
            terms = discriminator_terms(self.discriminator, reals, fakes, fade, penalties)
            total = (terms['relative'] if self._relativistic
                     else terms['real'] + terms['fake'])
            for name in penalties:  # as strong as in every step, although it is in few
                total += self._loss.r1_every * self._loss.r1_gamma / 2.0 * terms[name]
        norm = self._discriminator_optimizer.apply(tape, total)
        p = tf.convert_to_tensor(self._augment)
        if self._adapts:
            self._augment.assign(adjusted(p, replica_mean(terms['sign']), draw.batch))
        return {**{f'discriminator/{name}': value for name, value in terms.items()},
                'discriminator/gradient': norm, **({'augment': p} if self._augments else {})}

    def _augmented(self, images, draw, stream):
        """What the discriminator sees of pictures."""
        if not self._augments:
            return images
        return augment(images, draw.normal(stream, [NUMBERS]),
                       tf.convert_to_tensor(self._augment))

    def _train_generator(self, *tensors):
        *images, draw, resolution, fade, weights = tensors
        weights = dict(weights)

        def judge(images, fade, stream='augment_face'):
            return self.discriminator(self._augmented(images, draw, stream), fade=fade)

        # Only a relativistic game has real images here.
        reals = [judge(real_images(values, fade), fade, 'augment_real') for values in images]
        z, noise = self._faces(draw, 'faces', resolution)
        faces = Draw(z, draw.normal('pairs', [self.inputs.latents]), noise,
                     draw.turns(self._loss.pair_share) if set(weights) & set(PAIR_TERMS)
                     else None)
        with self._generator_optimizer.watching() as tape:
            # Masks, flows and perception take pictures as they are.
            terms, w = self._objective.terms(
                self.generator, judge, faces, weights, resolution, fade, *reals)
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
            ws = self.generator.broadcast(self.generator.mapping(self.inputs(z)))
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

    def _follow(self, draw, resolution, fade):
        """The average of weights goes after them."""
        del resolution, fade
        ema.update(self.average, self.generator, ema.decay(
            draw.batch, draw.images_seen, self._schedule.ema_kimg, self._ramp_up))
        return {}

    def _faces(self, draw, stream, resolution):
        """Latents [b, latents] and noise maps of a replica."""
        return draw.faces(stream, self.inputs.latents, self.generator.noise_sides(resolution))
