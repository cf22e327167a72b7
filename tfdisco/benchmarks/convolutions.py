"""The convolutions of a graph, run by themselves: the time that nothing around them can save."""

import collections

import tensorflow as tf

TYPES = ('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter')
SIZES = ('input_sizes', 'filter_sizes')  # inputs that are shapes, not values
SEED = 0


class Convolutions:
    """Each convolution and gradient of one, on random tensors of the same shapes.

    Example:
      alone = Convolutions([function.get_concrete_function(images)])
      alone.run()  # all of them, one after the other

    Attributes:
      count: how many there are.
      flops: of all, two a multiplication and addition.
    """

    def __init__(self, functions):
        """Takes `tf.ConcreteFunction`s, of operations whose shapes are known."""
        kinds = collections.Counter()
        for function in functions:
            for operation in function.graph.get_operations():
                if operation.type in TYPES:
                    kinds[_kind(operation)] += 1
        self.count = sum(kinds.values())
        self.flops = sum(count * _flops(kind) for kind, count in kinds.items())
        self._calls = [(_alone(kind), count) for kind, count in kinds.items()]

    def run(self):
        """Runs all, as often as they are in the graphs."""
        for call, count in self._calls:
            for _ in range(count):
                call()


def _kind(operation):
    """What makes two convolutions equal: type, inputs, attributes; hashable."""
    inputs = []
    for tensor, argument in zip(operation.inputs, operation.op_def.input_arg):
        # A gradient is as large as it is told to be.
        known = operation.outputs[0] if argument.name in SIZES else tensor
        inputs.append((argument.name, tensor.dtype.name, tuple(known.shape.as_list())))
    attributes = []
    for attribute in operation.op_def.attr:
        value = operation.get_attr(attribute.name)
        if attribute.name != 'T':
            value = value.decode() if isinstance(value, bytes) else value
            attributes.append((attribute.name,
                               tuple(value) if isinstance(value, list) else value))
    return operation.type, tuple(inputs), tuple(attributes), tuple(
        operation.outputs[0].shape.as_list())


def _flops(kind):
    """Of a convolution, and as many of either gradient: 2 x outputs x inputs of an output."""
    name, inputs, _, output = kind
    shapes = {argument: shape for argument, _, shape in inputs}
    weight = shapes.get('filter', shapes.get('filter_sizes', output))
    image = output if name == 'Conv2D' else shapes['out_backprop']
    batch, height, width, channels = image
    return 2 * batch * height * width * channels * weight[0] * weight[1] * weight[2]


def _alone(kind):
    """A function of no arguments that runs a convolution."""
    name, inputs, attributes, _ = kind
    sizes = {argument: tf.constant(shape, tf.int32) for argument, _, shape in inputs
             if argument in SIZES}
    tensors = {argument: tf.cast(tf.random.stateless_normal(shape, [SEED, index]), dtype)
               for index, (argument, dtype, shape) in enumerate(inputs) if argument not in SIZES}
    attributes = {key: list(value) if isinstance(value, tuple) else value
                  for key, value in attributes}

    @tf.function(autograph=False)
    def call(*values):
        return getattr(tf.raw_ops, name)(**dict(zip(tensors, values)), **sizes, **attributes)

    values = list(tensors.values())
    concrete = call.get_concrete_function(*values)
    return lambda: concrete(*values)
