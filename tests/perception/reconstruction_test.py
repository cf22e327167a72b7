"""Reconstruction against NumPy, its units, and landmarks in pixels of the given picture."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.perception import reference, small
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.perception import weights_file
from tfdisco.perception.reconstruction import (
    TRANSLATION_SCALE,
    Reconstruction,
    ReconstructionNetwork,
)


def test_network_is_the_layers_it_says():
    network = small.reconstruction().freeze()
    images = small.pictures(2, small.SIZE, small.SIZE)
    frozen = reference.Frozen(network.frozen_arrays())
    for image, raw in zip(images, np.asarray(network(images))):
        last = frozen.backbone(image, small.BLOCKS)[-1]
        reduced = reference.relu(frozen.conv('reduce', last)).ravel()
        expected = frozen.dense('raw', reference.relu(frozen.dense('hidden', reduced)))
        np.testing.assert_allclose(raw, expected, atol=1e-4)


def test_units_are_those_of_people():
    model = toy.model()
    network = ReconstructionNetwork.for_model(model)
    people = sample_coefficients(model, 4096, 0)
    raw = network.encode(people, np.zeros((4096, 3), np.float32))
    np.testing.assert_allclose(np.mean(raw[:, :-3], axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.std(raw[:, :-3], axis=0), 1, atol=1e-3)
    np.testing.assert_allclose(network.scale[-3:], TRANSLATION_SCALE)
    np.testing.assert_allclose(network.offset[-3:], 0)
    translation = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    back = network.decode(network.encode(people[:4], translation))
    np.testing.assert_allclose(back[0], people[:4], atol=1e-5)
    np.testing.assert_allclose(back[1], translation, atol=1e-5)


def test_an_untrained_network_sees_nearly_the_mean_face():
    network = ReconstructionNetwork.for_model(toy.model())
    raw = network(small.pictures(8, network.input_size, network.input_size), training=True)
    assert 0 < np.std(raw) < 0.05


@pytest.mark.parametrize('height, width', [(64, 64), (50, 40), (40, 56)])
def test_landmarks_are_those_of_the_coefficients(height, width):
    model = toy.model()
    face = Reconstruction(small.reconstruction().freeze(), model)(
        small.pictures(3, height, width))
    oracle = toy.Oracle(model.arrays, height, width)
    assert np.std(face.coefficients, axis=0).max() > 0.01 < np.std(face.translation)
    for coefficients, translation, landmarks in zip(*map(np.asarray, face)):
        vertices = oracle.vertices(model.layout.split(coefficients.astype(np.float64)))
        np.testing.assert_allclose(landmarks, oracle.landmarks(vertices + translation), atol=2e-3)


def test_another_model_is_refused():
    network = small.reconstruction().freeze()
    model = toy.model()
    with pytest.raises(ValueError, match="expected 'toy' with 39 .* got 'other' with 39"):
        Reconstruction(network, type(model)({**model.arrays, 'name': 'other'}))
    with pytest.raises(ValueError, match="with 39 coefficients, .* got 'toy' with 40"):
        Reconstruction(network, type(model)(toy.arrays(expression=3)))


@pytest.mark.parametrize('changes, message', [
    ({'scale': np.zeros(42)}, 'scale: expected numbers above 0, got 0.0'),
    ({'offset': np.zeros(41)}, r'offset: expected \[42\], got \[41\]')])
def test_wrong_units_are_refused(changes, message, tmp_path):
    stored = small.reconstruction().stored('', '')
    weights_file.write(tmp_path / 'n.npz', weights_file.StoredNetwork(
        stored.kind, stored.config, {**stored.arrays, **changes}))
    with pytest.raises(ValueError, match=f'n.npz: {message}'):
        Reconstruction.load(tmp_path / 'n.npz', toy.model())
    without = {name: value for name, value in stored.arrays.items() if name not in changes}
    with pytest.raises(ValueError, match=r'expected \[42\], got none'):
        small.reconstruction().freeze().set_frozen_arrays(without)


def test_wrong_shapes_are_refused():
    network = small.reconstruction()
    with pytest.raises(ValueError, match=r'raw: expected shape \[B, 42\], got \[2, 41\]'):
        network.decode(np.zeros((2, 41), np.float32))
    with pytest.raises(ValueError, match=r'coefficients and translation: .* got \[2, 41\]'):
        network.encode(tf.zeros([2, 39]), tf.zeros([2, 2]))
