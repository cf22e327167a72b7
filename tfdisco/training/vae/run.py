"""A training run of coefficient VAEs: data, loop, logs, snapshots, resume, results."""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from tfdisco import files
from tfdisco.data import coefficients
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.face3d.visibility import visibility
from tfdisco.metrics import vae as vae_metrics
from tfdisco.networks.vae import FACTORS, CoefficientVAEs
from tfdisco.networks.vae import file as vae_file
from tfdisco.shapes import check_choice, check_multiple, check_positive
from tfdisco.training.run.folder import RunFolder
from tfdisco.training.run.loop import Every, Loop, Upkeep
from tfdisco.training.vae import pictures
from tfdisco.training.vae.start import linear_start, normalization
from tfdisco.training.vae.trainer import VAETrainer

WEIGHTS, CARD = 'coefficient_vae.npz', 'coefficient_vae.json'
TRAINING = 0  # second entry of the data's seed; `metrics.vae` draws from the others
LICENCE = 'MIT'


@dataclasses.dataclass(frozen=True)
class VAERun:
    """What a run is made of; the fields are the flags of scripts/train_vae.py.

    model: a morphable model, name or path.
    factors: which VAEs to train.
    data: None (people drawn from the model), an .npz or a folder of records, see
      `data.coefficients`.
    count: people to draw from the model.
    blend: with data, share of people drawn from the model among all, so that factors reach
      beyond what a few photographs show.
    steps, batch, learning_rate, match_weight, seed: see `VAETrainer`.
    log_every, snapshot_every: steps; the second is a multiple of the first.
    """

    model: str = BUILT_IN
    factors: tuple = FACTORS
    data: str = None
    count: int = 100000
    blend: float = 0.0
    steps: int = 8000
    batch: int = 256
    learning_rate: float = 5e-4
    match_weight: float = 300.0
    seed: int = 0
    log_every: int = 100
    snapshot_every: int = 1000

    def __post_init__(self):
        """Raises ValueError on fields that are wrong, or do not fit together."""
        for name in ('count', 'steps', 'batch', 'log_every', 'snapshot_every'):
            check_positive(name, getattr(self, name))
        if not self.learning_rate > 0:
            raise ValueError(f'learning_rate: expected above 0, got {self.learning_rate}')
        if not self.match_weight >= 0:
            raise ValueError(f'match_weight: expected 0 or more, got {self.match_weight}')
        if not 0 <= self.blend < 1 or self.blend and not self.data:
            raise ValueError('blend: expected from 0 to below 1, and data for more than 0, got '
                             f'{self.blend} and data {self.data}')
        if not self.factors or len(set(self.factors)) != len(self.factors):
            raise ValueError(f'factors: expected some of {list(FACTORS)}, each once, got '
                             f'{list(self.factors)}')
        for factor in self.factors:
            check_choice('factors', factor, FACTORS)
        check_multiple('snapshot_every', self.snapshot_every, 'log_every', self.log_every)

    def command(self):
        """The command line of the run, without --logdir."""
        flags = [f'--{field.name}=' + (','.join(value) if field.name == 'factors' else str(value))
                 for field in dataclasses.fields(self)
                 if (value := getattr(self, field.name)) != field.default]
        return ' '.join(['python scripts/train_vae.py', *flags])


def train(run, logdir, progress=None):
    """Trains, or goes on where the run in `logdir` was interrupted.

    Leaves in logdir: config.json, coefficient_vae.npz with its card coefficient_vae.json,
    metrics.jsonl and TensorBoard curves (means since the line before), snapshots,
    scatter.png and faces.png (data beside decoded z).

    Args:
      run: a `VAERun`.
      logdir: a folder; made if need be.
      progress: None, or called after each step with (steps done, {'factor/term': value}).

    Returns:
      The card, a dict.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or logdir holds another run.
      FloatingPointError: if a loss is NaN or infinite; names the term.
      Interrupted: after SIGTERM, see `training.run.loop`.
    """
    # Data and networks.
    RunFolder.check(logdir, _plain(run))
    model = MorphableModel.load(run.model)
    people = _people(run, model)
    data = {factor: people[:, model.layout.factor_slice(factor)] for factor in run.factors}
    tf.random.set_seed(run.seed)  # weights that the start does not set
    all_vaes = CoefficientVAEs(model.layout).vaes
    vaes = {factor: all_vaes[factor] for factor in FACTORS if factor in run.factors}
    weight = visibility(model)
    for index, (factor, vae) in enumerate(vaes.items()):
        vae.set_normalization(*normalization(data[factor],
                                             weight[model.layout.factor_slice(factor)]))
        linear_start(vae, data[factor], [run.seed, index])
    trainer = VAETrainer(vaes, data, run.steps, run.batch, run.learning_rate,
                         run.match_weight, run.seed)

    # Steps. The folder is claimed once all that the run needs is there.
    loop = Loop(logdir, _plain(run), Every(run.log_every, run.snapshot_every),
                trainer.step_count, trainer=trainer.checkpoint)
    path = loop.folder.file(WEIGHTS)
    upkeep = _Upkeep(path, vaes, dict.fromkeys(vaes, _texts(run, model)), model.layout)
    loop.run(trainer.step, lambda: loop.step >= run.steps, upkeep, progress)

    # Results, of the weights as they are stored.
    upkeep.write()
    given = people if run.data else None
    card = {'file': WEIGHTS, 'command': run.command(), 'seconds': round(float(loop.seconds), 1),
            'data': f'{len(people)} people ' + (
                f'drawn from {model.name}' if not run.data else f'of {_name(run.data)}'
                + (f', {run.blend:.0%} of them drawn from {model.name}' if run.blend else '')),
            'model': model.name, **_texts(run, model), 'bytes': os.path.getsize(path),
            'tensorflow': tf.__version__, 'config': _plain(run),
            'figures': vae_metrics.evaluate(path, model, given, seed=run.seed)}
    files.write_json(loop.folder.file(CARD), card)
    pictures.write(loop.folder.path, vae_file.read(path), model, people, run.seed)
    return card


class _Upkeep(Upkeep):
    """The VAEs as a file, and their noise in the curves."""

    def __init__(self, path, vaes, texts, layout):
        self._path, self._vaes, self._texts, self._layout = path, vaes, texts, layout

    def row(self, terms):
        return {**terms, **{f'{factor}/gamma': float(np.exp(vae.log_gamma.numpy()))
                            for factor, vae in self._vaes.items()}}

    def keep(self, step, figures):
        self.write()

    def write(self):
        """Writes the weights as they are now."""
        vae_file.write(self._path, vae_file.StoredVAEs(
            {factor: vae.arrays() for factor, vae in self._vaes.items()}, self._texts,
            self._layout))


def _people(run, model):
    if not run.data:
        return sample_coefficients(model, run.count, [run.seed, TRAINING])
    people = coefficients.load(run.data, model)
    drawn = round(len(people) * run.blend / (1.0 - run.blend))
    if not drawn:
        return people
    return np.concatenate([people, sample_coefficients(model, drawn, [run.seed, TRAINING])])


def _plain(run):
    return {**dataclasses.asdict(run), 'factors': list(run.factors)}


def _texts(run, model):
    if run.data:
        return {'source': f'scripts/train_vae.py on {_name(run.data)}',
                'licence': f'{LICENCE}; the terms of the data apply as well'}
    return {'source': f'scripts/train_vae.py on samples of {model.name}',
            'licence': f'{LICENCE}; trained on samples of {model.name} ({model.licence})'}


def _name(source):
    """A file's or folder's own name."""
    return os.path.basename(os.path.normpath(source))
