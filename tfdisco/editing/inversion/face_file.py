"""Found faces as a small file beside the result: edit again without another search.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| generator | str | SHA-256 of the generator's weights, see `fingerprint` |
| coefficients | [K] float32 | that edits go from |
| ws | [num_ws, w_size] float32 | w+ |
| strength | [layers] float32 | of the noise |
| transform | [2, 3] float64 | pixel of the photograph to pixel of the aligned picture |
| changes/NAME | any, float16 | what tuning added to the weight NAME; none if not tuned |
"""

import hashlib
from typing import NamedTuple

import numpy as np

from tfdisco import files
from tfdisco.networks import generator_file

FORMAT, VERSION = 'tfdisco-inverted-face', 1
_CHANGES = 'changes/'


class StoredFace(NamedTuple):
    """What a file holds, see the module.

    coefficients: [K].
    ws: [num_ws, w_size].
    strength: [layers].
    transform: [2, 3].
    changes: {name: array}, see `tuning.Tuner`.
    """

    coefficients: np.ndarray
    ws: np.ndarray
    strength: np.ndarray
    transform: np.ndarray
    changes: dict


def fingerprint(generator):
    """SHA-256 of a generator's weights and their names, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name, value in sorted(generator_file.named_weights(generator).items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(np.asarray(value, np.float32)).tobytes())
    return digest.hexdigest()


def arrays(face, generator):
    """{name: array} of a `StoredFace` for `files.write_npz`."""
    named = {name: np.asarray(getattr(face, name)) for name in (
        'coefficients', 'ws', 'strength', 'transform')}
    return {'format': np.array(FORMAT), 'version': np.array(VERSION),
            'generator': np.array(fingerprint(generator)), **named,
            **{_CHANGES + name: np.asarray(value) for name, value in face.changes.items()}}


def read(path, faces):
    """Reads a face.

    Args:
      path: of the file.
      faces: the `FaceGenerator` it was found with.

    Returns:
      `StoredFace`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, or of another generator.
    """
    generator = faces.generator
    advice = 'make one with scripts/edit.py'
    found = files.read_npz(path, 'inverted face', FORMAT, VERSION, advice, {
        'generator': files.Array(files.TEXT, []),
        'coefficients': files.Array(files.FLOATS, [faces.inputs.layout.size], np.float32),
        'ws': files.Array(files.FLOATS, [generator.num_ws, generator.config.w_size], np.float32),
        'strength': files.Array(files.FLOATS, [len(generator.noise_sides())], np.float32),
        'transform': files.Array(files.FLOATS, [2, 3], np.float64),
        _CHANGES + '*': files.Array(files.FLOATS, dtype=np.float32)})
    if str(found['generator']) != fingerprint(generator):
        raise ValueError(f'{path}: expected a face found with this generator, got one of another '
                         'snapshot; pass that one as --snapshot, or search again')
    return StoredFace(**{name: found[name] for name in StoredFace._fields if name != 'changes'},
                      changes={name[len(_CHANGES):]: value for name, value in found.items()
                               if name.startswith(_CHANGES)})
