"""The kernels behind their C interface, for programs without TensorFlow."""

import ctypes
import pathlib
import re

from tfdisco.ops import toolchain

TYPES = {'int64_t': ctypes.c_int64, 'int': ctypes.c_int, 'float': ctypes.c_float}
DTYPES = ('float32', 'float16', 'bfloat16')  # in the order of the interface's numbers


class Library:
    """A library of `native.build_capi`.

    Example:
      library = Library(native.build_capi())
      library('bias_act_cpu', rows, channels, 0, 0.2, 1.0, np.inf, x, bias, output, threads)
    """

    def __init__(self, path):
        """Loads it, with the types that ops/capi/capi.h declares.

        Args:
          path: of the shared library.

        Raises:
          OSError: if it does not load.
        """
        self._library = ctypes.CDLL(str(path))
        self._library.tfdisco_last_error.restype = ctypes.c_char_p
        self._types = declared(toolchain.source_root() / 'capi' / 'capi.h')

    def __call__(self, name, *arguments):
        """Calls tfdisco_NAME.

        Args:
          name: without tfdisco_.
          *arguments: numbers, and arrays of NumPy, PyTorch or CuPy, dense; None for no array.

        Raises:
          TypeError: for another number of arguments.
          RuntimeError: with the library's message.
        """
        types = self._types[name]
        if len(types) != len(arguments):
            raise TypeError(f'{name}: expected {len(types)} arguments, got {len(arguments)}')
        status = getattr(self._library, f'tfdisco_{name}')(
            *(kind(address(value) if kind is ctypes.c_void_p else value)
              for kind, value in zip(types, arguments)))
        if status:
            raise RuntimeError(f'{name}: {self._library.tfdisco_last_error().decode()}')

    def set_order(self, backwards):
        """Of an emulated library: the order in which blocks and threads run."""
        self._library.tfdisco_emulation_order(ctypes.c_int(backwards))


def address(value):
    """Where an array's first value lies, on its device; numbers are addresses already."""
    for of in (lambda: value.ctypes.data, lambda: value.data_ptr(), lambda: value.data.ptr):
        try:
            return of()
        except AttributeError:
            pass
    return value


def declared(header):
    """{name without tfdisco_: ctypes of its parameters} of a C header."""
    text = re.sub(r'//.*', '', pathlib.Path(header).read_text())
    return {name: [ctypes.c_void_p if re.search(r'[*\[]', parameter)
                   else TYPES[parameter.split()[0]] for parameter in parameters.split(',')]
            for name, parameters in re.findall(r'int tfdisco_(\w+)\(([^)]*)\)', text)}
