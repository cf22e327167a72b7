"""Which files a report is about: paths and hashes."""

import hashlib
import os
import pathlib

from tfdisco.metrics.judge import MESH
from tfdisco.networks import trained
from tfdisco.perception import importers, weights_file

DEFAULT = 'generator'  # stem of a run's file, which says nothing: its folder does


def snapshots(paths):
    """{name for people: {'path', 'sha256'}} of generators.

    Args:
      paths: 'built-in' or paths.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if there is none.
    """
    if not paths:
        raise ValueError('snapshot: expected built-in or paths of generator.npz, got none')
    result = {}
    for path in paths:
        name = path
        if path != trained.BUILT_IN:
            stem = pathlib.Path(path).stem
            name = pathlib.Path(path).resolve().parent.name if stem == DEFAULT else stem
        number, unique = 2, name
        while unique in result:
            unique, number = f'{name}-{number}', number + 1
        result[unique] = {'path': path, 'sha256': sha256(trained.resolve(path))}
    return result


def networks(judge=None, inception=None, vgg16=None, **perception):
    """{kind: {'path', 'sha256'}} of the networks that look.

    Args:
      judge: None, or names as in `metrics.judge.Judge.load`.
      inception, vgg16: None, or a path.
      **perception: {kind: 'built-in', a name of `importers.PACKAGES` or a path}.

    Raises:
      FileNotFoundError: if a file is missing.
    """
    found = dict(perception)
    found.update({f'judge {name}': name for name in map(str.strip, (judge or '').split(','))
                  if name not in ('', MESH)})  # the mesh comes with its package
    given = {'inception': inception, 'vgg16': vgg16}
    found.update({kind: path for kind, path in given.items() if path})
    result = {}
    for kind, name in found.items():
        path = name
        if name == weights_file.BUILT_IN:
            path = weights_file.built_in(kind)
        elif name in importers.PACKAGES:
            path = importers.imported(name)
        result[kind] = {'path': name, 'sha256': sha256(path)}
    return result


def sha256(path):
    """Of a file, as hexadecimal digits; FileNotFoundError if there is none."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f'expected a file, got {os.fspath(path)!r}')
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
