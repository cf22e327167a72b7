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


def test_other_networks_are_refused():
    with pytest.raises(ValueError, match="recognition network of tfdisco's own, got ParsingNet"):
        features.Trunks(small.looking().parsing.network)
