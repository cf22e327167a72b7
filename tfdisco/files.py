"""Files that appear whole or not at all."""

import contextlib
import io
import lzma
import os
import tempfile
import zipfile
import zlib

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


def read_npz(path, content, form, version, advice):
    """Reads an .npz of a versioned format, without pickle.

    Args:
      path: of the file, or the file, open for reading bytes.
      content: what the file should hold, for messages.
      form, version: what its arrays `format` and `version` have to say.
      advice: what to do about a file of another format or version.

    Returns:
      {name: array}.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it cannot be read, or is of another format or version.
    """
    label = getattr(path, 'name', content) if hasattr(path, 'read') else os.fspath(path)
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError('a single array')
        with archive:
            stored = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, RuntimeError,
            zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f'{label}: expected a {content} .npz, got a file that cannot be read '
                         f'({error})') from error
    for name, wanted, got in (
            ('a file of format', repr(form), repr(str(stored.get('format', 'none')))),
            ('format version', str(version), str(stored.get('version', 'none')))):
        if got != wanted:
            raise ValueError(f'{label}: expected {name} {wanted}, got {got}; {advice}')
    return stored


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
