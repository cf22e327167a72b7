"""The features of the Frechet Inception Distance, from a file that the user has.

Two files will do: the TensorFlow graph of 2015 that Heusel et al. (2017) and the StyleGAN
papers use, and Keras' InceptionV3, whose figures differ from theirs a little.
"""

import hashlib
import os

import keras
import tensorflow as tf

from tfdisco.perception import graph_pruning

SIZE, SIDE = 2048, 299  # features, and pixels of a side
ADVICE = ('classify_image_graph_def.pb of inception-2015-12-05.tgz, or '
          'inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras')
# MD5 of Keras' file, as keras.applications.inception_v3 states it.
KERAS_MD5 = ('bcbd6486424b2319ff4ef7d526e38f63',)
PICTURES, FEATURES = 'ExpandDims', 'pool_3'  # nodes of the graph: colours 0-255, features
OPERATIONS = {PICTURES: 'ExpandDims', 'ResizeBilinear': 'ResizeBilinear', 'Sub': 'Sub',
              'Mul': 'Mul', 'conv/Conv2D': 'Conv2D', 'mixed/join': 'Concat',
              'mixed_10/join': 'Concat', FEATURES: 'AvgPool'}
KERNEL, KERNELS = 'conv2d_params', 94  # how the constants of convolutions end, and their number
CONSTANTS = {f'conv/{KERNEL}': (3, 3, 3, 32), 'softmax/weights': (SIZE, 1008)}


def load(path):
    """Reads either file.

    Args:
      path: of the graph (.pb), or of the weights (.h5).

    Returns:
      A function: pictures [B, H, W, 3] in [-1, 1] to features [B, 2048].

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is neither. Of the graph, the names and kinds of nodes, the number of
        convolutions and the sizes of the first and the last weights are checked, but no
        activation; Keras' file has to be the published one, by its MD5.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'inception: expected a file, got {path!r}; {ADVICE}')
    if path.endswith('.pb'):
        return _graph(path)
    if path.endswith('.h5'):
        return _keras(path)
    raise ValueError(f'inception: expected {ADVICE}, got {path!r}')


def _graph(path):
    graph = tf.compat.v1.GraphDef()
    with open(path, 'rb') as file:
        data = file.read()
    try:
        graph.ParseFromString(data)
    except Exception as error:  # the type differs between protobuf's implementations
        raise ValueError(f'inception: {path}: expected a TensorFlow graph, got a file that cannot '
                         f'be read ({error}); {ADVICE}') from error
    nodes = {node.name: node for node in graph.node}
    for name, kind in {**OPERATIONS, **{name: 'Const' for name in CONSTANTS}}.items():
        if name not in nodes or nodes[name].op != kind:
            got = nodes[name].op if name in nodes else 'none of that name'
            raise ValueError(f'inception: {path}: expected the node {name} to be a {kind}, got '
                             f'{got}; this is not the graph of 2015: {ADVICE}')
    for name, shape in CONSTANTS.items():
        got = tuple(size.size for size in nodes[name].attr['value'].tensor.tensor_shape.dim)
        if got != shape:
            raise ValueError(f'inception: {path}: expected {name} of shape {list(shape)}, got '
                             f'{list(got)}; this is not the graph of 2015: {ADVICE}')
    kernels = sum(name.endswith(f'/{KERNEL}') for name in nodes)
    if kernels != KERNELS:
        raise ValueError(f'inception: {path}: expected {KERNELS} constants that end in /{KERNEL}, '
                         f'got {kernels}; this is not the graph of 2015: {ADVICE}')
    try:
        pruned = graph_pruning.prune(graph, PICTURES, FEATURES)
    except ValueError as error:
        raise ValueError(f'inception: {path}: {error}; {ADVICE}') from error

    @tf.function(reduce_retracing=True, autograph=False)
    def vectors(pictures):
        # The graph itself enlarges to 299 pixels and takes colours to [-1, 1].
        colors = 127.5 * (tf.convert_to_tensor(pictures) + 1.0)
        features, = tf.graph_util.import_graph_def(pruned, {f'{PICTURES}:0': colors},
                                                   [f'{FEATURES}:0'])
        return tf.reshape(features, [-1, SIZE])

    return vectors


def _keras(path):
    with open(path, 'rb') as file:
        found = hashlib.md5(file.read()).hexdigest()
    if found not in KERAS_MD5:
        raise ValueError(f'inception: {path}: expected the published weights, MD5 '
                         f'{" or ".join(KERAS_MD5)}, got {found}; {ADVICE}')
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling='avg')
    network.load_weights(path)
    network.trainable = False

    @tf.function(reduce_retracing=True)
    def vectors(pictures):
        pictures = tf.image.resize(pictures, [SIDE, SIDE], method='bilinear')
        return tf.ensure_shape(network(pictures, training=False), [None, SIZE])

    return vectors
