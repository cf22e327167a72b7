"""PyTorch's tensors in pickles of others as arrays, without PyTorch; nothing is unpickled.

A tensor is stored as a name, a storage, an offset, sizes and strides; a storage as bytes of
`torch.save`, either four pickles and the numbers behind them, or a zip archive.
"""

import io
import math
import zipfile

import numpy as np

from tfdisco.networks import pickle_reader
from tfdisco.networks.pickle_names import Name, Record, checked

TENSOR, PARAMETER = 'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'
STORAGE = 'torch.storage._load_from_bytes'
NAMES = (TENSOR, PARAMETER, STORAGE)  # that `pickle_reader.read` has to make records of
_TYPES = {'torch.FloatStorage': '<f4', 'torch.DoubleStorage': '<f8', 'torch.HalfStorage': '<f2',
          'torch.LongStorage': '<i8', 'torch.IntStorage': '<i4'}
_MAGIC, _PROTOCOL = 0x1950a86a20f9469cfc6c, 1001
_ZIP = b'PK'


def array(record):
    """The numbers of a tensor.

    Args:
      record: `pickle_names.Record` of `NAMES`.

    Returns:
      An array of its own memory.

    Raises:
      ValueError: if it is no tensor, or says more numbers than it has.
    """
    try:
        if checked(record, Record).name == PARAMETER:
            record = checked(record.args[0], Record)
        if record.name != TENSOR:
            raise ValueError(f'{record.name} in place of a tensor')
        storage, offset, shape, strides = record.args[:4]
        if checked(storage, Record).name != STORAGE:
            raise ValueError(f'{storage.name} in place of a storage')
        return _strided(_numbers(checked(storage.args[0], bytes, bytearray)), offset, shape,
                        strides)
    except (TypeError, IndexError, KeyError, OverflowError, zipfile.BadZipFile,
            NotImplementedError) as error:
        raise ValueError(f'a tensor that cannot be read ({error})') from error


def _strided(numbers, offset, shape, strides):
    sizes = [int(checked(size, int)) for size in (offset, *shape, *strides)]
    if len(shape) != len(strides) or min(sizes) < 0:
        raise ValueError(f'a tensor of shape {list(shape)} and strides {list(strides)}')
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
    if math.prod(shape) > numbers.size or (math.prod(shape) and last >= numbers.size):
        raise ValueError(f'a tensor of shape {list(shape)} in {numbers.size} numbers')
    return np.lib.stride_tricks.as_strided(
        numbers[offset:], shape, [stride * numbers.itemsize for stride in strides]).copy()


def _numbers(data):
    """The array [N] of a storage's bytes."""
    return _of_zip(data) if data[:2] == _ZIP else _of_pickles(data)


def _of_pickles(data):
    file = io.BytesIO(data)

    def read():
        return pickle_reader.interpret(file, _TYPES, _Reference)

    found = [read() for _ in range(2)]
    if found != [_MAGIC, _PROTOCOL]:
        raise ValueError(f'a storage that begins with {found}')
    read()  # about the machine that wrote it
    reference, keys = checked(read(), _Reference), read()
    if keys != [reference.key]:
        raise ValueError('more than one storage in a tensor')
    count = int.from_bytes(file.read(8), 'little')
    return reference.numbers(file.read(), count)


def _of_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next((name for name in archive.namelist() if name.endswith('/data.pkl')), None)
        if name is None or any(entry.compress_type != zipfile.ZIP_STORED
                               for entry in archive.infolist()):
            raise ValueError('an archive that PyTorch has not written')
        reference = checked(pickle_reader.interpret(archive.read(name), _TYPES, _Reference),
                            _Reference)
        raw = archive.read(f'{name[:-len(".pkl")]}/{reference.key}')
    return reference.numbers(raw, reference.count)


class _Reference:
    """A storage as PyTorch refers to it: ('storage', type, key, place, count, ...)."""

    def __init__(self, persistent):
        kind, of, self.key, _, count = checked(persistent, tuple)[:5]
        if kind != 'storage' or checked(of, Name).name not in _TYPES:
            raise ValueError(f'a storage of {of}')
        self._type, self.count = np.dtype(_TYPES[of.name]), checked(count, int)
        checked(self.key, str)

    def numbers(self, raw, count):
        """[count] of bytes."""
        if count != self.count or len(raw) != count * self._type.itemsize:
            raise ValueError(f'{len(raw)} bytes for a storage of {self.count} numbers')
        return np.frombuffer(raw, self._type)
