"""What a run begins with: weights of another run, of a generator's file, or of what ships."""

import dataclasses
import os
import warnings

from tfdisco.networks import discriminator_file, generator_file, trained
from tfdisco.networks.stylegan2 import grow
from tfdisco.training.gan.distil import distil
from tfdisco.training.gan.upkeep import GENERATOR
from tfdisco.training.run import folder as run_folder

# Fields of networks that may differ from those of a file: its weights mean the same.
FREE = ('precision', 'low_precision_resolutions', 'minibatch_group')
# Those of a mapping; one of another kind is taught by the file's (`distil`).
MAPPING = ('mapping', 'mapping_layers', 'mapping_speed')
SUFFIX = '.npz'  # of a generator's file, by which it is told from the folder of a run


def origin(start, network):
    """Where the weights of a network come from, and its card beside them.

    Args:
      start: `config.SourceConfig.start`.
      network: 'generator' or 'discriminator'.

    Returns:
      '' if it begins anew, the folder of a run, or a file; of the folder of a portable
      package, its file.
    """
    path = trained.resolve(start)
    if path and not path.endswith(SUFFIX):
        # A portable package that was trained has files and no snapshots.
        file = os.path.join(path, GENERATOR)
        if os.path.isdir(run_folder.RunFolder.snapshots_of(path)) or not os.path.isfile(file):
            return path
        path = file
    if not path:
        return ''
    if network == 'generator':
        return path
    path = discriminator_file.beside(path)
    return path if os.path.exists(path) else ''


def restore(config, trainer):
    """Gives a trainer's networks the weights that `config.source.start` names.

    Of a file, the generator and its average begin alike; the discriminator begins anew
    unless its file lies beside (`discriminator_file.beside`). A mapping of another kind than
    the file's learns from it first. Networks of stylegan2 grow to the run's resolution.

    Args:
      config: `config.GanConfig`.
      trainer: `GanTrainer`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if a file or run is not as expected, or is of other networks or another face
        model than this run; names every field that differs.
    """
    start = config.source.start
    path, beside = (origin(start, network) for network in ('generator', 'discriminator'))
    if path and path == beside:  # a run
        run_folder.restore_weights(path, generator=trainer.generator, average=trainer.average,
                                   discriminator=trainer.discriminator)
    elif path:
        generator, source = generator_file.read(path)
        _check(path, config, generator.config, {
            'model': source.model, 'noise': source.noise})
        # What it takes are coefficients, whoever makes them; but one ought to know.
        vaes = trained.vaes_of(path, source)
        if vaes != config.source.vaes:
            warnings.warn(f'start: {path} learned with --vaes={vaes}, this run has '
                          f'--vaes={config.source.vaes}: its faces will be other ones at first',
                          stacklevel=2)
        discriminator = None
        if beside:
            discriminator = discriminator_file.read(beside)
            _check(beside, config, discriminator.config)
        resolution = config.network.resolution
        if _grows(config, generator.config):
            generator = grow.grown_generator(generator, resolution)
            discriminator = discriminator and grow.grown_discriminator(discriminator, resolution)
        if generator.config.mapping != config.network.mapping:
            left = distil(trainer.generator.mapping, generator.mapping, trainer.inputs,
                          config.source.seed)
            warnings.warn(f'start: the mapping of {path} is of another kind; the new one says '
                          f'{1 - left:.0%} of what it says (of the variance of w)', stacklevel=2)
            _assign(path, trainer.generator, generator, without='mapping/')
        else:
            _assign(path, trainer.generator, generator)
        trainer.restart_average()
        if discriminator:
            _assign(beside, trainer.discriminator, discriminator)


def _grows(config, network):
    """Whether networks of a file become those of a run by `networks.stylegan2.grow`."""
    return network.arch == 'stylegan2' and config.network.resolution > network.resolution


def _check(path, config, network, source=()):
    """Raises ValueError unless a file is of what a run is of."""
    theirs = {**dataclasses.asdict(network), **dict(source)}
    free = FREE + (MAPPING if network.mapping != config.network.mapping else ())
    free += ('resolution',) if _grows(config, network) else ()
    ours = {**config.values(), **{name: theirs[name] for name in free}}
    differ = [name for name, value in theirs.items() if ours[name] != value]
    if differ:
        raise ValueError(
            f'start: expected a file of {_flags(ours, differ)}, as this run is of, got {path} of '
            f'{_flags(theirs, differ)}; pass {"this" if len(differ) == 1 else "these"}, or '
            'another --start')


def _flags(values, names):
    return ' '.join(f'--{name}={values[name]}' for name in names)


def _assign(path, network, other, without=None):
    stored = generator_file.weight_arrays(path, other)
    if without:
        ours = generator_file.weight_arrays(path, network)
        stored = {**{name: value for name, value in ours.items() if without in name},
                  **{name: value for name, value in stored.items() if without not in name}}
    generator_file.assign_weights(f'start: {path}', network, stored)
