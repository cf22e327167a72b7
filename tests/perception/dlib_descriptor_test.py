"""dlib's descriptor: as the published graph computes it, in NumPy; and on photographs."""

import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tests.perception import face_api, reference, small
from tfdisco.perception import importers, recognition
from tfdisco.perception.recognition import Recognition


def published(values, image):
    """The published graph on an image [150, 150, 3] in 0..255, one operation at a time."""
    def layer(name, x, stride=1, padding='SAME'):
        x = reference.conv(x, values[f'{name}/conv/filters'], values[f'{name}/conv/bias'],
                           stride, padding)
        return x * values[f'{name}/scale/weights'] + values[f'{name}/scale/biases']

    x = (image - [122.782, 117.001, 104.298]) / 255
    x = reference.pool(reference.relu(layer('conv32_down', x, 2, 'VALID')), 3, 2, np.max)
    for block in face_api.BLOCKS:
        if 'down' not in block:
            hidden = layer(f'{block}/conv2', reference.relu(layer(f'{block}/conv1', x)))
            x = reference.relu(x + hidden)
            continue
        hidden = reference.relu(layer(f'{block}/conv1', x, 2, 'VALID'))
        hidden = layer(f'{block}/conv2', hidden)
        pooled = reference.pool(x, 2, 2, np.mean)
        x = np.zeros(np.maximum(pooled.shape, hidden.shape))
        for part in (pooled, hidden):
            x[:part.shape[0], :part.shape[1], :part.shape[2]] += part
        x = reference.relu(x)
    return x.mean(axis=(0, 1)) @ values['fc']


@pytest.fixture(scope='module')
def synthetic(tmp_path_factory):
    """Values of a package with random weights, and what is imported from it."""
    folder = tmp_path_factory.mktemp('face_api')
    values, entries, data = face_api.weights()
    face_api.write(folder / 'package.tgz', entries, data)
    importers.import_dlib(folder / 'package.tgz', folder / 'dlib.npz')
    return values, Recognition.load(folder / 'dlib.npz')


def test_as_published(synthetic):
    values, see = synthetic
    images = small.pictures(2, 150, 150)
    expected = np.stack([published(values, 127.5 * (image + 1)) for image in images])
    got = np.asarray(see.network.descriptor(images))
    assert np.linalg.norm(expected[0] - expected[1]) > 0.05 * np.linalg.norm(expected[0])
    # Weights are kept as float16.
    np.testing.assert_allclose(got, expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(see.network(images),
                               got / np.linalg.norm(got, axis=1, keepdims=True), atol=1e-5)


def test_half_precision(synthetic):
    network = synthetic[1].network
    images = tf.constant(small.pictures(2, 150, 150))
    whole = np.asarray(network(images))
    try:
        network.precision = 'bfloat16'
        half = network(images)
    finally:
        network.precision = 'float32'
    assert half.dtype == tf.float32
    difference = np.abs(half - whole)
    assert 0 < difference.max() < 0.1 * np.abs(whole).max()


def test_any_picture_and_gradients(synthetic):
    see = synthetic[1]
    images = tf.constant(small.pictures(1, 64, 48))
    with tf.GradientTape() as tape:
        tape.watch(images)
        identity = see(images)
        loss = identity[0, 0]
    gradient = np.asarray(tape.gradient(loss, images))
    assert identity.shape == (1, 128) and np.isfinite(gradient).all() and gradient.any()
    np.testing.assert_allclose(np.linalg.norm(identity), 1, atol=1e-6)


def test_photographs_of_people(tmp_path):
    """Published weights tell people apart, at the published threshold."""
    package = os.environ.get('TFDISCO_FACE_API_TARBALL', '')
    faces = pathlib.Path(os.environ.get('TFDISCO_TEST_DATA', '')) / 'faces' / 'lfw'
    if not package or not faces.is_dir():
        pytest.skip('set TFDISCO_FACE_API_TARBALL to vladmandic-face-api-1.7.15.tgz and '
                    'TFDISCO_TEST_DATA to the folder with faces/lfw')
    from tfdisco.face3d.morphable_model import MorphableModel
    from tfdisco.metrics.perception import photo_set, verification
    importers.import_dlib(package, tmp_path / 'dlib.npz')
    network = Recognition.load(tmp_path / 'dlib.npz').network
    chosen = photo_set.choose(str(faces), 400, '(.*)_[0-9]+', seed=0)
    aligned = list(photo_set.align(chosen, MorphableModel.load('open_head'), {}))
    descriptors = np.concatenate([
        network.descriptor(recognition.crop(face.image[np.newaxis] / 127.5 - 1, 150))
        for face in aligned])
    persons = [face.person for face in aligned]
    pairs = verification.choose_pairs(persons, 3000, seed=0)
    apart = np.linalg.norm(descriptors[pairs.first] - descriptors[pairs.second], axis=1)
    assert len(apart) > 500
    assert verification.auc(-apart, pairs.same) > 0.99
    assert np.mean((apart < 0.62) == pairs.same) > 0.95
    found = verification.verification(descriptors, persons, 3000, seed=0)
    assert found['recognition_auc'].value > 0.99
    unit = descriptors / np.linalg.norm(descriptors, axis=1, keepdims=True)
    cosines = np.sum(unit[pairs.first] * unit[pairs.second], axis=1)
    assert abs(cosines[~pairs.same].mean() - network.STRANGERS) < 0.02
