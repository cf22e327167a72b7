"""VGG16 as Keras has it, and files that are not it."""

import numpy as np
import pytest
import tensorflow as tf

from tests.perception import small as networks
from tfdisco.losses.perceptual import perceptual_distance
from tfdisco.metrics.quality import features
from tfdisco.perception import vgg16


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A file that Keras takes for its own; the weights are random."""
    make = tf.keras.applications.VGG16
    file = tmp_path / 'vgg.h5'
    file.write_bytes(b'weights')

    def untrained(include_top, weights):
        assert (include_top, weights) == (False, str(file))
        return make(include_top=include_top, weights=None)

    monkeypatch.setattr(tf.keras.applications, 'VGG16', untrained)
    return file


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='vgg16: expected a file, got none at'):
        vgg16.VGG16(tmp_path / 'none.h5')
    (tmp_path / 'text.h5').write_text('nothing')
    with pytest.raises(ValueError, match="text.h5: expected Keras' weights of VGG16"):
        vgg16.VGG16(tmp_path / 'text.h5')
    with pytest.raises(ValueError, match='features: vgg16 needs --vgg16=FILE'):
        features.load('vgg16')


def test_it_gets_what_kerass_own_does(path):
    network = vgg16.VGG16(path, side=32)
    images = networks.pictures(1, 32, 32)
    maps = network(images)
    assert [list(values.shape) for values in maps] == [
        [1, 32 // 2 ** index, 32 // 2 ** index, width]
        for index, width in enumerate((64, 128, 256, 512, network.size))]
    expected = network._network(tf.keras.applications.vgg16.preprocess_input(127.5 * (images + 1)))
    for one, two in zip(maps, expected):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)


def test_pictures_are_compared_by_it(path):
    kind = features.load('vgg16', vgg16_file=path)
    images = tf.constant(networks.pictures(2, 24, 24))
    maps = kind.maps(images)
    assert (kind.distance, kind.size) == ('fd_vgg16', 512)
    np.testing.assert_allclose(kind.vectors(images), maps[-1].numpy().mean(axis=(1, 2)), atol=1e-5)
    assert float(perceptual_distance(maps, maps)[0]) == 0.0
