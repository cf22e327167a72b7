"""TensorBoard's profile of some steps of a training."""

import tensorflow as tf

WARMUP = 10  # steps before it, in which graphs are made


class Profile:
    """Profiles steps 11 to 10 + n of this process.

    Example:
      with Profile(logdir, steps=5) as profile:
          while ...:
              train_one_step()
              profile.step()
    """

    def __init__(self, logdir, steps):
        """Takes the folder and the number of steps, 0 for no profile."""
        self._logdir, self._steps, self._done, self._runs = logdir, steps, 0, False

    def step(self):
        """To be called after each step."""
        self._done += 1
        if self._steps and self._done == WARMUP:
            tf.profiler.experimental.start(self._logdir)
            self._runs = True
        elif self._runs and self._done == WARMUP + self._steps:
            self._stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._runs:
            self._stop()

    def _stop(self):
        tf.profiler.experimental.stop()
        self._runs = False
