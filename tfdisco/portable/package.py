"""What a package of a training holds, and the door by which it comes in; without TensorFlow.

| file | content |
| --- | --- |
| package.json | `FORMAT`, the schedule, what each module takes and gives, checksums |
| modules/NAME.mlir | a part of the step, a portable StableHLO artefact |
| constants.npz | what parts read and nothing writes: perception, face model, VAEs |
| first.npz, last.npz | the state before the first step, and after the last one that was kept |
| images/ | real images, see `feed` |
| tfdisco/ | the runner |

Beside them the runner writes metrics.jsonl, generator.npz, discriminator.npz, their cards
and samples.png.
"""

import hashlib
import os
import zipfile
from typing import NamedTuple

import numpy as np

from tfdisco import files

FORMAT, VERSION = 'tfdisco-portable', 2
CARD, CONSTANTS, FIRST, LAST = 'package.json', 'constants.npz', 'first.npz', 'last.npz'
MODULES, IMAGES = 'modules', 'images'
ADVICE = 'make the package again with scripts/train.py --portable'
# Arguments of modules that are neither state nor constants, and the prefixes of those.
STATE, CONSTANT = 'state/', 'constants/'
# Numbers beside the state, of the host; int64.
COUNTERS = ('images_seen', 'steps', 'growth')
PARTS = {'card': dict, 'rows': list, 'modules': dict, 'state': dict, 'alike': dict, 'forget': list,
         'images': dict, 'log_every': int, 'snapshot_every': int, 'total_images': int,
         'files': dict, 'checksums': dict}


class Snapshot(NamedTuple):
    """State between two steps.

    Attributes:
      arrays: {name: array}.
      counters: {name of `COUNTERS`: int}.
      seconds: of training so far.
      recent: {term: (sum, count)} since the last line of the curves.
    """

    arrays: dict
    counters: dict
    seconds: float = 0.0
    recent: dict = {}


class Package:
    """A package on a disk.

    Attributes:
      path: its folder.
      card: package.json, a dict.
    """

    def __init__(self, path):
        """Reads package.json.

        Raises:
          FileNotFoundError: if there is none.
          ValueError: if it is not one of a package.
        """
        self.path = os.fspath(path)
        if not os.path.exists(self.file(CARD)):
            raise FileNotFoundError(f'expected a package with its {CARD}, got {self.path!r}; '
                                    f'{ADVICE}')
        self.card = files.read_json(self.file(CARD), ADVICE)
        found = self.card.get('format'), self.card.get('version')
        if found != (FORMAT, VERSION):
            raise ValueError(f'{self.file(CARD)}: expected format {FORMAT!r} of version {VERSION}, '
                             f'got {found}; {ADVICE}')
        for name, kind in PARTS.items():
            if not isinstance(self.card.get(name), kind):
                raise ValueError(f'{self.file(CARD)}: expected {name}, a {kind.__name__}, got '
                                 f'{type(self.card.get(name)).__name__}; {ADVICE}')

    def file(self, *names):
        """The path of a file in the package."""
        return os.path.join(self.path, *names)

    def read(self, *names):
        """The bytes of a file that was written with the package.

        Raises:
          FileNotFoundError: if it is not there.
          ValueError: if they are others.
        """
        path, name = self.file(*names), '/'.join(names)
        with open(path, 'rb') as file:
            data = file.read()
        expected, found = self.card['checksums'].get(name), hashlib.sha256(data).hexdigest()
        if found != expected:
            raise ValueError(f'{path}: expected the bytes that were written (SHA-256 {expected}), '
                             f'got others ({found}); copy the package again, or {ADVICE}')
        return data

    def constants(self):
        """{name: array}; raises ValueError if the file is damaged."""
        return files.read_npz(self.file(CONSTANTS), 'constants', advice=ADVICE)

    def snapshot(self):
        """The last `Snapshot`, or the one that training begins with.

        Raises:
          FileNotFoundError: if there is none.
          ValueError: if the file is damaged or of another package.
        """
        last = os.path.exists(self.file(LAST))
        path = self.file(LAST if last else FIRST)
        advice = f'remove it to begin anew from {FIRST}' if last else ADVICE
        kinds = {'f': files.FLOATS, 'i': files.INTEGERS}
        alike = {} if last else self.card['alike']
        stored = files.read_npz(path, 'state', advice=advice, arrays={
            **{STATE + name: files.Array(kinds[np.dtype(dtype).kind], shape, np.dtype(dtype).type)
               for name, (shape, dtype) in self.card['state'].items() if name not in alike},
            **{name: files.Array(files.INTEGERS, [], np.int64) for name in COUNTERS},
            'seconds': files.Array(files.FLOATS, []),
            'recent/*': files.Array(files.FLOATS, [2])})
        return Snapshot(
            # Copies, as a device may write where an array lies.
            {name: stored[STATE + alike[name]].copy() if name in alike else stored[STATE + name]
             for name in self.card['state']},
            {name: int(stored[name]) for name in COUNTERS}, float(stored['seconds']),
            {name[len('recent/'):]: tuple(value.tolist()) for name, value in stored.items()
             if name.startswith('recent/')})


def alike(arrays):
    """{name: another name with the same values}: what FIRST need not hold twice."""
    first, found = {}, {}
    for name, value in arrays.items():
        key = value.shape, value.dtype.str, value.tobytes()
        if first.setdefault(key, name) != name:
            found[name] = first[key]
    return found


def write_snapshot(path, snapshot, compression=zipfile.ZIP_STORED):
    """Writes a `Snapshot`; the file appears whole or not at all."""
    files.write_npz(path, {
        **{STATE + name: value for name, value in snapshot.arrays.items()},
        **{name: np.array(snapshot.counters[name], np.int64) for name in COUNTERS},
        'seconds': np.array(snapshot.seconds, np.float64),
        **{f'recent/{name}': np.array(value, np.float64)
           for name, value in snapshot.recent.items()}}, compression)
