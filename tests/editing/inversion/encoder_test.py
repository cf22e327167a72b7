"""The encoder network: its file, its generator, its start."""

import numpy as np
import pytest

from tests.editing import small
from tests.perception import reference
from tfdisco.editing.inversion.encoder import Encoder, EncoderNetwork
from tfdisco.perception import weights_file

SIZES = {'widths': (4, 6), 'blocks': (1, 1), 'channels': 3, 'hidden': 5, 'input_size': 16}


def network():
    return reference.stir(EncoderNetwork(8, 6, 'abc', **SIZES), 0)


def test_it_gives_offsets_and_is_read_as_it_was_written(tmp_path):
    trains = network()
    images = small.perception.pictures(2, 16, 16)
    offsets = trains(images, training=False)
    assert offsets.shape == (2, 8, 6)
    weights_file.write(tmp_path / 'e.npz', trains.stored('test', 'none'), dtype='float32')
    encoder = Encoder.load(str(tmp_path / 'e.npz'), 'abc', 2.0)
    np.testing.assert_allclose(encoder(images), 2.0 * offsets, atol=1e-4)
    assert encoder(small.perception.pictures(1, 40, 40)).shape == (1, 8, 6)


def test_at_first_it_adds_next_to_nothing():
    assert np.abs(EncoderNetwork(8, 6, **SIZES)(small.perception.pictures(1, 16, 16))).max() < 0.05


def test_others_are_refused(tmp_path):
    path = str(tmp_path / 'e.npz')
    weights_file.write(path, network().stored('test', 'none'))
    with pytest.raises(ValueError, match='encoder: expected one of this generator, got .* of ano'):
        Encoder.load(path, 'other', 1.0)
    with pytest.raises(FileNotFoundError, match='encoder: expected a file, got none at x.npz; tra'):
        Encoder.load('x.npz', 'abc', 1.0)
    with pytest.raises(ValueError, match='hidden: expected a positive integer'):
        EncoderNetwork(8, 6, hidden=0)
