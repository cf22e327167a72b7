"""Pickles of others, read by what their opcodes say; nothing is unpickled.

Python's unpickler calls whatever a file names. This reader calls nothing: `pickletools`
splits the file into opcodes, and from these it puts together containers, texts, numbers,
NumPy arrays and, for the few names that a caller lists, an inert `Record`. A file that names
anything else is refused where it does so, before what follows is looked at.
"""

import dataclasses
import mmap
import os
import pickletools
import re

import numpy as np

_NUMBERS = re.compile(r'(\?|[biufc][0-9]{1,2}|[bhilqBHILQefd])')  # of NumPy, no objects
_ORDERS = {'<': '<', '>': '>', '|': '|', '=': '='}
_KEYS = (str, bytes, int, float, bool, type(None))


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
class _Name:
    """A name in a file; it stands for nothing."""

    name: str


class _Unfinished:
    """What a name with arguments began and BUILD completes, by `finish(args, state)`."""

    def __init__(self, finish, args):
        self.finish, self.args, self.kept_as = finish, args, []


def read(path, records, persistent=None):
    """Reads one pickle.

    Args:
      path: of the file.
      records: names 'module.class' that become `Record`s.
      persistent: None, or a function of the persistent ids in the file.

    Returns:
      What is stored; an EasyDict or OrderedDict is a plain dict.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is damaged, or names anything but `records`, NumPy's arrays and
        these dicts.
    """
    with open(path, 'rb') as file:
        try:
            # Mapped, so that a length in a damaged file asks for no memory.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return interpret(data, records, persistent)
        except (ValueError, OSError) as error:
            raise ValueError(f'{os.fspath(path)}: expected a pickle that can be read, got '
                             f'{error}') from error


def interpret(data, records, persistent=None):
    """See `read`; takes the bytes, or a file of them, up to the first pickle's end."""
    machine, position, name = _Machine(records, persistent), 0, 'nothing'
    try:
        for opcode, arg, found_at in pickletools.genops(data):
            name, position = opcode.name, found_at
            if name == 'STOP':
                if machine.marks or len(machine.stack) != 1:
                    raise ValueError(f'{len(machine.stack)} results')
                return machine.stack[0]
            machine.step(name, arg)
    # Of damaged files: too few values, an unknown memo, values of other types.
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError,
            MemoryError) as error:
        raise ValueError(f'{error} (byte {position}, {name})') from error
    raise ValueError('no end')


class _Machine:
    """The pickle machine's stack and memo."""

    def __init__(self, records, persistent):
        self.stack, self.marks, self.memo = [], [], {}
        self._persistent = persistent
        self._makers = {**_MAKERS, **{name: _record(name) for name in records}}

    def step(self, name, arg):
        """Does one opcode."""
        if name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            self.stack.append(arg)
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name not in _IGNORED:
            do = getattr(self, f'_do_{name.lower()}', None)
            if do is None:
                raise ValueError(f'the opcode {name}, which no known network needs')
            do(arg)

    def _take(self, count=1):
        floor = self.marks[-1] if self.marks else 0
        if len(self.stack) - floor < count:
            raise ValueError('too few values')
        values = self.stack[len(self.stack) - count:]
        del self.stack[len(self.stack) - count:]
        return values

    def _since_mark(self):
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def _do_mark(self, _):
        self.marks.append(len(self.stack))

    def _do_pop(self, _):
        self._take()

    def _do_pop_mark(self, _):
        self._since_mark()

    def _do_dup(self, _):
        self.stack.append(self.stack[-1])

    def _do_tuple(self, _):
        self.stack.append(tuple(self._since_mark()))

    def _do_tuple1(self, _):
        self.stack.append(tuple(self._take(1)))

    def _do_tuple2(self, _):
        self.stack.append(tuple(self._take(2)))

    def _do_tuple3(self, _):
        self.stack.append(tuple(self._take(3)))

    def _do_list(self, _):
        self.stack.append(self._since_mark())

    def _do_append(self, _):
        self._extend(self._take())

    def _do_appends(self, _):
        self._extend(self._since_mark())

    def _extend(self, values):
        _of(self.stack[-1], list).extend(values)

    def _do_dict(self, _):
        values = self._since_mark()
        self.stack.append({})
        self._update(values)

    def _do_setitem(self, _):
        self._update(self._take(2))

    def _do_setitems(self, _):
        self._update(self._since_mark())

    def _update(self, values):
        if len(values) % 2:
            raise ValueError('a key without a value')
        for key, value in zip(values[::2], values[1::2]):
            # A tuple as a key could be nested so deep that hashing it ends the program.
            _of(self.stack[-1], dict)[_of(key, *_KEYS)] = value

    def _do_additems(self, _):
        values = self._since_mark()
        _of(self.stack[-1], set).update(_of(value, *_KEYS) for value in values)

    def _do_get(self, arg):
        self.stack.append(self.memo[arg])

    _do_binget = _do_long_binget = _do_get

    def _do_put(self, arg):
        top = self.stack[-1]
        self.memo[arg] = top
        if isinstance(top, _Unfinished):
            top.kept_as.append(arg)

    _do_binput = _do_long_binput = _do_put

    def _do_memoize(self, _):
        self._do_put(len(self.memo))

    def _do_global(self, arg):
        name = arg.replace(' ', '.', 1)
        if name not in self._makers and name not in _CLASSES:
            raise ValueError(f'the name {name!r}, which is not one of a network: the file may be '
                             'of another kind, or would run what it names if it were unpickled')
        self.stack.append(_Name(name))

    def _do_stack_global(self, _):
        module, name = self._take(2)
        self._do_global(f'{_of(module, str)} {_of(name, str)}')

    def _do_reduce(self, _):
        callee, args = self._take(2)
        name = _of(callee, _Name).name
        if name not in self._makers:
            raise ValueError(f'{name} called')
        self.stack.append(self._makers[name](_of(args, tuple)))

    _do_newobj = _do_reduce

    def _do_build(self, _):
        state, top = self._take()[0], self.stack[-1]
        if isinstance(top, _Unfinished):
            self.stack[-1] = top.finish(top.args, state)
            for key in top.kept_as:
                self.memo[key] = self.stack[-1]
        elif not isinstance(top, dict):  # attributes of a dict are of no use
            _of(top, Record).state = state

    def _do_binpersid(self, _):
        if self._persistent is None:
            raise ValueError('a reference to something outside of the file')
        self.stack.append(self._persistent(self._take()[0]))


def _of(value, *types):
    if not isinstance(value, types):
        raise ValueError(f'{type(value).__name__} where {types[0].__name__} is expected')
    return value


def _record(name):
    def make(args):
        return Record(name, args)
    return make


def _plain_dict(args):
    """Of an OrderedDict or EasyDict: Python 2 passes a list of pairs."""
    pairs = args[0] if args else []
    return {_of(key, *_KEYS): value for key, value in (
        pairs.items() if isinstance(pairs, dict) else pairs)}


def _begun(args):
    """copyreg._reconstructor(class, base, state), as protocols 0 and 1 begin an object."""
    kind, base, state = args
    if _of(base, _Name).name not in _OBJECTS:
        return _plain_dict((state,))
    return Record(_of(kind, _Name).name)


def _raw(data):
    """Bytes of an array; Python 2's and protocol 2's are texts of as many letters."""
    return data.encode('latin-1') if isinstance(data, str) else _of(data, bytes, bytearray)


def _encoded(args):
    """_codecs.encode(text, 'latin1'): bytes in protocol 2."""
    text, encoding = args
    if encoding not in ('latin1', 'latin-1'):
        raise ValueError(f'text encoded as {encoding!r}')
    return _raw(_of(text, str))


def _number_type(args, state):
    """numpy.dtype(code, align, copy) and its state (version, order, ...)."""
    code, order = args[0], state[1]
    code = code.decode('ascii') if isinstance(code, bytes) else code
    order = order.decode('ascii') if isinstance(order, bytes) else order
    if not _NUMBERS.fullmatch(_of(code, str)) or order not in _ORDERS:
        raise ValueError(f'an array of {code!r}')
    return np.dtype(code).newbyteorder(order)


def _array(args, state):
    """numpy's _reconstruct and an array's state (version, shape, type, Fortran, data)."""
    _, shape, kind, fortran, data = state
    return _shaped(data, kind, shape, 'F' if fortran else 'C')


def _shaped(data, kind, shape, order):
    values = np.frombuffer(_raw(data), _of(kind, np.dtype))
    if values.size != np.prod([int(size) for size in shape], dtype=np.float64):
        raise ValueError(f'{values.size} numbers for an array of shape {list(shape)}')
    return values.reshape(shape, order=order)


def _scalar(args):
    kind, data = args
    return _shaped(data, kind, (), 'C')[()]


def _unfinished(finish):
    def make(args):
        return _Unfinished(finish, args)
    return make


_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}
_LITERALS = {'INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'BINFLOAT',
             'STRING', 'BINSTRING', 'SHORT_BINSTRING', 'UNICODE', 'SHORT_BINUNICODE',
             'BINUNICODE', 'BINUNICODE8', 'BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8',
             'BYTEARRAY8'}
_EMPTY = {'EMPTY_TUPLE': tuple, 'EMPTY_LIST': list, 'EMPTY_DICT': dict, 'EMPTY_SET': set}
_IGNORED = {'PROTO', 'FRAME'}
_OBJECTS = {'builtins.object', '__builtin__.object'}
# Names that are mentioned, but not called.
_CLASSES = _OBJECTS | {'numpy.ndarray', 'builtins.dict', '__builtin__.dict'}
_MAKERS = {
    'collections.OrderedDict': _plain_dict,
    'dnnlib.util.EasyDict': _plain_dict,
    'copyreg._reconstructor': _begun,
    'copy_reg._reconstructor': _begun,
    '_codecs.encode': _encoded,
    'numpy.dtype': _unfinished(_number_type),
}
for _room in ('numpy.core', 'numpy._core'):  # before and since NumPy 2
    _MAKERS.update({
        f'{_room}.multiarray._reconstruct': _unfinished(_array),
        f'{_room}.multiarray.scalar': _scalar,
        f'{_room}.numeric._frombuffer': lambda args: _shaped(*args)})
