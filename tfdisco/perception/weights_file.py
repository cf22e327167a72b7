"""The file format of a perception network: one versioned .npz, read without pickle.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| kind | str | which network: 'reconstruction', 'recognition', 'parsing', 'dlib', 'mobilefacenet' |
| config | str | JSON object, the arguments that make the network |
| source, licence | str | where the weights come from, the terms of use |
| weights/NAME | any, float16 or float32 | as `PerceptionNetwork.frozen_arrays` names them |
"""

import dataclasses
import json
import os
import pathlib

import numpy as np

from tfdisco import files

FORMAT = 'tfdisco-perception-network'
VERSION = 1
BUILT_IN = 'built-in'
EXACT = ('offset', 'scale')  # always float32: they set the units
TEXTS = ('kind', 'config', 'source', 'licence')
LARGEST_INPUT = 1024  # pixels of a side of the pictures that a network looks at
_WEIGHTS = 'weights/'
_STORED = {**{name: files.Array(files.TEXT, []) for name in TEXTS},
           _WEIGHTS + '*': files.Array(files.FLOATS, dtype=np.float32)}
_PRETRAINED = pathlib.Path(__file__).resolve().parents[1] / 'pretrained'


@dataclasses.dataclass(frozen=True)
class StoredNetwork:
    """What a file holds.

    Attributes:
      kind: which network it is.
      config: dict that JSON can hold.
      arrays: {name: float32 array}.
      source, licence: texts.
    """

    kind: str
    config: dict
    arrays: dict
    source: str = ''
    licence: str = ''


def built_in(kind):
    """Path of the weights of a kind that tfdisco brings along."""
    return _PRETRAINED / f'{kind}.npz'


def read(path):
    """Reads and checks a file.

    Args:
      path: a path.

    Returns:
      `StoredNetwork`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, of another version, or damaged.
    """
    label = os.fspath(path)
    stored = files.read_npz(path, 'perception network', FORMAT, VERSION, 'make one with '
                            'scripts/train_perception.py or scripts/import_weights.py', _STORED)
    texts = {name: str(stored[name]) for name in TEXTS}
    try:
        config = json.loads(texts['config'])
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{label}: config: expected JSON, got {texts["config"]!r}') from error
    if not isinstance(config, dict):
        raise ValueError(f'{label}: config: expected a JSON object, got {texts["config"]!r}')
    arrays = {key[len(_WEIGHTS):]: value for key, value in stored.items()
              if key.startswith(_WEIGHTS)}
    _check(arrays, label)
    # Before a network of such sizes is made.
    largest = max(LARGEST_INPUT, *(size for value in arrays.values() for size in value.shape))
    if _largest(config) > largest:
        raise ValueError(f'{label}: config: expected sizes of {largest} at most, as the weights '
                         f'have, got {config}')
    return StoredNetwork(texts['kind'], config, arrays, texts['source'], texts['licence'])


def write(path, stored, dtype='float16'):
    """Checks `stored` and writes it; the file appears whole or not at all.

    The same network gives the same bytes: members are sorted and carry no time.

    Args:
      path: where to; an existing file is replaced.
      stored: `StoredNetwork`.
      dtype: 'float16' or 'float32'; the arrays in `EXACT` are float32 always.

    Raises:
      ValueError: if an array is not finite, does not fit the type, or is no array of floats.
    """
    if dtype not in ('float16', 'float32'):
        raise ValueError(f"dtype: expected 'float16' or 'float32', got {dtype!r}")
    with np.errstate(over='ignore'):  # what overflows is infinite, and fails the check
        kept = {name: np.asarray(value).astype(np.float32 if name in EXACT else dtype)
                for name, value in stored.arrays.items()}
    _check(kept, os.fspath(path))
    texts = {'kind': stored.kind, 'config': json.dumps(stored.config, sort_keys=True),
             'source': stored.source, 'licence': stored.licence}
    files.write_npz(path, {
        'format': np.array(FORMAT), 'version': np.array(VERSION, np.int32),
        **{name: np.array(text) for name, text in texts.items()},
        **{_WEIGHTS + name: value for name, value in kept.items()}})


def check_names(arrays, expected, label):
    """Raises ValueError, naming `label`, unless the arrays are those expected."""
    if set(arrays) != set(expected):
        raise ValueError(f'{label}: expected {len(set(expected))} arrays, got missing '
                         f'{sorted(set(expected) - set(arrays))}, unknown '
                         f'{sorted(set(arrays) - set(expected))}')


def _largest(value):
    """The largest number in a value that JSON can hold."""
    if isinstance(value, (dict, list)):
        return max(map(_largest, value.values() if isinstance(value, dict) else value), default=0)
    return abs(value) if isinstance(value, (int, float)) else 0


def _check(arrays, label):
    if not arrays:
        raise ValueError(f'{label}: expected weights, got none')
    for name, value in arrays.items():
        if not np.issubdtype(value.dtype, np.floating):
            raise ValueError(f'{label}: {name}: expected floats, got {value.dtype}')
        if not np.isfinite(value).all():
            raise ValueError(f'{label}: {name}: expected finite numbers, got NaN or infinity')
