"""A training run of an encoder: loop, curves, snapshots, results."""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from tfdisco import files, images
from tfdisco.data.records import folder as records
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.inversion import face_file, features
from tfdisco.editing.inversion.encoder import KIND, Encoder, EncoderNetwork
from tfdisco.editing.inversion.objective import Objective
from tfdisco.editing.inversion.start import Mapping
from tfdisco.perception import resize, weights_file
from tfdisco.perception.observe import Perception
from tfdisco.shapes import check_multiple, check_positive
from tfdisco.training.encoder.trainer import EncoderTrainer
from tfdisco.training.perception import data
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.loop import Every, Loop, Upkeep

SHOWN = 8  # faces of the sheet
LICENCE = 'MIT; trained on generated faces'


@dataclasses.dataclass(frozen=True)
class EncoderRun:
    """What a run is made of; the fields are the flags of scripts/train_encoder.py.

    snapshot: the generator, 'built-in' or a path.
    photos: None, or a folder of prepared photographs (scripts/prepare_photos.py), half of
      each batch.
    reconstruction, recognition: networks that look, see `Perception.load`.
    features: of the perceptual term, see `inversion.features`.
    steps, batch, learning_rate, offset_weight, seed: see `EncoderTrainer`.
    log_every, snapshot_every: steps; the second is a multiple of the first.
    """

    snapshot: str = 'built-in'
    photos: str = None
    reconstruction: str = 'built-in'
    recognition: str = 'built-in'
    features: str = 'built-in'
    steps: int = 4000
    batch: int = 16
    learning_rate: float = 1e-3
    offset_weight: float = 1.0
    seed: int = 0
    log_every: int = 50
    snapshot_every: int = 500

    def __post_init__(self):
        """Raises ValueError on fields that are wrong, or do not fit together."""
        for name in ('steps', 'batch', 'log_every', 'snapshot_every'):
            check_positive(name, getattr(self, name))
        if not self.learning_rate > 0:
            raise ValueError(f'learning_rate: expected above 0, got {self.learning_rate}')
        if not self.offset_weight >= 0:
            raise ValueError(f'offset_weight: expected 0 or more, got {self.offset_weight}')
        if self.photos and self.batch < 2:
            raise ValueError(f'batch: expected 2 or more with photographs, got {self.batch}')
        check_multiple('snapshot_every', self.snapshot_every, 'log_every', self.log_every)

    def command(self):
        """The command line of the run, without --logdir; of folders and files only their names."""
        flags = [f'--{field.name}=' + (os.path.basename(os.path.normpath(value)) if isinstance(
            value, str) else str(value)) for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default]
        return ' '.join(['python scripts/train_encoder.py', *flags])


def train(run, logdir, progress=None, network=None):
    """Trains, or goes on where the run in `logdir` was interrupted.

    Leaves in logdir: config.json, encoder.npz with its card encoder.json, metrics.jsonl and
    TensorBoard curves, snapshots, and encoder.png (pictures above what w+ draws).

    Args:
      run: an `EncoderRun`.
      logdir: a folder; made if need be.
      progress: None, or called after each step with (steps done, {term: value}).
      network: arguments of `EncoderNetwork` that differ from its defaults.

    Returns:
      The card, a dict.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or logdir holds another run.
      FloatingPointError: if a loss is NaN or infinite; names the term.
      Interrupted: after SIGTERM, see `training.run.loop`.
    """
    # Data and networks.
    config = dataclasses.asdict(run)
    RunFolder.check(logdir, config)
    faces = FaceGenerator.load(run.snapshot)
    perception = Perception.load(faces.model, run.reconstruction, run.recognition)
    photos, card = None, None
    if run.photos:
        card = records.read_card(run.photos)
        photos = data.load(run.photos, faces.model.layout, masks=False).image
    mapping = Mapping(faces)
    objective = Objective(perception.recognition, features.load(run.features))
    tf.keras.utils.set_random_seed(run.seed)  # of the first weights
    encoder = EncoderNetwork(faces.generator.num_ws, faces.generator.config.w_size,
                             face_file.fingerprint(faces.generator), **(network or {}))
    trainer = EncoderTrainer(faces, mapping, perception.reconstruction, objective, photos, encoder,
                             run.steps, run.batch, run.learning_rate, run.offset_weight, run.seed)

    # Steps. The folder is claimed once all that the run needs is there.
    loop = Loop(logdir, config, Every(run.log_every, run.snapshot_every), trainer.step_count,
                trainer=trainer.checkpoint)
    path = loop.folder.file(f'{KIND}.npz')
    texts = {'source': run.command(), 'licence': LICENCE + (
        ' and photographs, whose terms apply as well' if run.photos else '')}
    upkeep = _Upkeep(path, encoder, texts)
    loop.run(trainer.step, lambda: loop.step >= run.steps, upkeep, progress)

    # Results, of the weights as they are stored.
    upkeep.write()
    stored = Encoder.load(path, encoder.generator, mapping.spread)
    shown = trainer.generated(SHOWN, 0)[0].numpy() if photos is None else resize.to_square(
        photos[-SHOWN:] / np.float32(127.5) - 1, faces.generator.config.resolution).numpy()
    read = perception.reconstruction(tf.constant(shown)).coefficients
    drawn = faces.generator.synthesis(mapping.ws(read) + stored(shown)).numpy()
    images.write_png(loop.folder.file(f'{KIND}.png'), images.contact_sheet(
        [*images.to_uint8(shown), *images.to_uint8(drawn)], len(shown)))
    result = {'file': os.path.basename(path), 'command': run.command(),
              'seconds': round(float(loop.seconds), 1), **texts, 'data': card,
              'generator': encoder.generator, 'bytes': os.path.getsize(path),
              'tensorflow': tf.__version__,
              'figures': {'mean_difference_of_the_sheet': float(np.abs(drawn - shown).mean() / 2)}}
    files.write_json(loop.folder.file(f'{KIND}.json'), result)
    return result


class _Upkeep(Upkeep):
    """The encoder as a file."""

    def __init__(self, path, network, texts):
        self._path, self._network, self._texts = path, network, texts

    def keep(self, step, figures):
        self.write()

    def write(self):
        """Writes the weights as they are now."""
        weights_file.write(self._path, self._network.stored(**self._texts))
