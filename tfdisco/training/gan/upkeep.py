"""What a GAN training does beside its steps: curves, figures, snapshots, pictures."""

import os
import time

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.metrics.control import control
from tfdisco.networks import discriminator_file, generator_file
from tfdisco.training.gan import pictures
from tfdisco.training.run import loop
from tfdisco.training.run.memory import peak_memory

GENERATOR = 'generator.npz'
DISCRIMINATOR = discriminator_file.beside(GENERATOR)
BEST = 'best'  # folder of the generators that were best
SMALLEST_SEEN = 32  # pixels of images that perception takes
MACHINE = 'machine/'  # figures that differ from one run of the same configuration to the next


class Upkeep(loop.Upkeep):
    """Measures, keeps and draws the averaged generator.

    Attributes:
      state: `schedule.State` of the last step, which whoever makes the steps sets.
    """

    def __init__(self, config, folder, writer, trainer, inputs, model, perception):
        """See the class.

        Args:
          config: `config.GanConfig`.
          folder: `RunFolder`.
          writer: a `tf.summary` writer.
          trainer: `GanTrainer`.
          inputs, model, perception: those of the training.
        """
        self.state = None
        self._config, self._folder, self._writer = config, folder, writer
        self._trainer, self._inputs, self._model = trainer, inputs, model
        self._perception = perception
        self._source = generator_file.GeneratorSource(
            config.source.model, config.source.vaes, config.source.noise)
        self._graphs, self._logged = {}, None
        with writer.as_default(step=0):
            tf.summary.text('config', '\n'.join(
                f'    --{name}={value}' for name, value in config.values().items()))

    def beside(self):
        """Images, rate, norms of weights, speed and memory."""
        seen = int(self._trainer.images_seen.numpy())
        now, last = time.monotonic(), self._logged
        self._logged = now, seen
        machine = {f'{MACHINE}memory_gb': peak_memory() / 1e9}
        if last:  # the first point holds the making of graphs
            machine[f'{MACHINE}images_per_second'] = (seen - last[1]) / (now - last[0])
        norms = {f'{name}/weights': float(tf.linalg.global_norm(
            [tf.convert_to_tensor(variable) for variable in network.trainable_variables]))
            for name, network in (('generator', self._trainer.generator),
                                  ('discriminator', self._trainer.discriminator))}
        return {'images': seen, 'learning_rate': self.state.learning_rate, **norms, **machine}

    @property
    def _resolution(self):
        return self._trainer.average.grown[0]

    def _generate(self, values):
        """Images as they were in the last step, as far as they had faded in."""
        resolution, fade = self._trainer.average.grown
        if resolution not in self._graphs:
            self._graphs[resolution] = tf.function(
                lambda values, fade: self._trainer.average(values, resolution=resolution,
                                                           fade=fade),
                autograph=False, reduce_retracing=True)
        return self._graphs[resolution](tf.convert_to_tensor(values),
                                        tf.constant(fade, tf.float32))

    def measure(self):
        """Figures of `metrics.control`, named after it."""
        if self._resolution < SMALLEST_SEEN:
            return {}
        found = control(self._generate, self._inputs, self._model, self._perception,
                        self._resolution, self._config.upkeep.measured_faces,
                        self._config.source.seed)
        return {f'control/{name}': value for name, value in found.items()}

    def keep(self, step, figures):
        """Writes generator and discriminator, and the best generators before."""
        generator_file.write(self._folder.file(GENERATOR), self._trainer.average, self._source)
        discriminator_file.write(self._folder.file(DISCRIMINATOR), self._trainer.discriminator)
        if not figures:
            return
        best = self._folder.file(BEST)
        os.makedirs(best, exist_ok=True)
        error = figures['control/landmark_percent']
        generator_file.write(os.path.join(best, f'{error:08.3f}-step{step:08d}.npz'),
                             self._trainer.average, self._source)
        for name in sorted(os.listdir(best))[self._config.upkeep.keep_best:]:
            os.remove(os.path.join(best, name))

    def draw(self, step):
        """Writes samples.png, varied.png and pairs.png, and shows them in TensorBoard."""
        seed = self._config.source.seed
        where = self._generate, self._inputs
        sheets = {'samples': pictures.samples(*where, self._model, self._resolution, seed),
                  'varied': pictures.varied(*where, seed),
                  'pairs': pictures.pairs(*where, self._model, self._resolution, seed)}
        for name, sheet in sheets.items():
            images.write_png(self._folder.file(f'{name}.png'), sheet)
            with self._writer.as_default(step=step):
                tf.summary.image(name, sheet[np.newaxis])

    def amount(self, step):
        """The images of those steps."""
        return f'{int(self._trainer.images_seen.numpy())} images'
