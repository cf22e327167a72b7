"""Networks of a higher resolution that begin as smaller ones."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.stylegan2 import grow
from tfdisco.ops.upfirdn2d import downsample2d, upsample2d

SMALL = NetworkConfig(resolution=32, w_size=12, fmap_base=768, fmap_max=16, mapping_layers=2)


def filled(network, seed):
    rng = np.random.default_rng(seed)
    for variable in network.weights:
        variable.assign(rng.normal(size=variable.shape))
    return network


def pictures(seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (2, 128, 128, 3)), tf.float32)


def test_the_generator_draws_the_same_picture_enlarged():
    small = filled(build.build_generator(SMALL, 7), 0)
    large = grow.grown_generator(small, 128)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(2, 7)), tf.float32)
    wanted = upsample2d(upsample2d(small(inputs)))
    np.testing.assert_allclose(large(inputs), wanted, atol=1e-5 * np.abs(wanted).max())


def test_the_discriminator_judges_the_same_picture_made_smaller():
    small = filled(build.build_discriminator(SMALL), 0)
    large = grow.grown_discriminator(small, 128)
    wanted = small(downsample2d(downsample2d(pictures())))
    np.testing.assert_allclose(large(pictures()), wanted, atol=1e-4 * np.abs(wanted).max())


def test_every_new_weight_that_counts_learns_at_once():
    large = grow.grown_discriminator(build.build_discriminator(SMALL), 128)
    for block in (large.block128, large.block64):
        watched = [block.conv0.weight, block.conv1.weight, block.skip.weight]
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(large(pictures()))
        assert all(np.abs(value).max() > 0 for value in tape.gradient(total, watched))
    generator = grow.grown_generator(build.build_generator(SMALL, 7), 128)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(generator(tf.ones([2, 7])) - 1.0))
    assert all(np.abs(value).max() > 0 for value in tape.gradient(
        total, [generator.rgb64.weight, generator.rgb128.weight]))


def test_a_discriminator_too_narrow_for_colours_is_refused():
    small = build.build_discriminator(dataclasses.replace(SMALL, fmap_base=384))
    with pytest.raises(ValueError, match='expected 6 channels or more at 128 pixels, got 3'):
        grow.grown_discriminator(small, 128)
