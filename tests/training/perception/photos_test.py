"""Photographs in a step: the terms fall on the truth, and pull a wrong estimate towards it."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.perception import weights_file
from tfdisco.perception.recognition import RecognitionNetwork
from tfdisco.perception.reconstruction import ReconstructionNetwork
from tfdisco.training.perception.photos import WEIGHTS, PhotoSupervision

SIZE, COUNT = 32, 4


@pytest.fixture(scope='module')
def recognition(tmp_path_factory):
    path = tmp_path_factory.mktemp('network') / 'recognition.npz'
    network = RecognitionNetwork(8, (4, 6), (0, 1), 4, 16)
    weights_file.write(path, network.stored('test', 'none'))
    return str(path)


def supervision(recognition=None):
    network = ReconstructionNetwork.for_model(toy.model(), widths=(4, 6), blocks=(0, 1),
                                              channels=4, hidden=16, input_size=SIZE)
    return network, PhotoSupervision(network, toy.model(), None, COUNT, recognition)


def photographs():
    coefficients = toy.people(toy.model(), COUNT, pose=0.1, light=0.05)
    translation = np.random.default_rng(0).normal(size=(COUNT, 3)).astype(np.float32) * 0.05
    face = FaceRenderer(toy.model(), SIZE, SIZE)(coefficients, translation)
    seen = {'image': face.image, 'landmarks': face.landmarks / SIZE,
            'masks': tf.concat([face.mask, tf.zeros_like(face.mask)], axis=-1),
            'known': tf.ones_like(face.mask)}
    return coefficients, translation, seen


def test_only_likelihood_is_left_of_the_truth(recognition):
    network, photos = supervision(recognition)
    coefficients, translation, seen = photographs()
    raw = network.encode(coefficients, translation)
    terms = photos.terms(raw, seen)
    assert set(terms) == {f'photo_{name}' for name in WEIGHTS}
    for name in ('photometric', 'landmarks', 'identity'):
        assert float(terms[f'photo_{name}']) == pytest.approx(0, abs=1e-3), name
    layout = toy.model().layout
    known = raw.numpy()[:, :layout.identity_shape + layout.identity_texture + layout.expression]
    assert float(terms['photo_likelihood']) == pytest.approx(
        WEIGHTS['likelihood'] * np.square(known).mean(), rel=1e-4)


def test_terms_pull_towards_the_truth(recognition):
    network, photos = supervision(recognition)
    coefficients, translation, seen = photographs()
    truth = network.encode(coefficients, translation)
    raw = tf.Variable(truth + 0.3 * tf.random.stateless_normal(truth.shape, [0, 1]))
    with tf.GradientTape(persistent=True) as tape:
        terms = photos.terms(raw, seen)
    for name in ('photometric', 'landmarks', 'identity'):
        assert float(terms[f'photo_{name}']) > 0.01
        gradient = tape.gradient(terms[f'photo_{name}'], raw)
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, name
    optimizer = tf.keras.optimizers.Adam(0.02)
    optimizer.build([raw])
    before = float(terms['photo_photometric']), float(terms['photo_landmarks'])
    for _ in range(60):
        with tf.GradientTape() as tape:
            total = tf.add_n(list(photos.terms(raw, seen).values()))
        optimizer.apply_gradients([(tape.gradient(total, raw), raw)])
    after = photos.terms(raw, seen)
    assert float(after['photo_photometric']) < 0.5 * before[0]
    assert float(after['photo_landmarks']) < 0.5 * before[1]


def test_what_is_hidden_does_not_count():
    network, photos = supervision()
    coefficients, translation, seen = photographs()
    raw = network.encode(coefficients, translation)
    middle = np.zeros((COUNT, SIZE, SIZE, 1), np.float32)
    middle[:, 10:22, 10:22] = 1
    image = seen['image'] * (1 - middle) - middle
    for name in ('masks', 'known'):
        hidden = {**seen, 'image': image, name: seen[name] * (1 - middle)}
        assert float(photos.terms(raw, hidden)['photo_photometric']) < 1e-3
    assert float(photos.terms(raw, {**seen, 'image': image})['photo_photometric']) > 0.1
    assert 'photo_identity' not in photos.terms(raw, seen)


def test_a_face_behind_the_camera_does_no_harm():
    network, photos = supervision()
    coefficients, translation, seen = photographs()
    raw = tf.Variable(network.encode(coefficients, translation + [0.0, 0.0, 15.0]))
    with tf.GradientTape() as tape:
        total = tf.add_n(list(photos.terms(raw, seen).values()))
    assert np.isfinite(tape.gradient(total, raw)).all()
