"""The file format of a discriminator: one versioned .npz, read without pickle.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| config | str | JSON object, the fields of `config.NetworkConfig` |
| licence | str | the terms of use |
| weights/NAME | any, float16 or float32 | as `generator_file.named_weights` names them |
"""

import dataclasses
import json
import os

import numpy as np

from tfdisco import files
from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.generator_file import WEIGHTS, assign_weights, weight_arrays

FORMAT = 'tfdisco-discriminator'
VERSION = 1
CONTENT = 'discriminator'
TEXTS = ('config', 'licence')


def beside(path):
    """Where the discriminator that learned with a generator's file lies, if it is kept.

    That of generator.npz is discriminator.npz, that of NAME.npz is NAME_discriminator.npz.
    """
    folder, name = os.path.split(os.fspath(path))
    stem = os.path.splitext(name)[0]
    return os.path.join(folder, f'{CONTENT}.npz' if stem == 'generator' else
                        f'{stem}_{CONTENT}.npz')


def write(path, discriminator, licence='', dtype='float32'):
    """Writes a discriminator; the file appears whole or not at all.

    Args:
      path: where to; an existing file is replaced.
      discriminator: of `networks.build`.
      licence: the terms of use.
      dtype: 'float32', or 'float16' for half the size.

    Raises:
      ValueError: if a weight is not finite or does not fit the type.
    """
    files.write_npz(path, {
        'format': np.array(FORMAT), 'version': np.array(VERSION, np.int32),
        'config': np.array(json.dumps(dataclasses.asdict(discriminator.config), sort_keys=True)),
        'licence': np.array(licence), **weight_arrays(path, discriminator, dtype)})


def read(path):
    """Reads a discriminator.

    Args:
      path: of the file.

    Returns:
      The discriminator.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, of another version, or damaged.
    """
    label = os.fspath(path)
    stored = files.read_npz(path, CONTENT, FORMAT, VERSION, 'make one with scripts/train.py',
                            {**{name: files.Array(files.TEXT, []) for name in TEXTS}, **WEIGHTS})
    try:
        config = NetworkConfig(**json.loads(str(stored['config'])))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f'{label}: expected config of a discriminator, got '
                         f'{stored["config"]} ({error})') from error
    discriminator = build.build_discriminator(config)
    assign_weights(label, discriminator, stored)
    return discriminator
