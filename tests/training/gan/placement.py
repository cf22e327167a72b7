"""Where TensorFlow keeps each tensor of a graph on a GPU: which pass through the host's memory.

Asked of the kernels that TensorFlow has registered, which it does without a GPU too: each
names the arguments that it takes, or gives, in the memory of the host (`HostMemory`). For most
kernels of int32 that is all of them, as TensorFlow takes int32 for shapes.
"""

import pathlib
import re

import tensorflow as tf
from tensorflow.python.framework import kernels

HOST, DEVICE = 'host', 'device'
RANDOM = ('RandomStandardNormal', 'RandomUniform')  # not the same each time
OWN = pathlib.Path(__file__).resolve().parents[3] / 'ops'


def known():
    """Whether this TensorFlow has kernels for GPUs."""
    return bool(_of_gpu('MatMul'))


def copies(graph):
    """What goes from one memory to the other each time that a graph runs.

    Args:
      graph: `tf.Graph` of a function; what nothing depends on is left out, as TensorFlow does.

    Returns:
      [(name of an op, type, index of its input, HOST or DEVICE, where it comes from, and the
      type that gave it)].
    """
    memory, constant, result = {}, set(), []
    for operation in _needed(graph):
        inputs, outputs = _memory(operation)
        if operation.type == 'Const' or operation.inputs and operation.type not in RANDOM and all(
                tensor.ref() in constant for tensor in operation.inputs):
            # Computed once, when the function is made; int32 is kept on the host.
            constant.update(tensor.ref() for tensor in operation.outputs)
            memory.update({tensor.ref(): HOST if tensor.dtype == tf.int32 else DEVICE
                           for tensor in operation.outputs})
            continue
        for index, (tensor, wanted) in enumerate(zip(operation.inputs, inputs)):
            there = memory[tensor.ref()]
            if tensor.dtype not in (tf.resource, tf.variant) and there != wanted:
                result.append((operation.name, operation.type, index, there, tensor.op.type))
        for tensor, where in zip(operation.outputs, outputs):
            memory[tensor.ref()] = where
    return result


def _needed(graph):
    """Operations that outputs or side effects depend on, in an order that they can run in."""
    ends = [tensor.op for tensor in graph.outputs] + [
        operation for operation in graph.get_operations()
        if operation.type.startswith(('Assign', 'ResourceApply'))]
    found, stack = set(), ends
    while stack:
        operation = stack.pop()
        if operation not in found:
            found.add(operation)
            stack += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    return [operation for operation in graph.get_operations() if operation in found]


def _of_gpu(name):
    found = kernels.get_registered_kernels_for_op(name).kernel
    # One made for GPUs comes before one for every device.
    return [kernel for device in ('GPU', 'DEFAULT') for kernel in found
            if kernel.device_type == device]


def _memory(operation):
    """HOST or DEVICE for each input and each output."""
    if operation.type == 'Placeholder':  # an argument of the function
        return [], [HOST if operation.outputs[0].dtype in (tf.int32, tf.resource) else DEVICE]
    if operation.type.startswith('Tfdisco'):
        named = _own_host_memory(operation.type)
    else:
        matching = [kernel for kernel in _of_gpu(operation.type) if all(
            constraint.allowed_values.list.type[0] == _type(operation, constraint.name)
            for constraint in kernel.constraint)]
        if not matching:  # a CPU computes it
            return [HOST] * len(operation.inputs), [HOST] * len(operation.outputs)
        named = set(matching[0].host_memory_arg)
    definition = operation.op_def
    return (_expand(operation, definition.input_arg, named, len(operation.inputs)),
            _expand(operation, definition.output_arg, named, len(operation.outputs)))


def _type(operation, name):
    value = operation.node_def.attr[name]
    return value.list.type[0] if value.HasField('list') else value.type


def _expand(operation, arguments, named, count):
    """For each argument as often as it has tensors."""
    result = []
    for argument in arguments:
        attributes = operation.node_def.attr
        times = attributes[argument.number_attr].i if argument.number_attr else (
            len(attributes[argument.type_list_attr].list.type) if argument.type_list_attr else 1)
        result += [HOST if argument.name in named else DEVICE] * times
    assert len(result) == count, operation
    return result


def _own_host_memory(name):
    """The same of our own ops, by their sources: their GPU kernels need nvcc to be built."""
    text = ''.join(path.read_text() for path in OWN.glob('*/*_op.cc'))
    found = re.findall(rf'Name\("{name}"\)(.*?)(?:\)\s*;|\w+Op<)', text, re.DOTALL)
    assert found, name
    return set(re.findall(r'HostMemory\("(\w+)"\)', ''.join(found)))
