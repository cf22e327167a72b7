"""Adam of one network."""

import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.training.gan.config import GanConfig, ScheduleConfig
from tfdisco.training.gan.optimizer import NetworkOptimizer
from tfdisco.training.gan.trainer import GanTrainer


def settings(optimizer):
    adam = optimizer.adam
    return [float(tf.convert_to_tensor(adam.learning_rate)), adam.beta_1, adam.beta_2]


def test_adam_is_shortened_by_the_steps_that_regularisation_adds():
    network = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    network.build([None, 2])
    schedule = ScheduleConfig(learning_rate=0.1, beta1=0.5, beta2=0.9)
    assert settings(NetworkOptimizer(network, schedule)) == pytest.approx([0.1, 0.5, 0.9])
    shortened = NetworkOptimizer(network, schedule, every=4)
    assert settings(shortened) == pytest.approx([0.08, 0.5 ** 0.8, 0.9 ** 0.8])
    shortened.set_learning_rate(0.2)
    assert settings(shortened)[0] == pytest.approx(0.16)


def test_path_lengths_are_steps_of_their_own_and_r1_is_not():
    model = toy.model()
    config = GanConfig.of(**{**small.NETWORK, 'learning_rate': 0.1, 'beta1': 0.5, 'beta2': 0.9,
                             'r1_every': 16, 'path_length_every': 4,
                             'imitative': False, 'contrastive': False})
    trainer = GanTrainer(
        config.network, config.loss, config.schedule, model,
        GeneratorInputs(small.vaes_of(model.layout), small.NETWORK['noise']), None)
    assert settings(trainer._discriminator_optimizer) == pytest.approx([0.1, 0.5, 0.9])
    assert settings(trainer._generator_optimizer) == pytest.approx([0.08, 0.5 ** 0.8, 0.9 ** 0.8])
