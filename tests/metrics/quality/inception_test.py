"""Files of the published layouts with small or random weights, and files that are neither."""

import hashlib

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisco.metrics.quality import features, inception

PICTURES = np.random.default_rng(0).uniform(-1, 1, (3, 20, 16, 3)).astype(np.float32)


def graph(kernels=inception.KERNELS, last=(2048, 1008)):
    """A graph with the published nodes, few of them connected, and two of its kernels."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(3, 3, 3, 32)).astype(np.float32)
    widen = rng.normal(size=(1, 1, 32, 1024)).astype(np.float32)
    with tf.Graph().as_default() as result:
        raw = tf.raw_ops
        jpeg = tf.zeros([100, 100, 3], name='Cast')
        image = raw.ExpandDims(input=jpeg, axis=0, name='ExpandDims')
        values = raw.ResizeBilinear(images=image, size=[299, 299], name='ResizeBilinear')
        values = raw.Sub(x=values, y=128.0, name='Sub')
        values = raw.Mul(x=values, y=1 / 128, name='Mul')
        values = raw.Conv2D(input=values, filter=tf.constant(first, name='conv/conv2d_params'),
                            strides=[1, 2, 2, 1], padding='VALID', name='conv/Conv2D')
        values = raw.AvgPool(value=values, ksize=[1, 18, 18, 1], strides=[1, 18, 18, 1],
                             padding='VALID', name='pool')
        raw.Concat(concat_dim=3, values=[values, values], name='mixed/join')
        for index in range(1, kernels):
            tf.constant(widen if index == 1 else np.float32(0), name=f'c{index}/conv2d_params')
        wide = tf.nn.conv2d(values, widen, 1, 'VALID')
        values = raw.Concat(concat_dim=3, values=[wide, -wide], name='mixed_10/join')
        raw.AvgPool(value=values, ksize=[1, 8, 8, 1], strides=[1, 1, 1, 1], padding='VALID',
                    name='pool_3')
        tf.constant(np.zeros(last, np.float32), name='softmax/weights')
    return result.as_graph_def(), first, widen


def write(path, definition):
    path.write_bytes(definition.SerializeToString())
    return str(path)


def test_the_graph_gets_colours_from_0_to_255(tmp_path):
    definition, first, widen = graph()
    vectors = inception.load(write(tmp_path / 'g.pb', definition))
    colours = tf.constant(127.5 * (PICTURES + 1))
    scaled = (tf.compat.v1.image.resize_bilinear(colours, [299, 299]) - 128) / 128
    pooled = tf.nn.avg_pool2d(tf.nn.conv2d(scaled, first, 2, 'VALID'), 18, 18, 'VALID')
    wide = tf.reduce_mean(tf.nn.conv2d(pooled, widen, 1, 'VALID'), axis=[1, 2]).numpy()
    found = vectors(PICTURES)
    np.testing.assert_allclose(found, np.concatenate([wide, -wide], axis=1), atol=1e-3)
    kind = features.load('inception', inception_file=str(tmp_path / 'g.pb'))
    assert (kind.distance, kind.size, kind.maps) == ('fid', 2048, None)
    np.testing.assert_array_equal(kind.vectors(PICTURES), found)


@pytest.mark.parametrize('changes, message', [
    ({'kernels': 93}, 'expected 94 constants that end in /conv2d_params, got 93'),
    ({'last': (2048, 1000)}, r'softmax/weights of shape \[2048, 1008\], got \[2048, 1000\]')])
def test_another_graph_is_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        inception.load(write(tmp_path / 'g.pb', graph(**changes)[0]))


def test_a_graph_without_the_features_is_refused(tmp_path):
    definition = graph()[0]
    for node in definition.node:
        if node.name == 'pool_3':
            node.name = 'pool_4'
    with pytest.raises(ValueError, match='node pool_3 to be a AvgPool, got none of that name'):
        inception.load(write(tmp_path / 'g.pb', definition))


def test_a_graph_that_does_more_than_compute_is_refused(tmp_path):
    definition = graph()[0]
    for node in definition.node:
        if node.name == 'pool':
            node.op = 'ReadFile'
    with pytest.raises(ValueError, match='pool: expected an op that only computes, got ReadFile'):
        inception.load(write(tmp_path / 'g.pb', definition))


def test_files_that_are_neither(tmp_path):
    (tmp_path / 'text.pb').write_text('no graph')
    with pytest.raises(ValueError, match='text.pb: expected a TensorFlow graph'):
        inception.load(tmp_path / 'text.pb')
    (tmp_path / 'other.h5').write_bytes(b'no weights')
    with pytest.raises(ValueError, match='other.h5: expected the published weights, MD5 bcbd6486'):
        inception.load(tmp_path / 'other.h5')
    with pytest.raises(ValueError, match='inception: expected classify_image_graph_def.pb'):
        inception.load(__file__)
    with pytest.raises(FileNotFoundError, match='inception: expected a file'):
        inception.load(tmp_path / 'nowhere.pb')


def write_keras(path):
    """Keras' layout of 2016: a group a layer, names in attributes."""
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling='avg')
    with h5py.File(path, 'w') as file:
        file.attrs['layer_names'] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            names = [f'{layer.name}/{index}' for index in range(len(layer.weights))]
            group.attrs['weight_names'] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights()):
                group.create_dataset(name, data=value)
    return network


@pytest.mark.slow
def test_keras_weights(tmp_path, monkeypatch):
    path = tmp_path / 'w.h5'
    network = write_keras(path)
    monkeypatch.setattr(inception, 'KERAS_MD5', (hashlib.md5(path.read_bytes()).hexdigest(),))
    found = inception.load(path)(PICTURES)
    resized = tf.image.resize(PICTURES, [299, 299])
    expected = network(resized, training=False)
    assert np.std(expected) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
