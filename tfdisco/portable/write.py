"""Writes the package of a training."""

import contextlib
import dataclasses
import hashlib
import io
import json
import math
import os
import pathlib
import shutil
import tempfile
import zipfile

import numpy as np
import tensorflow as tf
from PIL import Image

import tfdisco
from tfdisco import files
from tfdisco.data.records import folder as records
from tfdisco.data.records.stream import ImageStream
from tfdisco.networks import discriminator_file, generator_file
from tfdisco.portable import feed, lowering, package, table
from tfdisco.shapes import check_choice
from tfdisco.training.gan import card as gan_card
from tfdisco.training.gan import run as gan_run
from tfdisco.training.gan import start
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.upkeep import DISCRIMINATOR, GENERATOR
from tfdisco.training.run.folder import history

PICTURES = ('jpeg', 'png', 'array')
QUALITY = 92  # of JPEG
SHARD_BYTES = 32 << 20
SAMPLES, COLUMNS = 16, 4  # faces of the runner's sheet
# What of tfdisco the runner is made of.
RUNNER = ('__init__.py', 'files.py', 'portable/__init__.py', 'portable/package.py',
          'portable/feed.py', 'portable/program.py', 'portable/results.py', 'portable/run.py')


def write(config, path, pictures='jpeg', processes=1, progress=None):
    """Writes the package of a training that has not begun.

    Args:
      config: `config.GanConfig`.
      path: a folder that is not there yet; it appears whole or not at all.
      pictures: how images are kept: 'jpeg', which changes them a little, 'png' or 'array'.
      processes: that make faces, if none are given.
      progress: None, or called with what is being done, a text.

    Raises:
      FileExistsError: if there is something at `path`.
      FileNotFoundError, ValueError: see `gan.run.train`; ValueError also if the step does not
        lower.
      OSError: if something cannot be written.
    """
    check_choice('portable_images', pictures, PICTURES)
    path = os.path.abspath(path)
    if os.path.exists(path):
        raise FileExistsError(f'portable: expected a folder that is not there yet, got {path}; '
                              'name another, or delete it')
    say = progress or (lambda text: None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_reference_ops())
        work = stack.enter_context(_appearing(path))
        parts = gan_run.load(config)
        data = config.source.data
        if not data:
            say('faces')
            data = gan_run.make_faces(config, stack.enter_context(
                tempfile.TemporaryDirectory(dir=os.path.dirname(path))), processes)
        trainer = gan_run.make_trainer(config, *parts)
        say('images')
        count = _write_images(os.path.join(work, package.IMAGES), config, data, pictures)
        rows, modules, constants, sheets = _lower(config, trainer, say)
        os.mkdir(os.path.join(work, package.MODULES))
        for name, module in modules.items():
            _write(os.path.join(work, package.MODULES, f'{name}.mlir'), module.module)
        files.write_npz(os.path.join(work, package.CONSTANTS), constants.arrays)
        state = {name: np.asarray(variable) for name, variable in trainer.variables().items()
                 if name not in rows[0]['rates']}
        # Moments begin at 0 and the average as the generator does.
        alike = package.alike(state)
        package.write_snapshot(os.path.join(work, package.FIRST), package.Snapshot(
            {name: value for name, value in state.items() if name not in alike},
            dict.fromkeys(package.COUNTERS, 0)), zipfile.ZIP_DEFLATED)
        _copy_runner(work)
        _write(os.path.join(work, package.CARD), json.dumps({
            'format': package.FORMAT, 'version': package.VERSION,
            'card': _card(config, data), 'rows': rows, 'sheets': sheets, 'columns': COLUMNS,
            'modules': {name: {'inputs': module.inputs, 'outputs': module.outputs,
                               'result': module.result, 'terms': module.terms}
                        for name, module in modules.items()},
            'state': {name: [list(value.shape), str(value.dtype)]
                      for name, value in state.items()},
            'alike': alike,
            'forget': [name for name in state if name.split('/')[0].endswith(
                ('_first', '_second', '_steps'))],
            'images': {'count': count, 'seed': config.source.seed,
                       'mirror': config.source.mirror},
            'log_every': config.upkeep.log_every,
            'snapshot_every': config.upkeep.snapshot_every,
            'total_images': Schedule(config.network, config.loss, config.schedule).total_images,
            'files': _file_texts(config, trainer, data),
            'checksums': {f'{package.MODULES}/{name}.mlir':
                          hashlib.sha256(module.module).hexdigest()
                          for name, module in modules.items()},
            'tensorflow': tf.__version__, 'tfdisco': tfdisco.__version__}, indent=1).encode())


@dataclasses.dataclass
class _Module:
    module: bytes
    inputs: list
    outputs: list
    result: tuple
    terms: list


def _lower(config, trainer, say):
    """Rows of the schedule, {name: `_Module`}, `lowering.Constants`, {side: name of a sheet}."""
    loss, constants, variables = config.loss, lowering.Constants(), trainer.variables()
    period = math.lcm(loss.r1_every, loss.path_length_every if loss.path_length_weight else 1)
    rows = table.rows(Schedule(config.network, config.loss, config.schedule), trainer.parts,
                      trainer.learning_rates, period)
    scalars = {'fade': tf.TensorSpec([], tf.float32), 'seen': tf.TensorSpec([], tf.int64)}
    modules, names, sheets = {}, {}, {}

    def module(key):
        if key not in names:
            resolution, batch, part = key
            name = names[key] = f'{len(names):02d}-{part.name}-{resolution}'
            say(name)
            images = {'images': tf.TensorSpec([batch, resolution, resolution, 3], tf.uint8)}
            lowered = lowering.lower(
                lambda *tensors: trainer.compute(tensors, *key),
                {**(images if part.reals else {}), **scalars}, variables, constants)
            modules[name] = _Module(*lowered, trainer.term_names[key])
        return names[key]

    for row in rows:
        shape = row['resolution'], row['batch']
        row['cycle'] = [None if parts is None else [module((*shape, part)) for part in parts]
                        for parts in row['cycle']]
        if str(shape[0]) not in sheets:
            name = sheets[str(shape[0])] = f'sheet-{shape[0]}'
            say(name)
            modules[name] = _Module(*lowering.lower(
                _sheet(trainer, config.source.seed, shape[0]), {'fade': scalars['fade']},
                variables, constants), [])
    return rows, modules, constants, sheets


def _sheet(trainer, seed, resolution):
    """A function of fade to the faces of the runner's sheet, [SAMPLES, R, R, 3] uint8."""
    z = np.random.default_rng(seed).standard_normal([SAMPLES, trainer.inputs.latents], np.float32)

    def draw(fade):
        grows = trainer.average.config.arch != 'stylegan2'
        faces = trainer.average(trainer.inputs(tf.constant(z)), resolution=resolution,
                                fade=fade if grows else 1.0)
        return tf.cast(tf.round(tf.clip_by_value(faces * 127.5 + 127.5, 0.0, 255.0)), tf.uint8)

    return draw


def _write_images(folder, config, data, pictures):
    """Writes all images at the size of the network; returns how many."""
    os.mkdir(folder)
    side = config.network.resolution
    stream = ImageStream(data, side, config.source.seed)

    def image(number):
        found = np.asarray(Image.open(io.BytesIO(stream.png(number))).convert('RGB'))
        return feed.reduced(found, side)

    def encoded(number):
        buffer, options = io.BytesIO(), {'quality': QUALITY} if pictures == 'jpeg' else {}
        Image.fromarray(image(number)).save(buffer, pictures, **options)
        return buffer.getvalue()

    if pictures == 'array':
        array = np.lib.format.open_memmap(os.path.join(folder, feed.ARRAY), 'w+', np.uint8,
                                          (len(stream), side, side, 3))
        for number in range(len(stream)):
            array[number] = image(number)
        array.flush()
    else:
        feed.write_shards(folder, map(encoded, range(len(stream))), SHARD_BYTES)
    return len(stream)


def _card(config, data):
    """What the cards of generator and discriminator say beside figures."""
    card = records.read_card(data)
    return {'command': config.command(), 'data': card, 'licence': gan_card.licence(card),
            'before': {name: history(start.origin(config.source.start, name), name)
                       for name in ('generator', 'discriminator')}}


def _file_texts(config, trainer, data):
    """{file: {array: text}}: what the files that the runner writes hold beside weights."""
    source = generator_file.GeneratorSource(config.source.model, config.source.vaes,
                                            config.source.noise)
    licence = _card(config, data)['licence']

    def text(value):
        return json.dumps(dataclasses.asdict(value), sort_keys=True)

    return {GENERATOR: {'weights': 'average', 'format': generator_file.FORMAT,
                        'version': generator_file.VERSION, 'licence': licence,
                        'config': text(trainer.average.config), 'source': text(source)},
            DISCRIMINATOR: {'weights': 'discriminator', 'format': discriminator_file.FORMAT,
                            'version': discriminator_file.VERSION, 'licence': licence,
                            'config': text(trainer.discriminator.config)}}


def _copy_runner(folder):
    home = pathlib.Path(tfdisco.__file__).parent
    for name in RUNNER:
        target = pathlib.Path(folder, 'tfdisco', name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home / name, target)


def _write(path, data):
    with files.replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def _reference_ops():
    """Makes ops standard ones, which all devices have."""
    before = os.environ.get('TFDISCO_OPS')
    if before == 'native':
        raise ValueError('TFDISCO_OPS: expected auto or reference for a package, got native; '
                         'unset the environment variable')
    os.environ['TFDISCO_OPS'] = 'reference'
    try:
        yield
    finally:
        os.environ.pop('TFDISCO_OPS')
        if before is not None:
            os.environ['TFDISCO_OPS'] = before


@contextlib.contextmanager
def _appearing(path):
    """A new folder that becomes `path` when the block ends well."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    work = tempfile.mkdtemp(dir=os.path.dirname(path), suffix='.part')
    try:
        yield work
        os.chmod(work, 0o755)
        os.rename(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
