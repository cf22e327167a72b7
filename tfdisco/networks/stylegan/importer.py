"""A published snapshot and what belongs to it as a generator.npz of this project."""

import os

import numpy as np

from tfdisco import files
from tfdisco.face3d.morphable_model import BUILT_IN as OPEN_HEAD
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks import discriminator_file, generator_file
from tfdisco.networks.stylegan import snapshot
from tfdisco.networks.vae import FACTORS
from tfdisco.networks.vae import file as vae_file
from tfdisco.networks.vae import published as published_vaes
from tfdisco.networks.vae.file import BUILT_IN

LICENCE = ('Weights of others: the terms are those of whoever trained them. The code they were '
           'trained with is StyleGAN, (c) 2019 NVIDIA, CC BY-NC 4.0, as changed by Microsoft, MIT.')


def import_generator(source, out, vaes, average_identity=None, model=''):
    """Writes the moving average of a snapshot as a generator.npz.

    The discriminator is written beside it, to NAME_discriminator.npz for NAME.npz, as are
    VAEs of a folder, to NAME_vaes.npz.

    Args:
      source: network-snapshot-NNN.pkl, see `snapshot.load`.
      out: the .npz to write; an existing file is replaced.
      vaes: the authors' folder vae/weights with id, exp, gamma and rot; or 'built-in', or a
        file of VAEs.
      average_identity: None, or the authors' average_w_id.txt, for their truncation.
      model: the morphable model of the coefficients, a name or a path; '' if there is none
        at hand: pictures can be made without it, but not rendered faces.

    Returns:
      `out`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or they do not belong together; nothing is
        then written.
    """
    files.check_target(out, '.npz')
    if vaes == BUILT_IN and model != OPEN_HEAD:
        raise ValueError('vaes: expected those of the face model '
                         f'{model or "it was trained with"}, got {BUILT_IN}, which are of '
                         f'{OPEN_HEAD}; pass the folder vae/weights, or --model={OPEN_HEAD} to try '
                         'things out')
    folder = os.path.isdir(vaes)
    stored = published_vaes.load_folder(vaes) if folder else vae_file.read(vaes)
    layout = vae_file.check_complete(
        stored, vaes, MorphableModel.load(model).layout if model else None, FACTORS)
    networks = snapshot.load(source)
    generator = networks.average
    noise = generator.input_size - layout.size
    if noise < 1:
        raise ValueError(f'{source}: expected inputs of the {layout.size} coefficients of '
                         f'{vaes} and noise, got {generator.input_size} numbers')
    average = read_average(average_identity, generator) if average_identity else ()
    if folder:
        folder, name = os.path.split(out)
        vaes = name[:-len('.npz')] + '_vaes.npz'
        vae_file.write(os.path.join(folder, vaes), stored, dtype='float32')
    discriminator_file.write(discriminator_file.beside(out), networks.discriminator, LICENCE)
    generator_file.write(out, generator, generator_file.GeneratorSource(
        model, vaes, noise, average), LICENCE)
    return out


def read_average(path, generator):
    """The mean w of identities without expression, pose, light and noise.

    Args:
      path: of average_w_id.txt: a line for each layer, all alike, or a single one.
      generator: that it belongs to.

    Returns:
      Tuple of w_size floats.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is of another generator, or no table of numbers.
    """
    shape = [generator.num_ws, generator.config.w_size]
    try:
        values = np.loadtxt(path, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f'{path}: expected lines of numbers, got other text ({error})') from error
    if values.shape not in (tuple(shape), (1, shape[1])) or not np.isfinite(values).all() or (
            np.abs(values - values[0]).max() > 1e-4 * np.abs(values).max()):
        raise ValueError(f'{path}: expected {shape[0]} equal lines of {shape[1]} numbers, got '
                         f'{list(values.shape)} or different lines; is it of another generator?')
    return tuple(map(float, values[0]))
