"""The loop around the steps of every training: claim, restore, log, keep, draw, end."""

import json
import time
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.training.run import folder as run_folder
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.profile import Profile
from tfdisco.training.run.signals import Signals


class Interrupted(Exception):
    """The run was told to end; the snapshot is written."""


class Every(NamedTuple):
    """Steps from one point of the curves, snapshot and picture to the next.

    log: the others happen at points of the curves, thus are multiples of it.
    snapshot: see `log`.
    picture: 0 for the end alone.
    """

    log: int
    snapshot: int
    picture: int = 0


class Upkeep:
    """What a training does between its steps; each does what it overrides."""

    def row(self, terms):
        """What curves hold of a step, {name: float}, from its terms."""
        return terms

    def measure(self):
        """Figures of a snapshot, {name: float}, before it is written."""
        return {}

    def beside(self):
        """{name: float} of the moment, beside the means of a point of the curves."""
        return {}

    def keep(self, step, figures):
        """Writes what stands beside the snapshot of `step`; `figures` are of `measure`."""

    def draw(self, step):
        """Writes pictures."""

    def amount(self, step):
        """How much is done after `step` steps, in words."""
        return f'{step} steps'


class Loop:
    """The folder of one run, and the loop in it.

    Attributes:
      folder: `RunFolder`, claimed.
      writer: a `tf.summary` writer in it.
      seconds: [] float64 variable, of training so far.
      step: steps done.
    """

    def __init__(self, path, config, every, steps, source=None, **trackables):
        """Claims the folder, restores its last snapshot and forgets what came after that.

        Args:
          path: the folder; made if need be.
          config: {name: value} of the run, see `RunFolder`.
          every: `Every`.
          steps: [] int64 variable among the trackables, steps done.
          source: folder of the run to restore from, by default this one.
          **trackables: what a snapshot keeps.

        Raises:
          ValueError: if the folder holds another run, or its snapshot is damaged.
        """
        self.folder, self._every = RunFolder(path, config), every
        with tf.device('CPU'):  # to be read without waiting for an accelerator
            self.seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False, name='seconds')
        self._recent = Recent()
        self._manager = self.folder.snapshots(source=source, seconds=self.seconds,
                                              recent=self._recent, **trackables)
        self.step = int(steps.numpy())
        self.folder.forget_after(self.step)
        self.writer = tf.summary.create_file_writer(self.folder.path)

    def run(self, step, done, upkeep, progress=None, profile_steps=0):
        """Trains to the end.

        Args:
          step: a function that trains on one batch; returns {term: float}.
          done: a function that says whether that was the last one.
          upkeep: `Upkeep`.
          progress: None, or called after each step with (steps done, {term: value}).
          profile_steps: steps that TensorBoard's profile is of; 0 for none.

        Raises:
          OSError: if something cannot be written; the snapshot before stays.
          FloatingPointError: of `step`, see `check_finite`; the snapshot before stays.
          Interrupted: after SIGTERM.
        """
        started, before = time.monotonic(), float(self.seconds)
        with Signals() as signals, Profile(self.folder.path, profile_steps) as profile:
            last = done()
            while not last:
                terms = step()
                self.step += 1
                last = done()
                self._recent.terms.append(upkeep.row(terms))
                profile.step()
                self.seconds.assign(before + time.monotonic() - started)
                self._look_after(upkeep, last)
                if progress:
                    progress(self.step, terms)
                if signals.asked and not last:
                    run_folder.save(self._manager, self.step)
                    raise Interrupted(f'ended after {upkeep.amount(self.step)}, as asked; the '
                                      'same command goes on from there')
        self.writer.close()

    def _look_after(self, upkeep, last):
        """Curves, snapshot and pictures, where they are due."""
        if not (last or self.step % self._every.log == 0):
            return
        snapshot = last or self.step % self._every.snapshot == 0
        figures = upkeep.measure() if snapshot else {}
        self.folder.log(self.writer, self.step, float(self.seconds),
                        [*self._recent.terms, {**upkeep.beside(), **figures}])
        self._recent.terms = []
        if snapshot:
            run_folder.save(self._manager, self.step)
            upkeep.keep(self.step, figures)
        if last or self._every.picture and self.step % self._every.picture == 0:
            upkeep.draw(self.step)


class Recent(tf.train.experimental.PythonState):
    """Terms since the last line of the curves, kept with a snapshot between two lines.

    Attributes:
      terms: [{name: float}].
    """

    def __init__(self):
        """None so far."""
        self.terms = []

    def serialize(self):
        """See the base class."""
        return json.dumps(self.terms)

    def deserialize(self, string_value):
        """See the base class."""
        self.terms = json.loads(string_value)


def check_finite(terms, step, advice='lower the learning rate or look for outliers in the data'):
    """Raises FloatingPointError unless a step's terms are numbers.

    Args:
      terms: {name: float}.
      step: number of the step.
      advice: what to do about it; ends the message, which names the broken ones.
    """
    broken = {name: value for name, value in terms.items() if not np.isfinite(value)}
    if broken:
        raise FloatingPointError(
            f'step {step}: expected finite losses, got '
            + ', '.join(f'{name} = {value}' for name, value in broken.items()) + f'; {advice}')
