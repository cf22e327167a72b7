"""Files that appear whole or not at all."""

import contextlib
import io
import os
import tempfile
import zipfile

import numpy as np


@contextlib.contextmanager
def replacing(path):
    """Opens a new binary file that takes the place of `path` when the block ends well.

    If the block raises, what was at `path` stays as it was.
    """
    folder, name = os.path.split(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as file:
            yield file
        os.chmod(temporary, 0o644)
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        os.unlink(temporary)
        raise


def check_target(path, ending):
    """Checks before long work that a file can be written.

    Raises:
      FileNotFoundError: if its folder does not exist.
      ValueError: if its name does not end as expected.
    """
    if not os.fspath(path).endswith(ending):
        raise ValueError(f'out: expected a path that ends in {ending}, got {os.fspath(path)!r}')
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'out: expected an existing folder, got {folder!r}; create it')


def write_npz(path, arrays, compression=zipfile.ZIP_DEFLATED):
    """Writes {name: array} without pickle; the same arrays give the same bytes.

    Members are sorted and carry no time.
    """
    with replacing(path) as file, zipfile.ZipFile(file, 'w') as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(arrays[name], order='C'),
                                      allow_pickle=False)
            info = zipfile.ZipInfo(name + '.npy', (1980, 1, 1, 0, 0, 0))
            info.compress_type = compression
            archive.writestr(info, member.getvalue())
