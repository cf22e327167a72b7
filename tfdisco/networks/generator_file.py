"""The file format of a generator: one versioned .npz, read without pickle.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| config | str | JSON object, the fields of `config.NetworkConfig` |
| source | str | JSON object: model, vaes and noise that the inputs are made with |
| licence | str | the terms of use |
| weights/NAME | any, float16 or float32 | as `named_weights` names them |
"""

import dataclasses
import json
import os

import numpy as np
import tensorflow as tf

from tfdisco import files
from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig
from tfdisco.shapes import check_choice, check_shape

FORMAT = 'tfdisco-generator'
VERSION = 1
CONTENT = 'generator'
TEXTS = ('config', 'source', 'licence')
_WEIGHTS = 'weights/'


@dataclasses.dataclass(frozen=True)
class GeneratorSource:
    """What z and coefficients mean to a generator.

    Attributes:
      model: name or path of the morphable model of its coefficients.
      vaes: name or path of the VAEs that make them of z.
      noise: size of the noise beside them.
    """

    model: str
    vaes: str
    noise: int


def named_weights(layer, prefix=''):
    """{path of attributes: variable} of a layer and all in it, the same with every Keras."""
    result = {}
    for name, value in sorted(vars(layer).items()):
        if name.startswith('_'):
            continue
        if isinstance(value, tf.keras.layers.Layer):
            result.update(named_weights(value, f'{prefix}{name}/'))
        elif any(value is weight for weight in layer.weights):
            result[prefix + name] = value
    return result


def write(path, generator, source, licence='', dtype='float32'):
    """Writes a generator; the file appears whole or not at all.

    Args:
      path: where to; an existing file is replaced.
      generator: of `networks.build`.
      source: `GeneratorSource`.
      licence: the terms of use.
      dtype: 'float32', or 'float16' for half the size.

    Raises:
      ValueError: if a weight is not finite or does not fit the type.
    """
    check_choice('dtype', dtype, ('float16', 'float32'))
    arrays = {}
    for name, variable in named_weights(generator).items():
        with np.errstate(over='ignore'):  # what overflows is infinite, and refused below
            arrays[_WEIGHTS + name] = np.asarray(variable).astype(dtype)
        if not np.isfinite(arrays[_WEIGHTS + name]).all():
            raise ValueError(f'{os.fspath(path)}: {name}: expected finite numbers of {dtype}, got '
                             'NaN or infinity')
    files.write_npz(path, {
        'format': np.array(FORMAT), 'version': np.array(VERSION, np.int32),
        'config': np.array(json.dumps(dataclasses.asdict(generator.config), sort_keys=True)),
        'source': np.array(json.dumps(dataclasses.asdict(source), sort_keys=True)),
        'licence': np.array(licence), **arrays})


def read(path):
    """Reads a generator.

    Args:
      path: of the file.

    Returns:
      The generator, and its `GeneratorSource`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, of another version, or damaged.
    """
    label = os.fspath(path)
    stored = files.read_npz(path, CONTENT, FORMAT, VERSION, 'make one with scripts/train.py')
    missing = [name for name in TEXTS if name not in stored]
    if missing:
        raise ValueError(f'{label}: expected texts {list(TEXTS)}, got none called {missing}')
    try:
        config = NetworkConfig(**json.loads(str(stored['config'])))
        source = GeneratorSource(**json.loads(str(stored['source'])))
    except (TypeError, ValueError) as error:
        raise ValueError(f'{label}: expected config and source of a generator, got '
                         f'{stored["config"]} and {stored["source"]} ({error})') from error
    arrays = {name[len(_WEIGHTS):]: value for name, value in stored.items()
              if name.startswith(_WEIGHTS)}
    size = arrays.get('mapping/mean', np.zeros(0)).shape[0]
    generator = build.build_generator(config, size)
    variables = named_weights(generator)
    if set(arrays) != set(variables):
        raise ValueError(f'{label}: expected {len(variables)} arrays, got missing '
                         f'{sorted(set(variables) - set(arrays))}, unknown '
                         f'{sorted(set(arrays) - set(variables))}')
    for name, variable in variables.items():
        check_shape(f'{label}: {name}', arrays[name], list(variable.shape))
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f'{label}: {name}: expected finite numbers, got NaN or infinity')
        variable.assign(arrays[name].astype(np.float32))
    return generator, source
