"""A step of GAN training: what the host reads of it."""

import dataclasses
import math

import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer

CONFIG = GanConfig.of(**{**small.NETWORK, 'batch': 4, 'r1_every': 2, 'path_length_weight': 0.0,
                         'imitative': False, 'contrastive': False})


@pytest.fixture(scope='module')
def trainer():
    model = toy.model()
    return GanTrainer(CONFIG.network, CONFIG.loss, CONFIG.schedule, model,
                      GeneratorInputs(small.vaes_of(model.layout), small.NETWORK['noise']), None)


def step(trainer):
    images = tf.zeros([4, 32, 32, 3], tf.uint8)
    return trainer.step(images, Schedule(CONFIG.network, CONFIG.loss, CONFIG.schedule).at(
        int(trainer.images_seen.numpy())))


def test_the_host_waits_for_the_devices_once_a_step(trainer, monkeypatch):
    terms = [step(trainer), step(trainer)]
    assert set(terms[0]) == {'discriminator/real', 'discriminator/fake', 'discriminator/r1',
                             'discriminator/relative', 'discriminator/gradient',
                             'discriminator/sign', 'adversarial', 'gradient'}
    assert set(terms[1]) == set(terms[0]) - {'discriminator/r1'}
    read = []
    eager = next(kind for kind in type(tf.constant(0.0)).__mro__ if '_numpy' in vars(kind))
    numpy = eager._numpy
    monkeypatch.setattr(eager, '_numpy', lambda self: read.append(self) or numpy(self))
    assert float(tf.constant(1.0)) == 1.0 and len(read) == 1  # that it counts
    for expected in (8, 7):
        read.clear()
        found = step(trainer)
        # Counters are the host's own.
        assert [list(value.shape) for value in read if value.dtype != tf.int64] == [[expected]]
        assert len(found) == expected
    counters = {id(variable.handle) for variable in (trainer.images_seen, trainer.steps)}
    for graph in trainer.graphs.values():
        assert not counters & {id(tensor) for tensor in graph.captured_inputs}
        assert [len(output.shape) for output in graph.outputs] == [1]
    assert int(trainer.steps.numpy()) == 4 and int(trainer.images_seen.numpy()) == 16


@pytest.mark.parametrize('augment', ['none', '0.5'])
def test_a_relativistic_game_compares_real_and_generated_images(trainer, augment):
    loss = dataclasses.replace(CONFIG.loss, game='relativistic', augment=augment)
    relativistic = GanTrainer(CONFIG.network, loss, CONFIG.schedule, toy.model(), trainer.inputs,
                              None)
    first, second = step(relativistic), step(relativistic)
    assert set(first) - set(second) == {'discriminator/r1', 'discriminator/r2'}
    # An untrained discriminator cannot tell them apart: -log sigmoid(0), of both sides.
    for name in ('discriminator/relative', 'adversarial'):
        assert first[name] == pytest.approx(math.log(2.0), abs=0.2)
    pictures = [part.reals for part in relativistic.parts(Schedule(
        CONFIG.network, loss, CONFIG.schedule).at(0), 0)]
    assert pictures == [True, True, False]
