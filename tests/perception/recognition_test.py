"""Recognition: against NumPy, its view of the picture, and how likeness is measured."""

import numpy as np
import pytest

from tests.perception import reference, small
from tfdisco.perception import recognition
from tfdisco.perception.recognition import Recognition


def test_network_is_the_layers_it_says():
    network = small.recognition().freeze()
    images = small.pictures(2, small.SIZE, small.SIZE)
    frozen = reference.Frozen(network.frozen_arrays())
    for image, vector in zip(images, np.asarray(network(images))):
        last = frozen.backbone(image, small.BLOCKS)[-1]
        reduced = reference.relu(frozen.conv('reduce', last)).ravel()
        expected = frozen.dense('vector', reduced)
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)


def test_only_the_middle_counts():
    see = Recognition(small.recognition().freeze())
    images = small.pictures(1, 100, 100)
    changed = np.ones_like(images)
    changed[:, 10:90, 10:90] = images[:, 10:90, 10:90]
    np.testing.assert_allclose(see(changed), see(images), atol=1e-6)
    changed[:, 12:14, 50] = -1
    assert np.abs(see(changed) - see(images)).max() > 1e-4
    np.testing.assert_allclose(recognition.crop(images, 40),
                               images[:, 10:90, 10:90].reshape(1, 40, 2, 40, 2, 3).mean((2, 4)),
                               atol=1e-6)


@pytest.mark.parametrize('strangers', [0.0, 0.85])
def test_similarity(strangers):
    see = Recognition(small.recognition().freeze())
    see.network.STRANGERS = strangers
    vectors = np.array([[1, 0], [strangers, np.sqrt(1 - strangers**2)]], np.float32)
    np.testing.assert_allclose(see.similarity(vectors, vectors), [1, 1], atol=1e-6)
    np.testing.assert_allclose(see.similarity(vectors, vectors[::-1]), [0, 0], atol=1e-6)


def test_dlib_that_was_not_imported(tmp_path, monkeypatch):
    monkeypatch.setenv('TFDISCO_CACHE', str(tmp_path))
    with pytest.raises(FileNotFoundError, match='weights/dlib.npz, got none; .* npm pack .*'
                       'scripts/import_weights.py recognition --source='):
        Recognition.load('dlib')
