"""A training run of a perception network: data, loop, logs, snapshots, resume, results."""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from tfdisco import files, images
from tfdisco.data.records import folder as records
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.perception import weights_file
from tfdisco.shapes import check_choice, check_multiple, check_positive
from tfdisco.training.perception import data as perception_data
from tfdisco.training.perception import pictures
from tfdisco.training.perception.augment.augmenter import Augmenter
from tfdisco.training.perception.photos import PhotoSupervision
from tfdisco.training.perception.tasks import TASKS
from tfdisco.training.perception.trainer import PerceptionTrainer
from tfdisco.training.run import folder as run_folder
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.loop import Every, Loop, Upkeep

MEASURED_AT_ONCE = 64
PHOTO_SHARE = 4  # rendered faces for each photograph
LICENCE = 'MIT; trained on rendered faces alone'
PHOTO_LICENCE = 'MIT; trained on rendered faces and photographs, whose terms apply as well'


@dataclasses.dataclass(frozen=True)
class PerceptionRun:
    """What a run is made of; the fields are the flags of scripts/train_perception.py.

    network: 'reconstruction', 'recognition' or 'parsing'.
    data: a folder of rendered faces, see `data.records`.
    model: the morphable model of its coefficients, name or path.
    steps, batch, learning_rate, weight_decay, seed: see `PerceptionTrainer`.
    scale, margin: of recognition, see `losses.recognition`.
    augmentation: how strongly pictures are changed, beside the task's own strength.
    start: None, or the folder of a finished or interrupted run of the same network whose
      weights this one begins with.
    photos: None, or a folder of prepared photographs among which reconstruction trains too,
      see `PhotoSupervision`; one photograph for each `PHOTO_SHARE` rendered faces.
    recognition: None, or the recognition network, name or path, that compares photographs
      with what is rendered of them.
    log_every, snapshot_every: steps; the second is a multiple of the first. Held-out people
      are measured at each snapshot.
    """

    network: str
    data: str
    model: str = BUILT_IN
    steps: int = 8000
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    scale: float = 32.0
    margin: float = 0.2
    augmentation: float = 1.0
    start: str = None
    photos: str = None
    recognition: str = None
    seed: int = 0
    log_every: int = 50
    snapshot_every: int = 500

    def __post_init__(self):
        """Raises ValueError on fields that are wrong, or do not fit together."""
        check_choice('network', self.network, TASKS)
        for name in ('steps', 'batch', 'log_every', 'snapshot_every'):
            check_positive(name, getattr(self, name))
        for name in ('learning_rate', 'scale'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name}: expected above 0, got {getattr(self, name)}')
        if not self.weight_decay >= 0:
            raise ValueError(f'weight_decay: expected 0 or more, got {self.weight_decay}')
        TASKS[self.network].augmentation.scaled(self.augmentation)
        if not 0 <= self.margin < 1:
            raise ValueError(f'margin: expected from 0 to below 1, got {self.margin}')
        if self.photos and self.network != 'reconstruction':
            raise ValueError(f'photos: expected none, as {self.network} trains on rendered faces '
                             f'alone, got {self.photos}')
        if self.recognition and not self.photos:
            raise ValueError(f'recognition: expected photos to compare, got {self.recognition} '
                             'and none; pass --photos')
        check_multiple('snapshot_every', self.snapshot_every, 'log_every', self.log_every)

    def without_folders(self):
        """The same run, but of data only the folders' names: for the card."""
        names = {field: os.path.basename(os.path.normpath(value))
                 for field in ('data', 'start', 'photos') if (value := getattr(self, field))}
        return dataclasses.replace(self, **names)

    def command(self):
        """The command line of the run, without --logdir."""
        flags = [f'--{field.name}={value}' for field in dataclasses.fields(self)
                 if (value := getattr(self, field.name)) != field.default]
        return ' '.join(['python scripts/train_perception.py', *flags])


def train(run, logdir, progress=None):
    """Trains, or goes on where the run in `logdir` was interrupted.

    Leaves in logdir: config.json, NETWORK.npz (frozen, see `perception.weights_file`) with
    its card NETWORK.json, metrics.jsonl and TensorBoard curves (means since the line
    before; at snapshots, figures of held-out people too, their pictures as they are and
    changed as in training), snapshots and NETWORK.png.

    Args:
      run: a `PerceptionRun`.
      logdir: a folder; made if need be.
      progress: None, or called after each step with (steps done, {term: value}).

    Returns:
      The card, a dict.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or logdir holds another run.
      FloatingPointError: if a loss is NaN or infinite; names the term.
      Interrupted: after SIGTERM, see `training.run.loop`.
    """
    # Data and networks.
    RunFolder.check(logdir, dataclasses.asdict(run))
    model = MorphableModel.load(run.model)
    card = records.read_card(run.data)
    kind = TASKS[run.network]
    seen, held_out = perception_data.hold_out(
        perception_data.load(run.data, model.layout, masks='masks' in kind.names))
    tf.keras.utils.set_random_seed(run.seed)  # of the first weights
    people = int(seen.identity.max()) + 1
    task = kind(run, model, people)
    augmenter = Augmenter(task.network.input_size, kind.crop, model,
                          kind.augmentation.scaled(run.augmentation))
    photos = None
    if run.photos:
        photos = PhotoSupervision(
            task.network, model, perception_data.load(run.photos, model.layout, True, hair=False),
            max(run.batch // PHOTO_SHARE, 1), run.recognition)
    trainer = PerceptionTrainer(task, seen, augmenter, run.steps, run.batch, run.learning_rate,
                                run.weight_decay, run.seed, photos)
    if run.start:
        trainer.start_from(run.start)

    # Steps. The folder is claimed once all that the run needs is there.
    loop = Loop(logdir, dataclasses.asdict(run), Every(run.log_every, run.snapshot_every),
                trainer.step_count, trainer=trainer.checkpoint)
    folder = loop.folder
    weights, texts = folder.file(f'{run.network}.npz'), _texts(run)
    upkeep = _Upkeep(weights, texts, task, held_out, augmenter)
    loop.run(trainer.step, lambda: loop.step >= run.steps, upkeep, progress)

    # Results, of the weights as they are stored.
    upkeep.write()
    network = type(task.network).from_stored(weights_file.read(weights))
    shown = run.without_folders()
    result = {'file': os.path.basename(weights), 'command': shown.command(),
              'seconds': round(float(loop.seconds), 1), **texts, 'model': model.name, 'data': card,
              'trained_on': {'faces': len(seen), 'people': len(np.unique(seen.identity))},
              'held_out': {'faces': len(held_out), 'people': len(np.unique(held_out.identity))},
              'bytes': os.path.getsize(weights), 'tensorflow': tf.__version__,
              'config': dataclasses.asdict(shown),
              'before': run_folder.history(run.start, run.network),
              'figures': measure(task, network, held_out, augmenter)}
    files.write_json(folder.file(f'{run.network}.json'), result)
    images.write_png(folder.file(f'{run.network}.png'), pictures.SHEETS[run.network](
        network, held_out, augmenter, model))
    return result


class _Upkeep(Upkeep):
    """The averaged network as a file, measured on held-out people."""

    def __init__(self, path, texts, task, held_out, augmenter):
        self._path, self._texts, self._task = path, texts, task
        self._held_out, self._augmenter = held_out, augmenter

    def measure(self):
        return measure(self._task, self._task.average, self._held_out, self._augmenter)

    def keep(self, step, figures):
        self.write()

    def write(self):
        """Writes the weights as they are now."""
        weights_file.write(self._path, self._task.average.stored(**self._texts))


def measure(task, network, faces, augmenter):
    """Figures of a network on faces as they are ('plain/') and changed as in training.

    Args:
      task: whose figures.
      network: of the task's make; frozen, or one that trains, whose statistics are used.
      faces: `perception_data.Faces`.
      augmenter: `Augmenter`; the changes are the same at each call.

    Returns:
      {'plain/NAME', 'changed/NAME': float}.
    """
    random = tf.random.Generator.from_seed(0, alg='philox')
    result = {}
    for kind, change in (('plain', augmenter.plain), ('changed', lambda faces: augmenter(
            faces, random))):
        parts = []
        for start in range(0, len(faces), MEASURED_AT_ONCE):
            which = np.arange(start, min(start + MEASURED_AT_ONCE, len(faces)))
            changed = change({name: tf.constant(value)
                              for name, value in faces.batch(which, task.names).items()})
            parts.append(task.measures(network(changed['image'], training=False), changed))
        measures = {name: np.concatenate([np.asarray(part[name]) for part in parts])
                    for name in parts[0]}
        found = task.figures(measures, faces.identity)
        result.update({f'{kind}/{name}': value for name, value in found.items()})
    return result


def _texts(run):
    folders = [os.path.basename(os.path.normpath(folder))
               for folder in (run.data, run.photos) if folder]
    return {'source': f'scripts/train_perception.py on {" and ".join(folders)}',
            'licence': PHOTO_LICENCE if run.photos else LICENCE}
