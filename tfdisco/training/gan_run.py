"""A whole GAN training: data, networks, loop, logs, snapshots, resume, results."""

import json
import os
import signal
import tempfile
import threading
import time

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.data import records, synthetic_set
from tfdisco.data.pipeline import ImageStream
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.losses.schedule import Schedule
from tfdisco.metrics.control import control
from tfdisco.networks import generator_file
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.perception.observe import Perception
from tfdisco.training import distribution, gan_pictures, gan_report
from tfdisco.training.gan_trainer import GanTrainer
from tfdisco.training.run_folder import RunFolder

DATA = 'data'  # folder of the faces that a run makes for itself
PER_IDENTITY = 4
MADE_SIZE = 128  # pixels of their sides, at least
GENERATOR = 'generator.npz'
BEST = 'best'  # folder of the generators that were best
SMALLEST_SEEN = 32  # pixels of images that perception takes


class Interrupted(Exception):
    """The run was told to end; the snapshot is written."""


def train(config, logdir, strategy=None, processes=1, progress=None):
    """Trains, or goes on where the run in `logdir` was interrupted.

    Leaves in logdir: config.json; metrics.jsonl and TensorBoard curves (means since the
    line before; at snapshots, `metrics.control` of the averaged generator); snapshots;
    generator.npz, the averaged generator; best/, earlier ones that obeyed best;
    samples.png, varied.png and pairs.png; report.md.

    Args:
      config: `config.GanConfig`.
      logdir: a folder; made if need be.
      strategy: of `distribution.make_strategy`; None for the current one.
      processes: that make faces, if none are given.
      progress: None, or called after each step with (images seen, images in all, `State`,
        {term: value}).

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or logdir holds another run.
      FloatingPointError: if a loss is NaN or infinite; names the term.
      Interrupted: after SIGTERM.
    """
    # Faces, face model, networks.
    source, upkeep = config.source, config.upkeep
    strategy = strategy or tf.distribute.get_strategy()
    if upkeep.deterministic:
        tf.config.experimental.enable_op_determinism()
    # Other workers take part in everything, and what they write is thrown away.
    own = None if distribution.is_chief(strategy) else tempfile.TemporaryDirectory()
    folder = RunFolder(own.name if own else logdir, config.values())
    model = MorphableModel.load(source.model)
    inputs = GeneratorInputs(CoefficientVAEs.load(source.vaes, model.layout), source.noise)
    perception = Perception.load(model, source.reconstruction, source.recognition, source.parsing)
    data = source.data or _make_faces(config, folder, processes)
    records.read_card(data)
    tf.keras.utils.set_random_seed(source.seed)  # of the first weights
    trainer = GanTrainer(config.network, config.loss, config.schedule, model, inputs, perception,
                         source.seed, strategy)
    schedule = Schedule(config.network, config.loss, config.schedule)
    for generator in (trainer.generator, trainer.average):
        generator.mapping.set_normalization(*inputs.spread())

    # Resume.
    seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False, name='seconds')
    recent = Recent()
    manager = folder.snapshots(source=logdir, trainer=trainer.checkpoint, seconds=seconds,
                               recent=recent)
    folder.forget_after(int(trainer.steps.numpy()))
    writer = tf.summary.create_file_writer(folder.path)
    upkeep_of = _Upkeep(config, folder, writer, trainer, inputs, model, perception, schedule)

    # Loop.
    stream, batches, shape = None, None, None
    started, before = time.monotonic(), float(seconds)
    with _Signals() as signals:
        while int(trainer.images_seen.numpy()) < schedule.total_images:
            seen = int(trainer.images_seen.numpy())
            state = schedule.at(seen)
            if shape != (state.resolution, state.batch):
                if stream is None or stream.resolution != state.resolution:
                    stream = ImageStream(data, state.resolution, source.seed, source.mirror)
                shape = state.resolution, state.batch
                batches = distribution.distribute(strategy, stream, seen, state.batch)
            terms = trainer.step(next(batches), state)
            recent.terms.append(terms)
            step, seen = int(trainer.steps.numpy()), int(trainer.images_seen.numpy())
            done = seen >= schedule.total_images
            seconds.assign(before + time.monotonic() - started)
            if done or step % upkeep.log_every == 0:
                last = done or step % upkeep.snapshot_every == 0
                figures = upkeep_of.measure() if last else {}
                folder.log(writer, step, float(seconds), [
                    *recent.terms, {'images': seen, 'learning_rate': state.learning_rate,
                                    **figures}])
                recent.terms = []
                if last:
                    upkeep_of.keep(manager, step, figures)
                if done or step % upkeep.picture_every == 0:
                    upkeep_of.draw(step)
            if progress:
                progress(seen, schedule.total_images, state, terms)
            if signals.asked and not done:
                manager.save(checkpoint_number=step)
                raise Interrupted(f'ended after {seen} images, as asked; the same command goes '
                                  'on from there')
    writer.close()
    gan_report.write(config, folder)
    if own:
        own.cleanup()


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


class _Upkeep:
    """Measures, keeps and draws the averaged generator."""

    def __init__(self, config, folder, writer, trainer, inputs, model, perception, schedule):
        self._config, self._folder, self._writer = config, folder, writer
        self._trainer, self._inputs, self._model = trainer, inputs, model
        self._perception, self._schedule = perception, schedule
        self._source = generator_file.GeneratorSource(
            config.source.model, config.source.vaes, config.source.noise)
        self._graphs = {}

    @property
    def _resolution(self):
        # Of the last step: what has faded in by then.
        return self._schedule.at(max(int(self._trainer.images_seen.numpy()) - 1, 0)).resolution

    def _generate(self, values):
        resolution = self._resolution
        if resolution not in self._graphs:
            self._graphs[resolution] = tf.function(
                lambda values: self._trainer.average(values, resolution=resolution),
                reduce_retracing=True)
        return self._graphs[resolution](tf.convert_to_tensor(values))

    def measure(self):
        """Figures of `metrics.control`, named after it."""
        if self._resolution < SMALLEST_SEEN:
            return {}
        found = control(self._generate, self._inputs, self._model, self._perception,
                        self._resolution, self._config.upkeep.measured_faces,
                        self._config.source.seed)
        return {f'control/{name}': value for name, value in found.items()}

    def keep(self, manager, step, figures):
        """Writes the snapshot, the generator, and the best of those before."""
        manager.save(checkpoint_number=step)
        generator_file.write(self._folder.file(GENERATOR), self._trainer.average, self._source)
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
        sheets = {'samples': gan_pictures.samples(*where, self._model, self._resolution, seed),
                  'varied': gan_pictures.varied(*where, seed),
                  'pairs': gan_pictures.pairs(*where, self._model, self._resolution, seed)}
        for name, sheet in sheets.items():
            images.write_png(self._folder.file(f'{name}.png'), sheet)
            with self._writer.as_default(step=step):
                tf.summary.image(name, sheet[np.newaxis])


class _Signals:
    """Whether SIGTERM came; leaves the handler as it was."""

    def __init__(self):
        self.asked = False

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, *_):
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._before)

    def _ask(self, *_):
        self.asked = True


def _make_faces(config, folder, processes):
    """Rendered faces in the folder of the run; its path."""
    path = folder.file(DATA)
    people = -(-config.source.faces // PER_IDENTITY)
    synthetic_set.make(synthetic_set.SyntheticSet(
        model=config.source.model, identities=people, per_identity=PER_IDENTITY,
        size=max(MADE_SIZE, config.network.resolution), seed=config.source.seed), path, processes)
    return path
