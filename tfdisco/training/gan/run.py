"""A whole GAN training: data, networks, loop, logs, snapshots, resume, results."""

import os
import tempfile
import time

import tensorflow as tf

from tfdisco.data.records import folder as records
from tfdisco.data.records.stream import ImageStream
from tfdisco.data.synthetic import dataset as synthetic_set
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.perception.observe import Perception
from tfdisco.training.gan import card as gan_card
from tfdisco.training.gan import ema, report, start
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer
from tfdisco.training.gan.upkeep import Upkeep
from tfdisco.training.run import distribution
from tfdisco.training.run import folder as run_folder
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.profile import Profile
from tfdisco.training.run.signals import Signals

DATA = 'data'  # folder of the faces that a run makes for itself
PER_IDENTITY = 4
MADE_SIZE = 128  # pixels of their sides, at least


class Interrupted(Exception):
    """The run was told to end; the snapshot is written."""


def train(config, logdir, strategy=None, processes=1, progress=None, profile_steps=0):
    """Trains, or goes on where the run in `logdir` was interrupted.

    Leaves in logdir: config.json; metrics.jsonl and TensorBoard curves (means since the
    line before; at snapshots, `metrics.control` of the averaged generator); snapshots;
    generator.npz, the averaged generator, and discriminator.npz, in the end with their cards
    generator.json and discriminator.json; best/, earlier generators that obeyed best;
    samples.png, varied.png and pairs.png; report.md.

    Args:
      config: `config.GanConfig`.
      logdir: a folder; made if need be.
      strategy: of `distribution.make_strategy`; None for the current one.
      processes: that make faces, if none are given.
      progress: None, or called after each step with (images seen, images in all, `State`,
        {term: value}).
      profile_steps: steps that TensorBoard's profile in logdir is of; 0 for none.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or logdir holds another run.
      OSError: if something cannot be written; the snapshot before stays.
      FloatingPointError: if a loss is NaN or infinite; names the term.
      Interrupted: after SIGTERM.
    """
    # Faces, face model, networks.
    source, every = config.source, config.upkeep
    strategy = strategy or tf.distribute.get_strategy()
    distribution.check_batch(strategy, config.schedule.batch)  # stylegan's others are multiples
    if every.deterministic:
        tf.config.experimental.enable_op_determinism()
    # Other workers take part in everything, and what they write is thrown away.
    own = None if distribution.is_chief(strategy) else tempfile.TemporaryDirectory()
    path = own.name if own else logdir
    RunFolder.check(path, config.values())  # before faces are made in it
    model = MorphableModel.load(source.model)
    inputs = GeneratorInputs(CoefficientVAEs.load(source.vaes, model.layout), source.noise)
    perception = Perception.load(model, source.reconstruction, source.recognition, source.parsing,
                                 config.loss.perception_precision)
    data = source.data or _make_faces(config, path, processes)
    card = records.read_card(data)
    tf.keras.utils.set_random_seed(source.seed)  # of the first weights
    trainer = GanTrainer(config.network, config.loss, config.schedule, model, inputs, perception,
                         source.seed, strategy, None if source.start else ema.RAMP_UP)
    schedule = Schedule(config.network, config.loss, config.schedule)
    for generator in (trainer.generator, trainer.average):
        generator.mapping.set_normalization(*inputs.spread())
    start.restore(config, trainer)

    # Resume. The folder is claimed once all that the run needs is there.
    folder = RunFolder(path, config.values())
    seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False, name='seconds')
    writer = tf.summary.create_file_writer(folder.path)
    upkeep = Upkeep(config, folder, writer, trainer, inputs, model, perception)
    manager = folder.snapshots(source=logdir, trainer=trainer.checkpoint, seconds=seconds,
                               recent=upkeep.recent)
    folder.forget_after(int(trainer.steps.numpy()))

    # Loop.
    stream, batches, shape = None, None, None
    started, before = time.monotonic(), float(seconds)
    with Signals() as signals, Profile(folder.path, profile_steps) as profile:
        while int(trainer.images_seen.numpy()) < schedule.total_images:
            seen = int(trainer.images_seen.numpy())
            state = schedule.at(seen)
            if shape != (state.resolution, state.batch):
                if stream is None or stream.resolution != state.resolution:
                    stream = ImageStream(data, state.resolution, source.seed, source.mirror)
                shape = state.resolution, state.batch
                batches = distribution.distribute(strategy, stream, seen, state.batch)
            terms = trainer.step(next(batches), state)
            upkeep.recent.terms.append(terms)
            profile.step()
            step, seen = int(trainer.steps.numpy()), int(trainer.images_seen.numpy())
            done = seen >= schedule.total_images
            seconds.assign(before + time.monotonic() - started)
            if done or step % every.log_every == 0:
                last = done or step % every.snapshot_every == 0
                figures = upkeep.measure() if last else {}
                upkeep.log(step, float(seconds), state, figures)
                if last:
                    upkeep.keep(manager, step, figures)
                if done or step % every.picture_every == 0:
                    upkeep.draw(step)
            if progress:
                progress(seen, schedule.total_images, state, terms)
            if signals.asked and not done:
                run_folder.save(manager, step)
                raise Interrupted(f'ended after {seen} images, as asked; the same command goes '
                                  'on from there')
    writer.close()
    report.write(config, folder)
    gan_card.write(config, folder, card, int(trainer.images_seen.numpy()), float(seconds))
    if own:
        own.cleanup()


def _make_faces(config, logdir, processes):
    """Rendered faces in the folder of the run; their path."""
    path = os.path.join(logdir, DATA)
    people = -(-config.source.faces // PER_IDENTITY)
    synthetic_set.make(synthetic_set.SyntheticSet(
        model=config.source.model, identities=people, per_identity=PER_IDENTITY,
        size=max(MADE_SIZE, config.network.resolution), seed=config.source.seed), path, processes)
    return path
