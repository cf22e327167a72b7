"""Pickles as PyTorch and NVIDIA's code write them, without either: `dump` and what goes in.

Classes stand in modules of the published names while a pickle is made.
"""

import contextlib
import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

KINDS = {'f4': 'FloatStorage', 'f8': 'DoubleStorage', 'f2': 'HalfStorage', 'i8': 'LongStorage'}


class Call:
    """Is pickled as a call of a function by name."""

    def __init__(self, name, *args):
        self.name, self.args = name, args

    def __reduce__(self):
        module, name = self.name.rsplit('.', 1)
        return getattr(sys.modules[module], name), self.args


class _Storage:
    """Is pickled by reference."""

    def __init__(self, kind, count):
        self.kind, self.count = kind, count


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, _Storage):
            return ('storage', getattr(sys.modules['torch'], value.kind), '94', 'cuda:0',
                    value.count, None)
        return None


@contextlib.contextmanager
def published():
    """Functions and classes are found where PyTorch and NVIDIA's code have them."""
    names = ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter',
             'torch.storage._load_from_bytes',
             'torch_utils.persistence._reconstruct_persistent_obj',
             *(f'torch.{kind}' for kind in (*KINDS.values(), 'BoolStorage'))]
    modules = {}
    for name in names:
        module, last = name.rsplit('.', 1)
        for path in (module.split('.')[0], module):
            modules.setdefault(path, types.ModuleType(path))

        def stand_in():
            raise AssertionError('never called')

        if last.endswith('Storage'):
            stand_in = type(last, (), {})
        stand_in.__module__, stand_in.__name__, stand_in.__qualname__ = module, last, last
        setattr(modules[module], last, stand_in)
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def storage_bytes(values, archive=False, kind=None):
    """What torch.save makes of a storage: four pickles and numbers, or an archive."""
    values = np.ravel(values)
    kind = kind or KINDS[values.dtype.str[1:]]
    file = io.BytesIO()
    storage = _Storage(kind, values.size)
    with published():
        if archive:
            data = io.BytesIO()
            _Pickler(data, 2).dump(storage)
            with zipfile.ZipFile(file, 'w') as stored:
                stored.writestr('archive/data.pkl', data.getvalue())
                stored.writestr('archive/data/94', values.tobytes())
            return file.getvalue()
        pickle.dump(0x1950a86a20f9469cfc6c, file, 2)
        pickle.dump(1001, file, 2)
        pickle.dump({'protocol_version': 1001, 'little_endian': True,
                     'type_sizes': {'short': 2, 'int': 4, 'long': 4}}, file, 2)
        _Pickler(file, 2).dump(storage)
        pickle.dump(['94'], file, 2)
    file.write(values.size.to_bytes(8, 'little'))
    file.write(values.tobytes())
    return file.getvalue()


def tensor(values, archive=False, shape=None, strides=None, offset=0):
    """A tensor of an array, or of part of it."""
    values = np.asarray(values)
    shape = values.shape if shape is None else shape
    if strides is None:
        strides = tuple(stride // values.itemsize for stride in np.zeros(
            shape, values.dtype).strides)
    return Call('torch._utils._rebuild_tensor_v2',
                Call('torch.storage._load_from_bytes', storage_bytes(values, archive)), offset,
                tuple(shape), tuple(strides), False, OrderedDict())


def parameter(values, archive=False):
    return Call('torch._utils._rebuild_parameter', tensor(values, archive), True, OrderedDict())


def module(name, parameters=(), buffers=(), modules=(), **attributes):
    """A persistent module of {name: array}, {name: array} and {name: module}."""
    state = {'training': False, '_parameters': OrderedDict(
        (key, None if value is None else parameter(value)) for key, value in dict(
            parameters).items()),
        '_buffers': OrderedDict((key, tensor(value)) for key, value in dict(buffers).items()),
        '_modules': OrderedDict(modules), '_backward_hooks': OrderedDict(),
        '_non_persistent_buffers_set': set(), **attributes}
    return Call('torch_utils.persistence._reconstruct_persistent_obj', {
        'type': 'class', 'version': 6, 'class_name': name, 'state': state,
        'module_src': "raise SystemExit('the source in a pickle was run')"})


def dump(value, protocol=4):
    """The bytes of a pickle."""
    with published():
        return pickle.dumps(value, protocol)
