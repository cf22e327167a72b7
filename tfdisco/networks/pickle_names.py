"""What a pickle's names may make: plain dicts, NumPy's arrays, inert records."""

import dataclasses
import re

import numpy as np

_NUMBERS = re.compile(r'(\?|[biufc][0-9]{1,2}|[bhilqBHILQefd])')  # of NumPy, no objects
_ORDERS = {'<': '<', '>': '>', '|': '|', '=': '='}
KEYS = (str, bytes, int, float, bool, type(None))


@dataclasses.dataclass
class Record:
    """What a file says of an object of somebody's class.

    Attributes:
      name: 'module.class'.
      args: tuple it was made with.
      state: what was stored of it, None if nothing.
    """

    name: str
    args: tuple = ()
    state: object = None


@dataclasses.dataclass(frozen=True)
class Name:
    """A name in a file; it stands for nothing."""

    name: str


class Unfinished:
    """What a name with arguments began and BUILD completes, by `finish(args, state)`."""

    def __init__(self, finish, args):
        self.finish, self.args, self.kept_as = finish, args, []


def checked(value, *types):
    """The value; raises ValueError unless it is of one of the types."""
    if not isinstance(value, types):
        raise ValueError(f'{type(value).__name__} where {types[0].__name__} is expected')
    return value


def record(name):
    """What makes a `Record` of this name, of its arguments."""
    def make(args):
        return Record(name, args)
    return make


def _plain_dict(args):
    """Of an OrderedDict or EasyDict: Python 2 passes a list of pairs."""
    pairs = args[0] if args else []
    return {checked(key, *KEYS): value for key, value in (
        pairs.items() if isinstance(pairs, dict) else pairs)}


def _plain_set(args):
    """Of a set, as protocols below 4 make it of a list."""
    return {checked(value, *KEYS) for value in (args[0] if args else ())}


def _begun(args):
    """copyreg._reconstructor(class, base, state), as protocols 0 and 1 begin an object."""
    kind, base, state = args
    if checked(base, Name).name not in _OBJECTS:
        return _plain_dict((state,))
    return Record(checked(kind, Name).name)


def _raw(data):
    """Bytes of an array; Python 2's and protocol 2's are texts of as many letters."""
    return data.encode('latin-1') if isinstance(data, str) else checked(data, bytes, bytearray)


def _encoded(args):
    """_codecs.encode(text, 'latin1'): bytes in protocol 2."""
    text, encoding = args
    if encoding not in ('latin1', 'latin-1'):
        raise ValueError(f'text encoded as {encoding!r}')
    return _raw(checked(text, str))


def _number_type(args, state):
    """numpy.dtype(code, align, copy) and its state (version, order, ...)."""
    code, order = args[0], state[1]
    code = code.decode('ascii') if isinstance(code, bytes) else code
    order = order.decode('ascii') if isinstance(order, bytes) else order
    if not _NUMBERS.fullmatch(checked(code, str)) or order not in _ORDERS:
        raise ValueError(f'an array of {code!r}')
    return np.dtype(code).newbyteorder(order)


def _array(args, state):
    """numpy's _reconstruct and an array's state (version, shape, type, Fortran, data)."""
    _, shape, kind, fortran, data = state
    return _shaped(data, kind, shape, 'F' if fortran else 'C')


def _shaped(data, kind, shape, order):
    values = np.frombuffer(_raw(data), checked(kind, np.dtype))
    if values.size != np.prod([int(size) for size in shape], dtype=np.float64):
        raise ValueError(f'{values.size} numbers for an array of shape {list(shape)}')
    return values.reshape(shape, order=order)


def _scalar(args):
    kind, data = args
    return _shaped(data, kind, (), 'C')[()]


def _unfinished(finish):
    def make(args):
        return Unfinished(finish, args)
    return make


_OBJECTS = {'builtins.object', '__builtin__.object'}
# Names that are mentioned, but not called.
CLASSES = _OBJECTS | {'numpy.ndarray', 'builtins.dict', '__builtin__.dict'}
MAKERS = {
    'builtins.set': _plain_set,
    '__builtin__.set': _plain_set,
    'collections.OrderedDict': _plain_dict,
    'dnnlib.util.EasyDict': _plain_dict,
    'copyreg._reconstructor': _begun,
    'copy_reg._reconstructor': _begun,
    '_codecs.encode': _encoded,
    'numpy.dtype': _unfinished(_number_type),
}
for _room in ('numpy.core', 'numpy._core'):  # before and since NumPy 2
    MAKERS.update({
        f'{_room}.multiarray._reconstruct': _unfinished(_array),
        f'{_room}.multiarray.scalar': _scalar,
        f'{_room}.numeric._frombuffer': lambda args: _shaped(*args)})
