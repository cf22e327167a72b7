"""Parsing: the U-Net against NumPy, and probabilities at the picture's size."""

import numpy as np
import pytest
import tensorflow as tf

from tests.perception import reference, small
from tfdisco.perception.parsing import Parsing


def logits(network, image):
    """[S, S, 3] in NumPy."""
    frozen = reference.Frozen(network.frozen_arrays())
    *beside, values = image, *frozen.backbone(image, small.BLOCKS)
    for index in range(len(small.WIDTHS)):
        values = np.concatenate([values.repeat(2, 0).repeat(2, 1), beside.pop()], axis=-1)
        values = reference.relu(frozen.conv(f'join{index}', values))
    return frozen.conv('logits', values)


def test_network_is_the_layers_it_says():
    network = small.parsing().freeze()
    images = small.pictures(2, small.SIZE, small.SIZE)
    np.testing.assert_allclose(network(images), [logits(network, image) for image in images],
                               atol=1e-4)


@pytest.mark.parametrize('height, width', [(small.SIZE, small.SIZE), (50, 40), (40, 60)])
def test_probabilities(height, width):
    network = small.parsing().freeze()
    images = small.pictures(2, height, width)
    parsed = Parsing(network)(images)
    for values in parsed:
        assert values.shape == (2, height, width, 1)
        assert 0 <= np.min(values) and np.max(values) <= 1 and np.std(values) > 0.01
    np.testing.assert_allclose(sum(map(np.asarray, parsed)), 1, atol=1e-5)
    if height == width == small.SIZE:
        expected = np.asarray(tf.nn.softmax(network(images)))
        for index, values in enumerate((parsed.background, parsed.face, parsed.hair)):
            np.testing.assert_allclose(np.asarray(values)[..., 0], expected[..., index],
                                       atol=1e-5)
