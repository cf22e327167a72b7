"""Converts published weights into files of `weights_file`."""

import gzip
import json
import math
import os
import tarfile
import zlib

import numpy as np

from tfdisco import files
from tfdisco.ops.build import cache_root
from tfdisco.perception import weights_file
from tfdisco.perception.dlib_descriptor import DlibDescriptor

PACKAGE = '@vladmandic/face-api'
MANIFEST = 'package/model/face_recognition_model-weights_manifest.json'
LICENCE = 'MIT, Copyright (c) Vladimir Mandic; weights by Davis E. King, public domain'
LARGEST_TEXT = 1 << 20  # bytes of a JSON file that is read
_TYPES = {'float32': '<f4', 'float16': '<f2', 'uint8': '|u1', 'uint16': '<u2'}  # stored ones


def imported(kind):
    """Path of a file that scripts/import_weights.py writes unless told otherwise."""
    return cache_root() / 'weights' / f'{kind}.npz'


def import_dlib(source, out=None):
    """Writes the weights of `DlibDescriptor`.

    The scales that the published graph applies behind each convolution are folded into it.

    Args:
      source: the npm package @vladmandic/face-api as a .tgz, which `npm pack
        @vladmandic/face-api@1.7.15` downloads. Nothing of it is unpacked to disk.
      out: where to, .npz; None is where `Recognition.load('dlib')` looks.

    Returns:
      The path written.

    Raises:
      FileNotFoundError: if `source`, or the folder of `out`, does not exist.
      ValueError: if it is not that package.
    """
    if out is None:
        out = imported(DlibDescriptor.KIND)
        out.parent.mkdir(parents=True, exist_ok=True)
    files.check_target(out, '.npz')
    network = DlibDescriptor()
    layers = {name: tuple(unit.kernel.shape) for name, unit in network.units.items()}
    package, published = _read(os.fspath(source), _published_shapes(layers))
    arrays = {}
    for name, shape in layers.items():
        if name == 'fc':
            arrays['fc/kernel'], arrays['fc/bias'] = published['fc'], np.zeros(shape[-1])
            continue
        scale = published[f'{name}/scale/weights']
        arrays[f'{name}/kernel'] = published[f'{name}/conv/filters'] * scale
        arrays[f'{name}/bias'] = (published[f'{name}/conv/bias'] * scale
                                  + published[f'{name}/scale/biases'])
    network.set_frozen_arrays(arrays)
    weights_file.write(out, network.stored(package, LICENCE))
    return out


def _published_shapes(layers):
    """{published name: shape} of {name: kernel's shape}."""
    result = {'fc': layers['fc']}
    for name, shape in layers.items():
        if name != 'fc':
            result[f'{name}/conv/filters'] = shape
            result.update({f'{name}/{part}': shape[-1:]
                           for part in ('conv/bias', 'scale/weights', 'scale/biases')})
    return result


def _read(path, shapes):
    """The package's name with its version, and {published name: float64 array}."""
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode='r:') as archive:
            package = json.loads(_member(archive, 'package/package.json', LARGEST_TEXT))
            if package['name'] != PACKAGE:
                raise ValueError(f'the package {package["name"]!r}')
            group, = json.loads(_member(archive, MANIFEST, LARGEST_TEXT))
            entries = {entry['name']: entry for entry in group['weights']}
            if {name: tuple(entry['shape']) for name, entry in entries.items()} != shapes:
                raise ValueError("weights of other names or shapes than dlib's descriptor has")
            size = sum(_bytes(entry) for entry in entries.values())
            folder = os.path.dirname(MANIFEST)
            data = b''.join(_member(archive, f'{folder}/{name}', size)
                            for name in group['paths'])
            if len(data) != size:
                raise ValueError(f'{len(data)} bytes of weights, and not {size}')
            values = _decode(data, entries)
            while stream.read(LARGEST_TEXT):  # to the end, where the checksum is
                pass
    except FileNotFoundError:
        raise
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, KeyError, TypeError,
            AttributeError) as error:
        raise ValueError(f'{path}: expected the npm package {PACKAGE} as a .tgz, got one that '
                         f'cannot be used: {error}') from error
    return f'npm {PACKAGE} {package.get("version")}', values


def _member(archive, name, limit):
    """The content of a file in the archive, `limit` bytes at most."""
    member = archive.getmember(name)  # KeyError says which is missing
    file = archive.extractfile(member)
    if file is None or member.size > limit:
        raise ValueError(f'{name}: expected a file of {limit} bytes at most, got {member.size}')
    return file.read()


def _stored_type(entry):
    quantization = entry.get('quantization')
    return np.dtype(_TYPES[quantization['dtype'] if quantization else entry['dtype']])


def _bytes(entry):
    return math.prod(entry['shape']) * _stored_type(entry).itemsize


def _decode(data, entries):
    """Walks the arrays in the manifest's order."""
    result, offset = {}, 0
    for name, entry in entries.items():
        values = np.frombuffer(data, _stored_type(entry), math.prod(entry['shape']), offset)
        offset += _bytes(entry)
        values = values.astype(np.float64).reshape(entry['shape'])
        quantization = entry.get('quantization')
        if quantization and quantization['dtype'] != 'float16':
            values = values * quantization['scale'] + quantization['min']
        if not np.isfinite(values).all():
            raise ValueError(f'NaN or infinity in {name}')
        result[name] = values
    return result
