"""A SavedModel through TensorFlow's C interface, as servers use it: no tensorflow, no tfdisco.

    python c_interface.py task.json

The task: {library folder, model, inputs: {tensor: .npy}, outputs: {tensor: .npy to write}}.
"""

import ctypes
import json
import os
import sys

import numpy as np

TYPES = {1: np.float32, 4: np.uint8, 9: np.int64}  # TF_DataType
POINTER, INT = ctypes.c_void_p, ctypes.c_int


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = [('operation', POINTER), ('index', INT)]


def main(task):
    """Loads and runs once."""
    for name in ('framework', 'cc'):
        library = ctypes.CDLL(os.path.join(task['library'], f'libtensorflow_{name}.so.2'),
                              mode=ctypes.RTLD_GLOBAL)

    def call(name, *arguments, returns=POINTER):
        function = getattr(library, name)
        function.restype = returns
        return function(*arguments)

    def checked(status):
        assert call('TF_GetCode', status, returns=INT) == 0, call(
            'TF_Message', status, returns=ctypes.c_char_p).decode()

    def place(graph, tensor):
        operation, index = tensor.split(':')
        found = call('TF_GraphOperationByName', graph, operation.encode())
        assert found, operation
        return Output(found, int(index))

    def tensor_of(array):
        number, = (key for key, dtype in TYPES.items() if dtype == array.dtype)
        made = POINTER(call('TF_AllocateTensor', INT(number), (ctypes.c_int64 * array.ndim)(
            *array.shape), INT(array.ndim), ctypes.c_size_t(array.nbytes)))
        ctypes.memmove(call('TF_TensorData', made), array.ctypes.data, array.nbytes)
        return made

    def array_of(tensor):
        tensor = POINTER(tensor)
        shape = [call('TF_Dim', tensor, INT(axis), returns=ctypes.c_int64)
                 for axis in range(call('TF_NumDims', tensor, returns=INT))]
        size = call('TF_TensorByteSize', tensor, returns=ctypes.c_size_t)
        data = ctypes.string_at(call('TF_TensorData', tensor), size)
        return np.frombuffer(data, TYPES[call('TF_TensorType', tensor, returns=INT)]).reshape(shape)

    status, graph, options = (POINTER(call(name)) for name in (
        'TF_NewStatus', 'TF_NewGraph', 'TF_NewSessionOptions'))
    session = POINTER(call('TF_LoadSessionFromSavedModel', options, None, task['model'].encode(),
                           (ctypes.c_char_p * 1)(b'serve'), INT(1), graph, None, status))
    checked(status)
    sources = (Output * len(task['inputs']))(*(place(graph, name) for name in task['inputs']))
    values = (POINTER * len(sources))(*(tensor_of(np.load(path)).value
                                        for path in task['inputs'].values()))
    targets = (Output * len(task['outputs']))(*(place(graph, name) for name in task['outputs']))
    results = (POINTER * len(targets))()
    call('TF_SessionRun', session, None, sources, values, INT(len(sources)), targets, results,
         INT(len(targets)), None, INT(0), None, status, returns=None)
    checked(status)
    for result, path in zip(results, task['outputs'].values()):
        np.save(path, array_of(result))


if __name__ == '__main__':
    with open(sys.argv[1], encoding='utf-8') as file:
        main(json.load(file))
    assert not {'tensorflow', 'tfdisco'} & set(sys.modules)
