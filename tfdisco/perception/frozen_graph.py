"""Frozen TensorFlow 1 graphs of others (.pb) as perception networks.

A graph is data to us: only its nodes between the named input and output are taken, branches
of training are cut out, and every node left has to be one of `PURE`, which compute and do
nothing else. What is left runs as standard ops, differentiable, on any TensorFlow.

| kind | file | input | output |
| --- | --- | --- | --- |
| reconstruction | Deep3DFaceReconstruction, FaceReconModel.pb | input_imgs, 224 px, BGR 0..255 | coeff [B, 257] |
| recognition | facenet, 20170512-110547.pb | input, 160 px, RGB (x - 127.5) / 128 | embeddings [B, D] |
| parsing | face-parsing.PyTorch's BiSeNet, converted | input, 512 px, RGB (x / 255 - mean) / std of ImageNet | output [B, H, W, 19], logits of CelebAMask-HQ's classes |

Maps of networks that come from PyTorch may have their channels first, at both ends alike.
"""  # noqa: E501  a table

import os
from typing import NamedTuple, Optional, Union

import numpy as np
import tensorflow as tf

from tfdisco.perception import graph_pruning
from tfdisco.shapes import check_shape

ENDING = '.pb'
LARGEST = 1 << 31  # bytes, what TensorFlow reads


class Interface(NamedTuple):
    """What a graph takes and gives.

    input, output: names of nodes.
    size: pixels of a side.
    reverse: whether colours are blue, green, red.
    scale, offset: the graph sees scale * image + offset of an image in [-1, 1]; numbers, or
      one of each for each colour.
    outputs: numbers of an output; None for any.
    training: name of the placeholder that says whether it trains, or None.
    source: where the file comes from.
    maps: whether the output has those numbers at each place, and not once.
    """

    input: str
    output: str
    size: int
    reverse: bool
    scale: Union[float, tuple]
    offset: Union[float, tuple]
    outputs: Optional[int]
    training: Optional[str]
    source: str
    maps: bool = False


# Of ImageNet's colours in [0, 1], as torchvision's networks have them.
_MEAN, _STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
INTERFACES = {
    'reconstruction': Interface('input_imgs', 'coeff', 224, True, 127.5, 127.5, 257, None,
                                'FaceReconModel.pb of microsoft/Deep3DFaceReconstruction'),
    # As DiscoFaceGAN feeds it; facenet itself standardises each picture.
    'recognition': Interface('input', 'embeddings', 160, False, 127.5 / 128, 0.0, None,
                             'phase_train', '20170512-110547.pb of davidsandberg/facenet'),
    'parsing': Interface('input', 'output', 512, False, tuple(0.5 / _STD),
                         tuple((0.5 - _MEAN) / _STD), 19, None,
                         'BiSeNet of zllrunning/face-parsing.PyTorch as a .pb', maps=True)}


class FrozenGraph:
    """Images [B, S, S, 3] in [-1, 1] to what the graph gives, float32; frozen.

    That is [B, D], or [B, H, W, D] of one that gives maps.

    Attributes:
      input_size: S.
      size: D.
      precision: 'float32', which alone the graph knows.
    """

    def __init__(self, definition, kind, label):
        """Takes a `GraphDef`.

        Args:
          definition: of the whole graph.
          kind: of `INTERFACES`.
          label: the file, for messages.

        Raises:
          ValueError: if it lacks nodes, has others than pure ones, or gives other shapes.
        """
        interface = INTERFACES[kind]
        self._interface, self._label = interface, label
        self.input_size = interface.size
        try:
            pruned = graph_pruning.prune(definition, interface.input, interface.output,
                                         interface.training)
            channels_first = _channels_first(definition, interface)
            self._run = tf.function(
                lambda images: _run(pruned, interface, channels_first, images),
                input_signature=[tf.TensorSpec([None, self.input_size, self.input_size, 3])],
                autograph=False)
            outputs = self._run.get_concrete_function().structured_outputs
            places = [None, None] if interface.maps else []
            check_shape(interface.output, outputs, ['B', *places, interface.outputs])
            if outputs.dtype != tf.float32 or outputs.shape[-1] is None:
                raise ValueError(f'{interface.output}: expected float32 [B, D], got '
                                 f'{outputs.dtype.name} {outputs.shape}')
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise ValueError(f'{label}: expected a graph like {interface.source}, got one that is '
                             f'not: {str(error).strip().splitlines()[-1]}') from error
        self.size = int(outputs.shape[-1])

    @classmethod
    def load(cls, path, kind):
        """Reads a .pb; see the class.

        Raises:
          FileNotFoundError: if there is no such file.
          ValueError: if it is no such graph.
        """
        label = os.fspath(path)
        definition = tf.compat.v1.GraphDef()
        if os.path.getsize(path) > LARGEST:
            raise ValueError(f'{label}: expected {LARGEST} bytes at most, got '
                             f'{os.path.getsize(path)}')
        with open(path, 'rb') as file:
            data = file.read()
        try:
            definition.ParseFromString(data)
        except Exception as error:  # protobuf's own, which differ from one release to the next
            raise ValueError(f'{label}: expected a frozen graph, got a file that cannot be read '
                             f'({error})') from error
        return cls(definition, kind, label)

    @property
    def precision(self):
        """See the class."""
        return 'float32'

    @precision.setter
    def precision(self, value):
        if value != 'float32':
            raise ValueError(f'precision: expected float32, in which {self._label} is stored, got '
                             f'{value}')

    def __call__(self, images):
        images = tf.convert_to_tensor(images, tf.float32)
        check_shape('images', images, ['B', self.input_size, self.input_size, 3])
        if self._interface.reverse:
            images = tf.reverse(images, [3])
        return self._run(images * np.float32(self._interface.scale)
                         + np.float32(self._interface.offset))


def _channels_first(definition, interface):
    """Whether the graph's own placeholder says [B, 3, S, S]."""
    node = next(node for node in definition.node if node.name == interface.input)
    sizes = [axis.size for axis in node.attr['shape'].shape.dim]
    return len(sizes) == 4 and sizes[1] == 3 and sizes[3] != 3


def _run(graph, interface, channels_first, images):
    if channels_first:
        images = tf.transpose(images, [0, 3, 1, 2])
    outputs, = tf.graph_util.import_graph_def(
        graph, {f'{interface.input}:0': images}, [f'{interface.output}:0'])
    if channels_first and interface.maps:
        outputs = tf.transpose(outputs, [0, 2, 3, 1])
    return outputs
