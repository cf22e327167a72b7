"""Frozen graphs of the published networks' interfaces, made here, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco import factors
from tfdisco.face3d import camera, transforms
from tfdisco.perception import graph_pruning
from tfdisco.perception.frozen_graph import FrozenGraph
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import GraphParsing, Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction

V1 = tf.compat.v1
SIZES = {'reconstruction': (224, 257), 'recognition': (160, 128)}
RNG = np.random.default_rng(0)
KERNELS = {kind: RNG.normal(size=[3, size]).astype(np.float32) * 1e-3
           for kind, (_, size) in SIZES.items()}


def definition(build):
    with tf.Graph().as_default() as graph:
        build()
        return graph.as_graph_def()


def reconstruction():
    """Linear in the mean colour of the middle."""
    images = V1.placeholder(tf.float32, [None, 224, 224, 3], name='input_imgs')
    mean = tf.reduce_mean(images[:, 56:168, 56:168], axis=[1, 2])
    values = tf.matmul(mean, tf.constant(KERNELS['reconstruction']))
    values = tf.nn.relu(values) - tf.nn.relu(-values)
    with tf.control_dependencies([tf.no_op()]):
        tf.identity(values, name='coeff')


def recognition():
    """With what FaceNet has for training: branches of a placeholder, one of them random."""
    images = V1.placeholder(tf.float32, [None, 160, 160, 3], name='input')
    trains = V1.placeholder(tf.bool, name='phase_train')
    off, on = tf.raw_ops.Switch(data=trains, pred=trains)
    on, off = tf.identity(on, name='cond/switch_t'), tf.identity(off, name='cond/switch_f')
    mean = tf.reduce_mean(images, axis=[1, 2])
    tested, trained = tf.raw_ops.Switch(data=mean, pred=tf.identity(trains, name='cond/pred_id'))
    with tf.control_dependencies([on]):
        factor = tf.constant(100.0)
    trained = trained * factor * tf.random.uniform([])
    with tf.control_dependencies([off]):
        tested = tested * tf.constant(1.0)
    merged = tf.raw_ops.Merge(inputs=[trained, tested]).output
    tf.matmul(merged, tf.constant(KERNELS['recognition']), name='embeddings')


GRAPHS = {'reconstruction': reconstruction, 'recognition': recognition}
CLASSES = RNG.normal(size=[3, 19]).astype(np.float32)


def parsing(channels_first=False, classes=CLASSES):
    """Linear in the colour at each place, at half the size; as PyTorch's networks if so asked."""
    shape = [1, 3, 512, 512] if channels_first else [None, 512, 512, 3]
    images = V1.placeholder(tf.float32, shape, name='input')
    if channels_first:
        images = tf.transpose(images, [0, 2, 3, 1])
    values = tf.nn.conv2d(images[:, ::2, ::2], classes[np.newaxis, np.newaxis], 1, 'VALID')
    values = tf.transpose(values, [0, 3, 1, 2]) if channels_first else values
    tf.identity(values, name='output')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('graphs')
    for kind, build in GRAPHS.items():
        (folder / f'{kind}.pb').write_bytes(definition(build).SerializeToString())
    return folder


class Published:
    """A model of the published coefficients' sizes, of random landmarks."""

    name, expression_names = 'BFM', ()
    layout = factors.CoefficientLayout(80, 80, 64)

    def __init__(self):
        rng = np.random.default_rng(1)
        self.landmark_vertices = np.arange(68)
        self.arrays = {'mean_shape': rng.normal(size=[68, 3]).astype(np.float32),
                       'identity_basis': rng.normal(size=[80, 68, 3]).astype(np.float32) * 0.1,
                       'expression_basis': rng.normal(size=[64, 68, 3]).astype(np.float32) * 0.1}


def pictures(size, count=2):
    return np.random.default_rng(2).uniform(-1, 1, [count, size, size, 3]).astype(np.float32)


def test_coefficients_and_landmarks_of_deep3d(files):
    look = Reconstruction.load(str(files / 'reconstruction.pb'), Published())
    images = pictures(224)
    seen = look(images)
    # Blue, green, red from 0 to 255; id, exp, tex, angle, gamma, trans.
    raw = ((images[:, 56:168, 56:168, ::-1] + 1) * 127.5).mean(axis=(1, 2)) @ (
        KERNELS['reconstruction'])
    order = [raw[:, :80], raw[:, 144:224], raw[:, 80:144], raw[:, 224:227], raw[:, 227:254]]
    np.testing.assert_allclose(seen.coefficients, np.concatenate(order, axis=1), atol=1e-4)
    model, translation = Published().arrays, raw[:, 254:]
    shape = (model['mean_shape'] + np.einsum('bk,kvc->bvc', raw[:, :80], model['identity_basis'])
             + np.einsum('bk,kvc->bvc', raw[:, 80:144], model['expression_basis']))
    x, y, z = np.moveaxis(transforms.pose_vertices(
        np.float32(shape), np.float32(raw[:, 224:227]), np.float32(translation)).numpy(), 2, 0)
    # Its camera has 1015 pixels of focal length at 224.
    expected = np.stack([112 + 1015 * x / (10 - z), 112 - 1015 * y / (10 - z)], axis=-1)
    np.testing.assert_allclose(seen.landmarks, expected, atol=1e-2)
    # What is translated as ours needs it is seen where it was by its camera.
    there = np.float32(translation)[:, np.newaxis]
    found = camera.project(seen.translation[:, tf.newaxis], 224.0, 224.0).numpy()
    np.testing.assert_allclose(found, np.stack(
        [112 + 1015 * there[..., 0] / (10 - there[..., 2]),
         112 - 1015 * there[..., 1] / (10 - there[..., 2])], axis=-1), atol=1e-2)


def test_pictures_of_another_size(files):
    look = Reconstruction.load(str(files / 'reconstruction.pb'), Published())
    images = pictures(224)
    large = images.repeat(2, axis=1).repeat(2, axis=2)
    first, second = look(images), look(large)
    np.testing.assert_allclose(first.coefficients, second.coefficients, atol=1e-4)
    np.testing.assert_allclose(2 * first.landmarks, second.landmarks, atol=1e-2)


def test_identity_of_facenet_as_if_it_did_not_train(files):
    look = Recognition.load(str(files / 'recognition.pb'))
    images = pictures(160)
    raw = (images * 127.5 / 128).mean(axis=(1, 2)) @ KERNELS['recognition']
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    found = look(images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(look.similarity(found, found), [1, 1], atol=1e-5)
    np.testing.assert_allclose(look.similarity(found[:1], found[1:]), [expected[0] @ expected[1]],
                               atol=1e-5)


@pytest.mark.parametrize('channels_first', [False, True])
def test_hair_face_and_background_of_celebamask(tmp_path, channels_first):
    (tmp_path / 'p.pb').write_bytes(
        definition(lambda: parsing(channels_first)).SerializeToString())
    look = Parsing.load(str(tmp_path / 'p.pb'))
    images = pictures(16).repeat(64, axis=1).repeat(64, axis=2)  # larger than the graph's input
    seen = look(images)
    colors = (images[:, ::2, ::2] + 1) / 2
    values = (colors - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] @ CLASSES
    shares = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    shares = shares.repeat(2, axis=1).repeat(2, axis=2)
    middle = np.s_[:, 24::64, 24::64]  # each colour's own, away from others
    for name, parts in (('hair', [17]), ('background', [0, 16, 18]), ('face', range(1, 16))):
        found = getattr(seen, name).numpy()
        assert found.shape == (2, 1024, 1024, 1)
        np.testing.assert_allclose(found[middle][..., 0], shares[middle][..., parts].sum(-1),
                                   atol=1e-5)
    assert np.ptp(seen.hair) > 0.1


def test_gradient_of_hair(tmp_path):
    graph = FrozenGraph(definition(parsing), 'parsing', 'p.pb')
    look, images = GraphParsing(graph), tf.constant(pictures(512, 1))
    weights = RNG.normal(size=[1, 256, 256, 1])

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = tf.reduce_sum(look._maps(tf.nn.softmax(graph(images)))['hair']
                                  * tf.constant(weights, tf.float32))
        return tape.gradient(value, images)

    values = (((images.numpy()[:, ::2, ::2] + 1) / 2 - [0.485, 0.456, 0.406])
              / [0.229, 0.224, 0.225] @ CLASSES)
    shares = np.exp(values) / np.exp(values).sum(axis=-1, keepdims=True)
    by_value = weights * shares[..., 17:18] * (np.eye(19)[17] - shares)
    expected = np.zeros(images.shape)
    expected[:, ::2, ::2] = by_value @ CLASSES.T * 0.5 / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(gradient(images), expected, atol=1e-4)


@pytest.mark.parametrize('build, message', [
    (recognition, r"got none called \['output'\]"),
    (lambda: parsing(classes=CLASSES[:, :11]), r'output: expected shape \[B, \?, \?, 19\], got'),
    (lambda: tf.reduce_mean(V1.placeholder(tf.float32, [None, 512, 512, 3], name='input'), [1, 2],
                            name='output'), 'output: expected shape')])
def test_other_parsers_are_refused(build, message):
    with pytest.raises(ValueError, match=r'x\.pb: expected a graph like BiSeNet of zllrunning/.*'
                       + message):
        wrong('parsing', build)


@pytest.mark.parametrize('kind', sorted(GRAPHS))
def test_gradients(files, kind):
    graph = FrozenGraph.load(files / f'{kind}.pb', kind)
    images, weights = tf.constant(pictures(SIZES[kind][0], 1)), RNG.normal(size=SIZES[kind][1])

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = tf.reduce_sum(graph(images) * tf.constant(weights, tf.float32))
        return tape.gradient(value, images)

    scale = KERNELS[kind] @ weights
    expected = np.zeros(images.shape)
    if kind == 'reconstruction':
        expected[:, 56:168, 56:168] = 127.5 * scale[::-1] / 112 ** 2
    else:
        expected[:] = 127.5 / 128 * scale / 160 ** 2
    np.testing.assert_allclose(gradient(images), expected, rtol=1e-3, atol=1e-9)


def test_together_in_perception(files):
    perception = Perception(
        Reconstruction.load(str(files / 'reconstruction.pb'), Published()),
        Recognition.load(str(files / 'recognition.pb')),
        GraphParsing(FrozenGraph(definition(parsing), 'parsing', 'p.pb')))
    assert perception(pictures(64)).hair.shape == (2, 64, 64, 1)
    assert perception.reconstruction.network.size == 257
    assert perception.recognition.network.size == 128
    perception.recognition.network.precision = 'float32'
    with pytest.raises(ValueError, match='precision: expected float32, in which .*recognition.pb'):
        perception.recognition.network.precision = 'bfloat16'


def wrong(kind, build):
    return FrozenGraph(definition(build), kind, 'x.pb')


def output(values, name='coeff'):
    return lambda: tf.identity(values(V1.placeholder(
        tf.float32, [None, 224, 224, 3], name='input_imgs')), name=name)


@pytest.mark.parametrize('build, message', [
    (recognition, r"expected nodes input_imgs and coeff, got none called \['input_imgs', 'coeff'"),
    (output(lambda images: images[:, 0, 0], 'other'), r"got none called \['coeff'\]"),
    (output(lambda images: tf.reduce_mean(images, [1, 2])),
     r'coeff: expected shape \[B, 257\], got \[\?, 3\]'),
    (output(lambda images: tf.constant(np.zeros([2, 257]))), 'coeff does not depend on input_imgs'),
    (output(lambda images: tf.cast(tf.tile(images[:, 0, 0], [1, 86])[:, :257], tf.float64)),
     r'coeff: expected float32 \[B, D\], got float64'),
    (output(lambda images: tf.numpy_function(np.sum, [images], tf.float32)),
     'expected an op that only computes, got PyFunc'),
    (output(lambda images: tf.io.read_file('secret')), 'expected an op that only computes, got '
     'ReadFile'),
    (output(lambda images: images + tf.random.uniform([])), 'got RandomUniform'),
    (output(lambda images: images + V1.placeholder(tf.float32, [])), 'got Placeholder')])
def test_other_graphs_are_refused(build, message):
    with pytest.raises(ValueError, match=r'x\.pb: expected a graph like FaceReconModel\.pb of .*'
                       + message):
        wrong('reconstruction', build)


def test_what_hides_in_a_branch_that_runs_is_refused():
    def build(read):
        def inside():
            images = V1.placeholder(tf.float32, [None, 160, 160, 3], name='input')
            trains = V1.placeholder(tf.bool, name='phase_train')
            branches = list(tf.raw_ops.Switch(data=images, pred=trains))
            branches[read] += tf.random.uniform([])
            merged = tf.raw_ops.Merge(inputs=branches).output
            tf.reduce_mean(merged, [1, 2], name='embeddings')
        return inside

    assert wrong('recognition', build(1)).size == 3
    with pytest.raises(ValueError, match='got RandomUniform'):
        wrong('recognition', build(0))


def test_branches_that_end_in_nothing_or_in_the_open():
    def never():
        V1.placeholder(tf.float32, [None, 160, 160, 3], name='input')
        trains = V1.placeholder(tf.bool, name='phase_train')
        tf.identity(tf.raw_ops.Switch(data=tf.zeros([2, 3]), pred=trains).output_true,
                    name='embeddings')

    def unknown():
        images = V1.placeholder(tf.float32, [None, 160, 160, 3], name='input')
        V1.placeholder(tf.bool, name='phase_train')
        taken = tf.raw_ops.Switch(data=images, pred=tf.constant(True)).output_true
        tf.identity(taken, name='embeddings')

    with pytest.raises(ValueError, match='embeddings runs only while training'):
        wrong('recognition', never)
    with pytest.raises(ValueError, match='expected a condition that is known'):
        wrong('recognition', unknown)


def test_broken_graphs():
    graph = definition(reconstruction)
    for node in graph.node:
        if node.name == 'coeff':
            node.input[0] = 'nowhere'
    with pytest.raises(ValueError, match='expected a node nowhere, got none'):
        FrozenGraph(graph, 'reconstruction', 'x.pb')
    for node in graph.node:
        if node.name == 'coeff':
            node.input[0] = 'coeff'
    with pytest.raises(ValueError, match='coeff: expected a graph without loops'):
        FrozenGraph(graph, 'reconstruction', 'x.pb')
    graph = definition(reconstruction)
    for node in graph.node:
        if node.op == 'Const' and node.attr['dtype'].type == tf.float32.as_datatype_enum:
            node.attr['value'].tensor.tensor_shape.dim[0].size = 1 << 40
    with pytest.raises(ValueError, match=f'expected {graph_pruning.LARGEST} numbers at most'):
        FrozenGraph(graph, 'reconstruction', 'x.pb')


def test_no_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        Recognition.load(str(tmp_path / 'x.pb'))
    (tmp_path / 'x.pb').write_bytes(b'no graph')
    with pytest.raises(ValueError, match=r'x\.pb: expected a frozen graph, got a file that cannot'):
        Recognition.load(str(tmp_path / 'x.pb'))


def test_another_face_model_is_refused(files):
    with pytest.raises(ValueError, match="Basel Face Model, pass Deep3D's FaceReconModel.pb"):
        Reconstruction.load('built-in', Published())
    with pytest.raises(ValueError, match='reconstruction: expected a generator or data of the Bas'):
        Reconstruction.load(str(files / 'reconstruction.pb'), toy.model())
