"""Pickles of others, read by what their opcodes say; nothing is unpickled.

Python's unpickler calls whatever a file names. This reader calls nothing: `pickletools`
splits the file into opcodes, and from these it puts together containers, texts, numbers,
NumPy arrays and, for the few names that a caller lists, an inert `pickle_names.Record`. A
file that names anything else is refused where it does so, before what follows is looked at.
"""

import mmap
import os
import pickletools

from tfdisco.networks import pickle_names
from tfdisco.networks.pickle_names import checked

_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}
_LITERALS = {'INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'BINFLOAT',
             'STRING', 'BINSTRING', 'SHORT_BINSTRING', 'UNICODE', 'SHORT_BINUNICODE',
             'BINUNICODE', 'BINUNICODE8', 'BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8',
             'BYTEARRAY8'}
_EMPTY = {'EMPTY_TUPLE': tuple, 'EMPTY_LIST': list, 'EMPTY_DICT': dict, 'EMPTY_SET': set}
_IGNORED = {'PROTO', 'FRAME'}


def read(path, records, persistent=None):
    """Reads one pickle.

    Args:
      path: of the file.
      records: names 'module.class' that become `pickle_names.Record`s.
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
        self._makers = {**pickle_names.MAKERS,
                        **{name: pickle_names.record(name) for name in records}}

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
        checked(self.stack[-1], list).extend(values)

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
            checked(self.stack[-1], dict)[checked(key, *pickle_names.KEYS)] = value

    def _do_additems(self, _):
        values = self._since_mark()
        checked(self.stack[-1], set).update(checked(value, *pickle_names.KEYS) for value in values)

    def _do_get(self, arg):
        self.stack.append(self.memo[arg])

    _do_binget = _do_long_binget = _do_get

    def _do_put(self, arg):
        top = self.stack[-1]
        self.memo[arg] = top
        if isinstance(top, pickle_names.Unfinished):
            top.kept_as.append(arg)

    _do_binput = _do_long_binput = _do_put

    def _do_memoize(self, _):
        self._do_put(len(self.memo))

    def _do_global(self, arg):
        name = arg.replace(' ', '.', 1)
        if name not in self._makers and name not in pickle_names.CLASSES:
            raise ValueError(f'the name {name!r}, which is not one of a network: the file may be '
                             'of another kind, or would run what it names if it were unpickled')
        self.stack.append(pickle_names.Name(name))

    def _do_stack_global(self, _):
        module, name = self._take(2)
        self._do_global(f'{checked(module, str)} {checked(name, str)}')

    def _do_reduce(self, _):
        callee, args = self._take(2)
        name = checked(callee, pickle_names.Name).name
        if name not in self._makers:
            raise ValueError(f'{name} called')
        self.stack.append(self._makers[name](checked(args, tuple)))

    _do_newobj = _do_reduce

    def _do_build(self, _):
        state, top = self._take()[0], self.stack[-1]
        if isinstance(top, pickle_names.Unfinished):
            self.stack[-1] = top.finish(top.args, state)
            for key in top.kept_as:
                self.memo[key] = self.stack[-1]
        elif not isinstance(top, dict):  # attributes of a dict are of no use
            checked(top, pickle_names.Record).state = state

    def _do_binpersid(self, _):
        if self._persistent is None:
            raise ValueError('a reference to something outside of the file')
        self.stack.append(self._persistent(self._take()[0]))
