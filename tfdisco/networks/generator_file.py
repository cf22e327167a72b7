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
from tfdisco.networks import build, factor_mapping
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.generator import sides
from tfdisco.shapes import check_choice, check_shape

FORMAT = 'tfdisco-generator'
VERSION = 1
CONTENT = 'generator'
TEXTS = ('config', 'source', 'licence')
_WEIGHTS = 'weights/'
# What a file holds of a network's weights, as `files.read_npz` wants it said.
WEIGHTS = {_WEIGHTS + '*': files.Array(files.FLOATS, dtype=np.float32)}
_STORED = {**{name: files.Array(files.TEXT, []) for name in TEXTS},
           _WEIGHTS + 'mapping/mean': files.Array(files.FLOATS, ['D'], np.float32), **WEIGHTS}


@dataclasses.dataclass(frozen=True)
class GeneratorSource:
    """What z and coefficients mean to a generator.

    Attributes:
      model: name or path of the morphable model of its coefficients, '' if it is not at hand.
      vaes: name or path of the VAEs that make them of z; files beside the generator's own
        come first.
      noise: size of the noise beside them.
      average_identity: (w_size floats) for the published truncation, see
        `editing.truncation.PublishedTruncation`; () for none.
    """

    model: str
    vaes: str
    noise: int
    average_identity: tuple = ()

    def __post_init__(self):
        """Raises ValueError on other types; JSON knows lists in place of tuples."""
        object.__setattr__(self, 'average_identity', tuple(self.average_identity))
        if [type(value) for value in (self.model, self.vaes, self.noise)] != [str, str, int] or (
                not all(isinstance(value, float) for value in self.average_identity)):
            raise ValueError('source: expected two texts, a number, and numbers')


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


def weight_arrays(path, network, dtype='float32'):
    """{name in a file: array} of a network's weights.

    Args:
      path: of the file, for messages.
      network: a Keras layer.
      dtype: 'float32', or 'float16' for half the size.

    Raises:
      ValueError: if a weight is not finite or does not fit the type.
    """
    check_choice('dtype', dtype, ('float16', 'float32'))
    arrays = {}
    for name, variable in named_weights(network).items():
        with np.errstate(over='ignore'):  # what overflows is infinite, and refused below
            arrays[_WEIGHTS + name] = np.asarray(variable).astype(dtype)
        if not np.isfinite(arrays[_WEIGHTS + name]).all():
            raise ValueError(f'{os.fspath(path)}: {name}: expected finite numbers of {dtype}, got '
                             'NaN or infinity')
    return arrays


def assign_weights(label, network, stored):
    """Gives a network the weights of `weight_arrays`.

    Args:
      label: the file, for messages.
      network: a Keras layer.
      stored: {name: array} of the file, finite; other arrays are none of weights.

    Raises:
      ValueError: unless they are the network's: all, of its shapes.
    """
    arrays = {name[len(_WEIGHTS):]: value for name, value in stored.items()
              if name.startswith(_WEIGHTS)}
    variables = named_weights(network)
    if set(arrays) != set(variables):
        raise ValueError(f'{label}: expected {len(variables)} arrays, got missing '
                         f'{sorted(set(variables) - set(arrays))}, unknown '
                         f'{sorted(set(arrays) - set(variables))}')
    for name, variable in variables.items():
        check_shape(f'{label}: {name}', arrays[name], list(variable.shape))
        variable.assign(arrays[name])


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
    arrays = weight_arrays(path, generator, dtype)
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
    stored = files.read_npz(path, CONTENT, FORMAT, VERSION, 'make one with scripts/train.py',
                            _STORED)
    try:
        config = NetworkConfig(**json.loads(str(stored['config'])))
        source = GeneratorSource(**json.loads(str(stored['source'])))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f'{label}: expected config and source of a generator, got '
                         f'{stored["config"]} and {stored["source"]} ({error})') from error
    arrays = {name[len(_WEIGHTS):]: value for name, value in stored.items()
              if name.startswith(_WEIGHTS)}
    if len(source.average_identity) not in (0, config.w_size):
        raise ValueError(f'{label}: source: average_identity: expected {config.w_size} numbers, '
                         f'got {len(source.average_identity)}')
    _check_sizes(config, arrays, label)
    try:
        generator = build.build_generator(config, len(arrays['mapping/mean']),
                                          factor_mapping.sizes_of(arrays))
    except ValueError as error:
        raise ValueError(f'{label}: {error}') from error
    assign_weights(label, generator, stored)
    return generator, source


def _check_sizes(config, arrays, label):
    """Raises ValueError, before a generator is made, if its weights have no such sizes."""
    largest = max(size for value in arrays.values() for size in value.shape)
    sizes = {'mapping_layers': (config.mapping_layers, len(arrays)),
             'w_size': (config.w_size, largest),
             'fmap_max': (max(config.channels(side) for side in sides(config.resolution)),
                          largest)}
    for name, (size, limit) in sizes.items():
        if size > limit:
            raise ValueError(f'{label}: config: {name}: expected {limit} at most, as the weights '
                             f'have, got {size}')
