"""What a training does while a resolution fades in."""

import numpy as np
import pytest
import tensorflow as tf

from tests.training.gan import small
from tfdisco.networks import generator_file
from tfdisco.training.gan import objective, optimizer, run, trainer

pytestmark = pytest.mark.slow  # graphs of each resolution

# Steps of 16, 8 and then 4 images at 8, 16 and 32 pixels; a phase is 32 images long.
GROWING = {'arch': 'stylegan', 'grow_kimg': 0.032, 'fade_kimg': 0.032, 'batch': 2,
           'pixel_kimg': 0.0, 'imitative': False, 'contrastive': False,
           'path_length_weight': 0.0, 'snapshot_every': 1, 'picture_every': 1000,
           'contrastive_kimg': 0.0}


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    return small.write(tmp_path_factory.mktemp('source'))


def train(source, folder, kimg):
    """States of the steps of a run."""
    states = []
    run.train(small.config(source, **GROWING, imitative_kimg=kimg), folder,
                  progress=lambda seen, total, state, terms: states.append(state))
    return states


def test_moments_are_forgotten_when_a_fade_begins_and_when_it_ends(source, tmp_path,
                                                                   monkeypatch):
    forgotten, judged = [], []
    step, forget = trainer.GanTrainer.step, optimizer.NetworkOptimizer.forget_moments

    def count(self):
        forgotten.append(len(judged))
        forget(self)

    def watch(self, images, state):
        judged.append((state.resolution, state.fade < 1))
        return step(self, images, state)

    monkeypatch.setattr(optimizer.NetworkOptimizer, 'forget_moments', count)
    monkeypatch.setattr(trainer.GanTrainer, 'step', watch)
    train(source, tmp_path, 0.11)
    changes = [index + 1 for index, now in enumerate(judged)
               if index == 0 or now != judged[index - 1]]
    assert forgotten == [index for index in changes for _ in range(2)]  # of both networks
    assert [judged[index - 1] for index in changes] == [(8, False), (16, True), (16, False),
                                                        (32, True)]


def test_the_stored_generator_draws_as_far_as_it_had_faded_in(source, tmp_path):
    last = train(source, tmp_path, 0.056)[-1]
    assert last.resolution == 16 and 0 < last.fade < 1
    read, _ = generator_file.read(tmp_path / 'generator.npz')
    assert read.grown == (16, pytest.approx(last.fade))
    inputs = tf.constant(np.random.default_rng(0).normal(size=[2, read.input_size]), tf.float32)
    faint = read(inputs, resolution=16, fade=last.fade).numpy()
    np.testing.assert_allclose(read(inputs), faint.repeat(2, 1).repeat(2, 2), atol=1e-5)
    assert np.abs(faint - read(inputs, resolution=16)).max() > 1e-3


def test_real_images_are_judged_faded(source, tmp_path, monkeypatch):
    seen = []

    def watch(images, fade):
        seen.append((images.shape[1], tf.is_tensor(fade)))
        return tf.zeros_like(images)

    monkeypatch.setattr(objective, 'faded', watch)
    train(source, tmp_path, 0.056)
    assert seen and {side for side, _ in seen} == {8, 16} and all(known for _, known in seen)
