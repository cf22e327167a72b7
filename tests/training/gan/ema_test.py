"""The average of weights."""

import numpy as np
import tensorflow as tf

from tfdisco.training.gan import ema


class Two(tf.keras.layers.Layer):
    """One weight that trains and one that does not."""

    def __init__(self):
        super().__init__()
        self.trained = self.add_weight(name='a', shape=(2,), initializer='zeros')
        self.counted = self.add_weight(name='b', shape=(), initializer='zeros', trainable=False)


def test_decay_halves_after_the_half_life():
    steps = 10
    weight = ema.decay(batch=100, images_seen=10**9, half_life_kimg=1.0)
    np.testing.assert_allclose(weight ** steps, 0.5, rtol=1e-5)


def test_decay_is_shorter_early_on():
    np.testing.assert_allclose(ema.decay(8, 1000, 10.0), 0.5 ** (8 / 50), rtol=1e-6)
    np.testing.assert_allclose(ema.decay(8, 0, 10.0), 0.0, atol=0)
    np.testing.assert_allclose(ema.decay(8, 0, 10.0, ramp_up=None), 0.5 ** (8 / 1e4), rtol=1e-6)


def test_update_averages_what_trains_and_copies_the_rest():
    average, network = Two(), Two()
    average.trained.assign([1.0, 2.0])
    network.trained.assign([3.0, 6.0])
    network.counted.assign(7.0)
    tf.function(ema.update)(average, network, 0.75)
    np.testing.assert_allclose(average.trained, [1.5, 3.0])
    assert float(average.counted) == 7.0
