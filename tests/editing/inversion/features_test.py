"""What the perceptual term looks at."""

import numpy as np
import pytest
import tensorflow as tf

from tests.editing import small
from tests.perception import small as networks
from tfdisco.editing.inversion import features


def test_trunks_are_the_maps_of_both_backbones():
    seen = small.looking()
    trunks = features.Trunks(seen.recognition.network, seen.parsing.network)
    images = tf.Variable(networks.pictures(2, 40, 40))
    with tf.GradientTape() as tape:
        maps = trunks(images)
        total = tf.add_n([tf.reduce_sum(values) for values in maps])
    assert [list(values.shape) for values in maps] == 2 * [
        [2, 16 // 2 ** index, 16 // 2 ** index, width]
        for index, width in enumerate(networks.WIDTHS)]
    assert np.abs(tape.gradient(total, images)).max() > 0
    parsing = seen.parsing.network
    np.testing.assert_allclose(maps[3], parsing.backbone(
        tf.image.resize(images, [32, 32], antialias=False))[0], atol=0.2)


def test_other_networks_and_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="recognition network of tfdisco's own, got ParsingNet"):
        features.Trunks(small.looking().parsing.network)
    with pytest.raises(FileNotFoundError, match='features: expected a file, got none at'):
        features.load(tmp_path / 'none.h5')
    (tmp_path / 'text.h5').write_text('nothing')
    with pytest.raises(ValueError, match="text.h5: expected Keras' weights of VGG16"):
        features.load(tmp_path / 'text.h5')


def test_vgg16_gets_what_kerass_own_does(tmp_path, monkeypatch):
    make, asked = tf.keras.applications.VGG16, []

    def untrained(include_top, weights):
        asked.append(weights)
        return make(include_top=include_top, weights=None)

    monkeypatch.setattr(tf.keras.applications, 'VGG16', untrained)
    path = tmp_path / 'vgg.h5'
    path.write_bytes(b'weights')
    vgg = features.VGG16(path, side=32)
    images = networks.pictures(1, 32, 32)
    maps = vgg(images)
    assert asked == [str(path)]
    assert [list(values.shape) for values in maps] == [
        [1, 32 // 2 ** index, 32 // 2 ** index, width]
        for index, width in enumerate((64, 128, 256, 512, 512))]
    expected = vgg._network(tf.keras.applications.vgg16.preprocess_input(127.5 * (images + 1)))
    for one, two in zip(maps, expected):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)
