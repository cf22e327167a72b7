"""A function over TensorFlow's variables as a StableHLO module without any."""

import re
from typing import NamedTuple

import tensorflow as tf

# Ops of the steps that write a variable; it is their first input.
WRITERS = ('AssignVariableOp', 'AssignAddVariableOp', 'AssignSubVariableOp', 'ResourceApplyAdam')
WRITTEN = {'ResourceApplyAdam': 3}  # inputs that are written, where not the first alone
CUSTOM = re.compile(r'stablehlo\.custom_call @(\w+)')

# Which argument a result replaces, as XLA notes it.
ALIAS = re.compile(r'parameter_number = (\d+)[^{}]*\}, output_index = array<i64: (\d+)>')


class Lowered(NamedTuple):
    """A module, and what it takes and gives.

    Attributes:
      module: bytes, a portable StableHLO artefact.
      inputs: names of its arguments: those of the function, variables, constants.
      outputs: names of its results: '' for what the function returns, variables.
      result: shape and type of what the function returns.
    """

    module: bytes
    inputs: list
    outputs: list
    result: tuple


class Constants:
    """Tensors that functions take from outside, each kept once.

    Attributes:
      arrays: {name: array}.
    """

    def __init__(self):
        """None so far."""
        self.arrays, self._names = {}, {}

    def name(self, tensor, read):
        """The name of a captured tensor; `read` gives its value when it is new."""
        if id(tensor) not in self._names:
            name = f'{len(self.arrays):04d}'
            # The tensor is kept beside its name: else its id might become another's.
            self._names[id(tensor)] = name, tensor
            self.arrays[name] = read()
        return self._names[id(tensor)][0]


def lower(function, specs, variables, constants):
    """Lowers a function for any device that XLA knows.

    Args:
      function: of tensors, returns one; all its ops are standard ones.
      specs: {name: `tf.TensorSpec`} of its arguments in their order.
      variables: {name: variable} of state. Whatever else it captures must stay as it is.
      constants: `Constants` that take in the rest.

    Returns:
      `Lowered`.

    Raises:
      ValueError: if it does not lower, calls code of this machine's, or writes a variable
        that is no state.
    """
    compiled = tf.function(function, autograph=False, jit_compile=True)
    graph = compiled.get_concrete_function(*specs.values())
    states = {id(variable.handle): name for name, variable in variables.items()}
    others = {id(variable.handle): variable for variable in graph.graph.variables}
    inputs, names = list(specs), {}
    for captured, inside in zip(graph.captured_inputs, graph.graph.internal_captures):
        name = states.get(id(captured))
        if name is None:
            variable = others.get(id(captured))
            kept = constants.name(captured, (variable if variable is not None
                                             else captured).numpy)
            name = f'constants/{kept}'
        else:
            name = f'state/{name}'
        inputs.append(name)
        names[inside.ref()] = name
    written = {names[tensor.ref()] for operation in graph.graph.get_operations()
               if operation.type in WRITERS
               for tensor in operation.inputs[:WRITTEN.get(operation.type, 1)]}
    if wrong := [name for name in written if not name.startswith('state/')]:
        raise ValueError(f'expected a function that writes state alone, got one that writes '
                         f'{sorted(wrong)}; name these variables')
    outputs = [''] + [name for name in inputs if name in written]
    lowering = compiled.experimental_get_compiler_ir(*specs.values())
    try:
        text, module = (lowering(stage=stage) for stage in ('stablehlo', 'stablehlo_serialized'))
    except (tf.errors.OpError, ValueError) as error:
        raise ValueError('expected a step of ops that XLA lowers, got one that it does not '
                         f'({str(error).splitlines()[0]}); set TFDISCO_OPS=reference, and use '
                         'TensorFlow 2.21 or newer') from error
    if calls := set(CUSTOM.findall(text)):
        raise ValueError('expected ops that every device has, got calls of this machine\'s '
                         f'{sorted(calls)}')
    check_results(text, inputs, outputs)
    returned, = graph.outputs
    return Lowered(module, inputs, outputs, (returned.shape.as_list(), returned.dtype.name))


def check_results(text, inputs, outputs):
    """Raises ValueError unless XLA says of the same results whose new values they are."""
    expected = {index: inputs.index(name) for index, name in enumerate(outputs) if name}
    found = {int(result): int(argument) for argument, result in ALIAS.findall(text)}
    if found != expected:
        raise ValueError(f'expected a module whose results replace arguments {expected}, got '
                         f'{found}: this TensorFlow passes variables in another way')
