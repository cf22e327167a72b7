"""The part of a TensorFlow 1 graph between its input and its output, as if nothing trained."""

import tensorflow as tf

# Ops that compute their outputs of their inputs and do nothing else.
PURE = frozenset((
    'Add AddN AddV2 AvgPool BatchNormWithGlobalNormalization BiasAdd Cast CheckNumerics Concat '
    'ConcatV2 Const Conv2D Conv2DBackpropInput DepthwiseConv2dNative Elu Exp '
    'ExpandDims FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Identity LeakyRelu LRN LogicalNot '
    'MatMul Max MaxPool Maximum Mean Min Minimum MirrorPad Mul Neg Pack Pad PadV2 Prod RealDiv '
    'Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor Rsqrt Shape Sigmoid Slice Softmax '
    'Softplus Split Sqrt Square SquaredDifference Squeeze StridedSlice Sub Sum Tanh Tile '
    'Transpose').split())
LARGEST = 1 << 28  # numbers of a constant
OUTPUTS = 8  # of a node, at most
_DEAD = 'dead'


def prune(definition, start, end, training=None):
    """Cuts a graph down to what `end` needs of `start`.

    Branches that run only while training (Switch and Merge of `tf.cond`) are cut out, and
    control dependencies, which pure ops do not need.

    Args:
      definition: `GraphDef`.
      start: name of the node that the images take the place of.
      end: name of the node whose output 0 is wanted.
      training: name of the placeholder of truth that becomes False, or None.

    Returns:
      `GraphDef` with a placeholder called `start`.

    Raises:
      ValueError: if a node is missing or none of `PURE`.
    """
    nodes = {node.name: node for node in definition.node}
    missing = [name for name in (start, end, training) if name is not None and name not in nodes]
    if missing:
        raise ValueError(f'expected nodes {start} and {end}'
                         + (f' and {training}' if training else '') + f', got none called {missing}'
                         f' among {len(nodes)}')
    places = _Places(start, training)
    for name in _inputs_first(nodes, start, end):
        places.take(nodes[name])
    output = places.of(f'{end}:0')
    if output is _DEAD:
        raise ValueError(f'{end} runs only while training')
    result = tf.compat.v1.GraphDef()
    result.versions.CopyFrom(definition.versions)
    kept, waiting = set(), [output]
    while waiting:
        name = waiting.pop().split(':')[0]
        if name not in kept:
            kept.add(name)
            node = places.node(nodes[name])
            waiting.extend(node.input)
            result.node.append(node)
    if start not in kept:
        raise ValueError(f'{end} does not depend on {start}')
    if output != f'{end}:0':  # a branch that was cut out right before it
        result.node.add(name=end, op='Identity', input=[output]).attr['T'].type = (
            tf.float32.as_datatype_enum)
    return result


class _Places:
    """Where values are once branches of training are cut out; takes nodes after their inputs."""

    def __init__(self, start, training):
        self._start, self._training = start, training
        self._places = {}  # of an output: another one that stands for it, or _DEAD
        self._truth = {}  # of an output that is known: True or False
        self._inputs = {}  # of a node

    def of(self, reference):
        """The 'name:index' that stands for another, or _DEAD."""
        return self._places.get(reference, reference)

    def take(self, node):
        """Finds out what becomes of a node's outputs."""
        inputs = [self.of(_full(name)) for name in node.input if not name.startswith('^')]
        controls = [self.of(_full(name[1:])) for name in node.input if name.startswith('^')]
        first = f'{node.name}:0'
        if node.name == self._start:
            inputs = []
        elif node.name == self._training:
            self._truth[first] = False
        elif node.op == 'Merge':
            self._places[first] = next((place for place in inputs if place is not _DEAD), _DEAD)
        elif _DEAD in inputs or _DEAD in controls:
            self._places.update({f'{node.name}:{index}': _DEAD for index in range(OUTPUTS)})
        elif node.op == 'Switch':
            taken = self._truth.get(inputs[1])
            if taken is None:
                raise ValueError(f'{node.name}: expected a condition that is known, got '
                                 f'{node.input[1]}')
            self._places[f'{node.name}:{int(taken)}'] = inputs[0]
            self._places[f'{node.name}:{int(not taken)}'] = _DEAD
        elif node.op in ('Identity', 'LogicalNot') and inputs[0] in self._truth:
            self._truth[first] = self._truth[inputs[0]] ^ (node.op == 'LogicalNot')
        self._inputs[node.name] = inputs

    def node(self, node):
        """The node of the new graph; ValueError if it does more than compute."""
        kept = tf.compat.v1.NodeDef(name=node.name)
        if node.name == self._start:
            kept.op = 'Placeholder'
            kept.attr['dtype'].type = tf.float32.as_datatype_enum
            return kept
        if node.name == self._training:
            kept.op = 'Const'
            kept.attr['dtype'].type = tf.bool.as_datatype_enum
            kept.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(False))
            return kept
        if node.op not in PURE:
            raise ValueError(f'{node.name}: expected an op that only computes, got {node.op}')
        kept.CopyFrom(node)
        kept.device = ''
        kept.attr.pop('_class', None)  # which other node it should lie beside
        del kept.input[:]
        kept.input.extend(self._inputs[node.name])
        size = 1
        for axis in kept.attr['value'].tensor.tensor_shape.dim if node.op == 'Const' else ():
            size *= axis.size
        if not 0 <= size <= LARGEST:
            raise ValueError(f'{node.name}: expected {LARGEST} numbers at most, got {size}')
        return kept


def _inputs_first(nodes, start, end):
    """Names of all nodes that `end` needs, each after its inputs."""
    done, stack = {}, [(end, False)]  # name: whether all its inputs are done
    while stack:
        name, ready = stack.pop()
        if ready:
            done[name] = True
            yield name
        elif name in done:
            if not done[name]:
                raise ValueError(f'{name}: expected a graph without loops')
        elif name not in nodes:
            raise ValueError(f'expected a node {name}, got none')
        else:
            done[name] = False
            stack.append((name, True))
            if name != start:
                needed = {_full(reference.lstrip('^')).split(':')[0]
                          for reference in nodes[name].input}
                stack.extend((other, False) for other in sorted(needed) if not done.get(other))


def _full(reference):
    """'name' is 'name:0'."""
    return reference if ':' in reference else f'{reference}:0'
