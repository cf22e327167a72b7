"""Pivotal tuning: the generator's weights adapt to one face (Roich et al. 2021).

Around the w+ found, so that edits that start there still work; and, by the locality term, in
such a way that other faces stay what they are.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfdisco.editing.inversion import adam
from tfdisco.editing.inversion.objective import Target
from tfdisco.editing.inversion.optimise import draw
from tfdisco.networks import build, generator_file
from tfdisco.shapes import check_positive, check_shape

NEAREST, FARTHEST = 0.3, 1.0  # shares of the way to random faces where locality is asked for


@dataclasses.dataclass(frozen=True)
class Tuning:
    """How weights adapt.

    steps: of Adam.
    learning_rate: the highest, of weights that have deviation 1.
    locality: weight of the mean absolute difference that random faces may show.
    seed: of the random faces.
    """

    steps: int = 150
    learning_rate: float = 0.005
    locality: float = 5.0
    seed: int = 0

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_positive('steps', self.steps)
        if not self.learning_rate > 0:
            raise ValueError(f'learning_rate: expected above 0, got {self.learning_rate}')
        if not self.locality >= 0:
            raise ValueError(f'locality: expected 0 or more, got {self.locality}')


class Tuner:
    """Adapts a copy of a generator to one face after another; the generator itself stays.

    Example:
      changes = tuner(target, inverted)   # of one face
      tuner.use(changes)                  # now tuner.generator draws it
      tuner.use({})                       # now it is as it was trained

    Attributes:
      generator: the copy.
    """

    def __init__(self, faces, objective, tuning=None):
        """See the class.

        Args:
          faces: `FaceGenerator`.
          objective: `objective.Objective`.
          tuning: `Tuning`, or None for its defaults.
        """
        self._faces, self._objective, self._tuning = faces, objective, tuning or Tuning()
        own = faces.generator
        self.generator = build.build_generator(own.config, own.input_size, own.factor_sizes)
        self._weights = {name: np.asarray(value)
                         for name, value in generator_file.named_weights(own).items()}
        self._variables = {
            name: variable for name, variable in generator_file.named_weights(
                self.generator).items()
            if not name.startswith('mapping/') and any(
                variable is each for each in self.generator.trainable_variables)}
        for name, variable in generator_file.named_weights(self.generator).items():
            variable.assign(self._weights[name])
        self._graph = tf.function(self._step, autograph=False)

    @property
    def names(self):
        """Names of the weights that adapt: all of synthesis."""
        return list(self._variables)

    def use(self, changes):
        """Gives the copy the trained weights plus changes {name: array}.

        Raises:
          ValueError: if a change is of no weight that adapts, or of another shape.
        """
        for name, change in changes.items():
            if name not in self._variables:
                raise ValueError(f'changes: expected weights of synthesis, got {name!r}')
            check_shape(f'changes: {name}', np.asarray(change), self._weights[name].shape)
        for name, variable in self._variables.items():
            weight = self._weights[name]
            variable.assign(weight + np.asarray(changes[name], np.float32)
                            if name in changes else weight)

    def __call__(self, target, inverted, progress=None):
        """Adapts the copy to one face.

        Args:
          target: `objective.Target` of one picture.
          inverted: `optimise.Inverted` of it; w+ and strengths stay.
          progress: None, or called after each step.

        Returns:
          {name: float16 change of the weight}, which `use` takes; the copy has them.

        Raises:
          ValueError: if it is more than one face.
          FloatingPointError: if the loss becomes NaN or infinite.
        """
        if len(inverted.ws) != 1:
            raise ValueError(f'inverted: expected one face, got {len(inverted.ws)}')
        self.use({})
        z = np.random.default_rng(self._tuning.seed).standard_normal(
            [self._tuning.steps, self._faces.inputs.latents], np.float32)
        elsewhere = self._faces.generator.mapping(self._faces.inputs(z)).numpy()
        shares = np.linspace(NEAREST, FARTHEST, self._tuning.steps, dtype=np.float32)
        np.random.default_rng(self._tuning.seed + 1).shuffle(shares)
        pivot, strength = tf.constant(inverted.ws), tf.constant(inverted.strength)
        values = [tf.convert_to_tensor(variable) for variable in self._variables.values()]
        state = adam.start(values)
        for number in range(self._tuning.steps):
            there = pivot + shares[number] * (elsewhere[number] - pivot)
            rate = adam.rate_at(number, self._tuning.steps, self._tuning.learning_rate)
            state, loss = self._graph(target, pivot, strength, there, state, tf.constant(
                rate, tf.float32), tf.constant(number + 1.0))
            if progress:
                progress()
        if not np.isfinite(loss.numpy()):
            raise FloatingPointError('tuning: expected a finite loss, got NaN or infinity; lower '
                                     'the learning rate')
        changes = {name: (np.asarray(variable) - self._weights[name]).astype(np.float16)
                   for name, variable in self._variables.items()}
        self.use(changes)  # what is kept is what draws
        return changes

    def _step(self, target, pivot, strength, there, state, rate, count):
        variables = list(self._variables.values())
        before = draw(self._faces.generator, there, tf.ones_like(strength))
        with tf.GradientTape() as tape:
            both = draw(self.generator, tf.concat([pivot, there], 0),
                        tf.concat([strength, tf.ones_like(strength)], 0))
            drawn, after = tf.split(both, 2)
            loss = tf.add_n(list(self._objective(drawn, Target(*target)).values()))[0]
            loss += self._tuning.locality * tf.reduce_mean(tf.abs(after - before))
        gradients = [tf.zeros_like(variable) if gradient is None else gradient
                     for variable, gradient in zip(variables, tape.gradient(loss, variables))]
        moved, state = adam.step([tf.convert_to_tensor(variable) for variable in variables],
                                 gradients, state, rate, count)
        for variable, value in zip(variables, moved):
            variable.assign(value)
        return state, loss
