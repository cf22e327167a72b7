"""Frozen TensorFlow 1 graphs of others (.pb) as perception networks.

A graph is data to us: only its nodes between the named input and output are taken, branches
of training are cut out, and every node left has to be one of `PURE`, which compute and do
nothing else. What is left runs as standard ops, differentiable, on any TensorFlow.

| kind | file | input | output |
| --- | --- | --- | --- |
| reconstruction | Deep3DFaceReconstruction, FaceReconModel.pb | input_imgs, 224 px, BGR 0..255 | coeff [B, 257] |
| recognition | facenet, 20170512-110547.pb | input, 160 px, RGB (x - 127.5) / 128 | embeddings [B, D] |
"""  # noqa: E501  a table

import os
from typing import NamedTuple, Optional

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
    scale, offset: the graph sees scale * image + offset of an image in [-1, 1].
    outputs: numbers of an output; None for any.
    training: name of the placeholder that says whether it trains, or None.
    source: where the file comes from.
    """

    input: str
    output: str
    size: int
    reverse: bool
    scale: float
    offset: float
    outputs: Optional[int]
    training: Optional[str]
    source: str


INTERFACES = {
    'reconstruction': Interface('input_imgs', 'coeff', 224, True, 127.5, 127.5, 257, None,
                                'FaceReconModel.pb of microsoft/Deep3DFaceReconstruction'),
    # As DiscoFaceGAN feeds it; facenet itself standardises each picture.
    'recognition': Interface('input', 'embeddings', 160, False, 127.5 / 128, 0.0, None,
                             'phase_train', '20170512-110547.pb of davidsandberg/facenet')}


class FrozenGraph:
    """Images [B, S, S, 3] in [-1, 1] to what the graph gives, [B, D] float32; frozen.

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
            self._run = tf.function(
                lambda images: tf.graph_util.import_graph_def(
                    pruned, {f'{interface.input}:0': images}, [f'{interface.output}:0'])[0],
                input_signature=[tf.TensorSpec([None, self.input_size, self.input_size, 3])],
                autograph=False)
            outputs = self._run.get_concrete_function().structured_outputs
            check_shape(interface.output, outputs, ['B', interface.outputs])
            if outputs.dtype != tf.float32 or outputs.shape[1] is None:
                raise ValueError(f'{interface.output}: expected float32 [B, D], got '
                                 f'{outputs.dtype.name} {outputs.shape}')
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise ValueError(f'{label}: expected a graph like {interface.source}, got one that is '
                             f'not: {str(error).strip().splitlines()[-1]}') from error
        self.size = int(outputs.shape[1])

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
