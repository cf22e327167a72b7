"""Files that appear whole or not at all, and the one door by which arrays and JSON come in."""

import contextlib
import fnmatch
import functools
import io
import json
import math
import os
import sys
import tempfile
import zipfile
from typing import NamedTuple, Optional, Sequence

import numpy as np

# NumPy's letters of types.
FLOATS, INTEGERS, NUMBERS, TEXT, TRUTH, PLAIN = 'f', 'iu', 'iuf', 'SU', 'b', 'iufSUb'
_KINDS = {FLOATS: 'floats', INTEGERS: 'integers', NUMBERS: 'numbers', TEXT: 'text',
          TRUTH: 'bool', PLAIN: 'numbers or text'}
MEMBER = '.npy'  # how the name of an array ends in the archive
LARGEST = 1 << 31  # bytes of all arrays of a file
PIECE = 1 << 14  # bytes; LZMA may make some thousand times as many of them at once


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


class Array(NamedTuple):
    """What an array of an .npz has to be.

    Attributes:
      kind: `FLOATS`, `INTEGERS`, `NUMBERS` (either), `TEXT`, `TRUTH` or `PLAIN` (any of these).
      shape: None for any, or sizes: a number, None for any, or a letter for one that is the
        same wherever it stands in a file.
      dtype: what to return it as; None for as it is stored, texts as str.
      optional: whether it may be missing.
    """

    kind: str = PLAIN
    shape: Optional[Sequence] = None
    dtype: Optional[type] = None
    optional: bool = False


class _Member(NamedTuple):
    """An array in a file, before it is read: its place, its header, what it should be."""

    info: zipfile.ZipInfo
    start: int  # bytes of the header
    dtype: np.dtype
    shape: tuple
    order: str
    wanted: Array

    def __str__(self):
        return f'{self.dtype} {list(self.shape)}'


def read_npz(path, content, form=None, version=None, advice='', arrays=None):
    """Reads arrays of an .npz, without pickle: the one door for what others may have written.

    What a file declares is compared with what is expected, and with the bytes that are there,
    before memory is taken for it. Numbers are finite, integers fit their `Array.dtype`.

    Args:
      path: of the file, or the file, open for reading bytes.
      content: what the file should hold, for messages: 'a {content} .npz'.
      form, version: what its arrays `format` and `version` have to say; None for a file that
        has none.
      advice: what to do about another file.
      arrays: {name: `Array`}; a name with * stands for all that fit it and no name before, as
        many as there are. None for everything. What has no name here is not read, and in
        a file that has a format refused: it may be an optional array whose name is damaged.

    Returns:
      {name: array}.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: naming file and array, if it cannot be read, is of another format or version,
        or an array is missing or not as expected.
    """
    label = getattr(path, 'name', content) if hasattr(path, 'read') else os.fspath(path)
    advice = advice and f'; {advice}'
    damage = functools.partial(_damage, f'{label}: expected a {content} .npz', advice)
    with contextlib.ExitStack() as stack:
        with damage():
            archive = stack.enter_context(zipfile.ZipFile(path))
            infos = {info.filename.removesuffix(MEMBER): info for info in archive.infolist()}

        def header(name, wanted):
            with damage(), archive.open(infos[name]) as stream:
                return _header(stream, infos[name], wanted)

        def values(name, member):
            with damage(), archive.open(member.info) as stream:
                array = _payload(stream, member)
            return _checked(f'{label}: {name}', array, member.wanted, advice)

        for name, wanted, right in () if form is None else (
                ('format', Array(TEXT, []), form), ('version', Array(INTEGERS, []), version)):
            got = 'none'
            if name in infos:
                member = header(name, wanted)
                _check_header(f'{label}: {name}', member, {}, advice)
                got = str(values(name, member))
            if got != str(right):
                raise ValueError(f'{label}: expected ' + (
                    f'a file of format {right!r}, got {got!r}' if name == 'format' else
                    f'format version {right}, got {got}') + advice)
        # All headers first: nothing is read of a file that is refused for its last array.
        members, sizes, chosen = {}, {}, _chosen(infos, arrays, label, advice)
        unknown = sorted(set(infos) - set(chosen) - {'format', 'version'})
        if form is not None and arrays is not None and unknown:
            raise ValueError(f'{label}: expected arrays {list(arrays)}, got unknown {unknown}'
                             + advice)
        for name, wanted in chosen.items():
            members[name] = header(name, wanted)
            _check_header(f'{label}: {name}', members[name], sizes, advice)
        total = sum(member.info.file_size for member in members.values())
        if total > LARGEST:
            raise ValueError(f'{label}: expected arrays of {LARGEST} bytes at most, got {total}'
                             + advice)
        return {name: values(name, member) for name, member in members.items()}


@contextlib.contextmanager
def _damage(expected, advice):
    """Makes whatever others' code raises over damaged bytes a ValueError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, decompressors and NumPy's parser of headers raise any
        raise ValueError(f'{expected}, got a file that cannot be read '
                         f'({str(error) or type(error).__name__}){advice}') from error


def _chosen(infos, arrays, label, advice):
    """{name: `Array`} of each array to read, in the order of `arrays`."""
    if arrays is None:
        arrays = {'*': Array()}
    required = [name for name, wanted in arrays.items()
                if '*' not in name and not wanted.optional]
    missing = [name for name in required if name not in infos]
    if missing:
        raise ValueError(f'{label}: expected arrays {required}, got none called {missing} among '
                         f'{sorted(infos)}{advice}')
    chosen = {}
    for name, wanted in arrays.items():
        for found in fnmatch.filter(sorted(infos), name) if '*' in name else [name]:
            if found in infos:
                chosen.setdefault(found, wanted)
    return chosen


def _header(stream, info, wanted):
    """The `_Member` of an array whose bytes `stream` gives."""
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:  # 3.0 is of records with names that are no Latin-1
        raise ValueError(f'{info.filename}: array format {version}')
    shape, fortran, dtype = read(stream)
    return _Member(info, stream.tell(), dtype, shape, 'F' if fortran else 'C', wanted)


def _check_header(label, member, sizes, advice):
    """Raises ValueError unless an array is of the right kind, shape and number of bytes."""
    wanted, shape = member.wanted, member.shape
    pattern = shape if wanted.shape is None else wanted.shape
    fits = len(shape) == len(pattern)
    known = dict(sizes)  # those of the arrays before
    for size, expected in zip(shape, pattern):
        if isinstance(expected, str):
            expected = sizes.setdefault(expected, size)
        fits &= size >= 0 and expected in (None, size)
    if member.dtype.kind not in wanted.kind or not fits:
        text = '' if wanted.shape is None else ' [' + ', '.join(
            '?' if size is None else str(known.get(size, size)) for size in pattern) + ']'
        raise ValueError(f'{label}: expected {_KINDS[wanted.kind]}{text}, got {member}{advice}')
    needed = member.start + math.prod(shape) * member.dtype.itemsize
    if needed != member.info.file_size:
        raise ValueError(f'{label}: expected {needed} bytes of {member}, got '
                         f'{member.info.file_size}{advice}')


def _payload(stream, member):
    """The array of a `_Member`; memory grows with the bytes that come, not with those declared."""
    stream.read(member.start)
    data = bytearray()
    while piece := stream.read(PIECE):  # the last one compares the checksum
        data += piece
    return np.ndarray(member.shape, member.dtype, data, order=member.order)


def _checked(label, array, wanted, advice):
    """The array as `wanted` asks for it."""
    result = array
    if array.dtype.kind in TEXT:
        try:
            result = np.char.decode(array, 'utf-8') if array.dtype.kind == 'S' else (
                array.astype(array.dtype.newbyteorder('=')))
            largest = result.reshape(-1).view(np.uint32).max(initial=0)
            if largest > sys.maxunicode:
                raise ValueError(f'no character has the number {largest}')
        except ValueError as error:
            raise ValueError(f'{label}: expected text, got other bytes ({error}){advice}'
                             ) from error
        return result
    with np.errstate(all='ignore'):  # what overflows is refused
        result = array.astype(wanted.dtype or array.dtype.newbyteorder('='), copy=False)
    if result.dtype.kind == 'f' and not np.isfinite(result).all():
        raise ValueError(f'{label}: expected finite numbers'
                         + (f' of {result.dtype}' if np.isfinite(array).all() else '')
                         + f', got NaN or infinity{advice}')
    if result.dtype.kind in INTEGERS and (result != array).any():
        raise ValueError(f'{label}: expected integers that fit {result.dtype}, got '
                         f'{array.min()} to {array.max()}{advice}')
    return result


def read_json(path, advice=''):
    """Reads a JSON object.

    Args:
      path: of the file.
      advice: what to do about another file.

    Returns:
      A dict.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: naming the file, if it is no JSON object.
    """
    advice = advice and f'; {advice}'
    try:
        with open(path, encoding='utf-8') as file:
            value = json.load(file)
    except (ValueError, RecursionError) as error:  # of other text, and of text too deep
        raise ValueError(f'{os.fspath(path)}: expected JSON, got a file that is none ({error})'
                         + advice) from error
    if not isinstance(value, dict):
        raise ValueError(f'{os.fspath(path)}: expected a JSON object, got {type(value).__name__}'
                         + advice)
    return value


def write_json(path, value):
    """Writes JSON; the file appears whole or not at all."""
    with replacing(path) as file:
        file.write((json.dumps(value, indent=1) + '\n').encode())


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
