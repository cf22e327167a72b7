"""A whole GAN training: data, networks, loop, logs, snapshots, resume, results."""

import os
import tempfile

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
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.loop import Every, Loop

DATA = 'data'  # folder of the faces that a run makes for itself
PER_IDENTITY = 4
MADE_SIZE = 128  # pixels of their sides, at least


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
      Interrupted: after SIGTERM, see `training.run.loop`.
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
    parts = load(config)
    model, inputs, perception = parts
    data = source.data or make_faces(config, path, processes)
    card = records.read_card(data)
    # Of a run that goes on, a snapshot has all that its start gave.
    begins = not tf.train.latest_checkpoint(RunFolder.snapshots_of(logdir))
    trainer = make_trainer(config, *parts, strategy, begins)
    schedule = Schedule(config.network, config.loss, config.schedule)

    # Steps. The folder is claimed once all that the run needs is there.
    loop = Loop(path, config.values(), Every(every.log_every, every.snapshot_every,
                                             every.picture_every),
                trainer.steps, source=logdir, trainer=trainer.checkpoint)
    folder = loop.folder
    upkeep = Upkeep(config, folder, loop.writer, trainer, inputs, model, perception)
    batches = _Batches(data, source, strategy)

    def seen():
        return int(trainer.images_seen.numpy())

    def step():
        upkeep.state = schedule.at(seen())
        return trainer.step(batches.next(seen(), upkeep.state), upkeep.state)

    loop.run(step, lambda: seen() >= schedule.total_images, upkeep, progress and (
        lambda _, terms: progress(seen(), schedule.total_images, upkeep.state, terms)),
        profile_steps)

    # Results.
    report.write(config, folder)
    gan_card.write(config, folder, card, seen(), float(loop.seconds))
    if own:
        own.cleanup()


def load(config):
    """What a training stands on: `MorphableModel`, `GeneratorInputs` and `Perception`.

    Raises:
      FileNotFoundError, ValueError: see `train`.
    """
    source = config.source
    model = MorphableModel.load(source.model)
    inputs = GeneratorInputs(CoefficientVAEs.load(source.vaes, model.layout), source.noise)
    perception = Perception.load(model, source.reconstruction, source.recognition, source.parsing,
                                 config.loss.perception_precision)
    return model, inputs, perception


def make_trainer(config, model, inputs, perception, strategy=None, begins=True):
    """A `GanTrainer` as a run begins with it.

    Args:
      config: `config.GanConfig`.
      model, inputs, perception: of `load`.
      strategy: a `tf.distribute.Strategy`; None for the current one.
      begins: whether it gets the weights of `config.source.start`.

    Raises:
      FileNotFoundError, ValueError: see `start.restore`.
    """
    source = config.source
    tf.keras.utils.set_random_seed(source.seed)  # of the first weights
    trainer = GanTrainer(config.network, config.loss, config.schedule, model, inputs, perception,
                         source.seed, strategy, None if source.start else ema.RAMP_UP)
    for generator in (trainer.generator, trainer.average):
        generator.mapping.set_normalization(*inputs.spread(config.network.mapping == 'joint'))
    if begins:
        start.restore(config, trainer)
    return trainer


class _Batches:
    """Real images for each replica, of the size and number that a step wants."""

    def __init__(self, data, source, strategy):
        self._data, self._source, self._strategy = data, source, strategy
        self._stream, self._batches, self._shape = None, None, None

    def next(self, seen, state):
        """The batch that follows `seen` images."""
        if self._shape != (state.resolution, state.batch):
            if self._stream is None or self._stream.resolution != state.resolution:
                self._stream = ImageStream(self._data, state.resolution, self._source.seed,
                                           self._source.mirror)
            self._shape = state.resolution, state.batch
            self._batches = distribution.distribute(self._strategy, self._stream, seen,
                                                    state.batch)
        return next(self._batches)


def make_faces(config, logdir, processes):
    """Rendered faces in the folder of the run; their path."""
    path = os.path.join(logdir, DATA)
    people = -(-config.source.faces // PER_IDENTITY)
    synthetic_set.make(synthetic_set.SyntheticSet(
        model=config.source.model, identities=people, per_identity=PER_IDENTITY,
        size=max(MADE_SIZE, config.network.resolution), seed=config.source.seed), path, processes)
    return path
