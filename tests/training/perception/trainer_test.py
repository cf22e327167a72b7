"""One step of the perception trainer: learns, resumes exactly, averages, stops at a NaN by name."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.training.perception.augment.augmenter import Augmenter
from tfdisco.training.perception.data import Faces
from tfdisco.training.perception.trainer import MEMORY, PerceptionTrainer

COUNT, EDGE = 30, 16


class Small(tf.keras.Model):
    """Tells how bright a picture is."""

    def __init__(self):
        super().__init__()
        # In a dict, which Keras 3 does not look into for a checkpoint.
        self.parts = {'norm': tf.keras.layers.BatchNormalization(),
                      'out': tf.keras.layers.Dense(1)}
        for part in self.parts.values():
            part.build([None, 3])
        self.built = True

    def call(self, images, training=None):
        return self.parts['out'](self.parts['norm'](
            tf.reduce_mean(images, axis=[1, 2]), training=training))


class Task:
    """Brightness, and an offset that belongs to no network."""

    names = ('image', 'coefficients')

    def __init__(self):
        self.network, self.average = Small(), Small()
        self.head = tf.keras.layers.Layer()
        self.offset = self.head.add_weight(name='offset', shape=(1,), initializer='zeros')
        self.progress = tf.Variable(-1.0, trainable=False)

    def terms(self, outputs, seen, progress):
        self.progress.assign(progress)
        wanted = tf.reduce_mean(seen['image'], axis=[1, 2, 3]) + 2.0
        return {'brightness': tf.reduce_mean(tf.square(outputs[:, 0] + self.offset - wanted)),
                'offset': 0.01 * tf.reduce_sum(tf.square(self.offset))}


def trainer(steps=40, learning_rate=1e-2, weight_decay=0.0, seed=3, start=0):
    tf.keras.utils.set_random_seed(start)
    rng = np.random.default_rng(0)
    faces = Faces(rng.integers(0, 256, (COUNT, EDGE, EDGE, 3)).astype(np.uint8), None,
                  toy.people(toy.model(), COUNT), np.zeros((COUNT, 3), np.float32), None,
                  np.arange(COUNT))
    return PerceptionTrainer(Task(), faces, Augmenter(8, 1.0, toy.model()), steps, 8,
                             learning_rate, weight_decay, seed)


def weights(of):
    return [variable.numpy() for variable in [*of.task.network.weights, *of.task.average.weights,
                                              *of.task.head.weights]]


def test_learns_and_is_averaged():
    training = trainer(80, learning_rate=0.1)
    for ours, theirs in zip(training.task.network.weights, training.task.average.weights):
        np.testing.assert_array_equal(ours, theirs)
    expected = [variable.numpy() for variable in training.task.network.weights]
    losses = []
    for step in range(80):
        losses.append(sum(training.step().values()))
        assert float(training.task.progress) == pytest.approx(step / 80)
        share = 1 - min(MEMORY, (step + 1) / (step + 11))
        expected = [average + share * (now.numpy() - average) for average, now in zip(
            expected, training.task.network.weights)]
    assert np.mean(losses[-10:]) < 0.1 * np.mean(losses[:5])
    moved = [np.abs(now.numpy() - average.numpy()).max() for now, average in zip(
        training.task.network.weights, training.task.average.weights)]
    assert min(moved) > 0  # batch normalisation's statistics are averaged as well
    for ours, theirs in zip(training.task.average.weights, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_interrupted_equals_uninterrupted(tmp_path):
    straight = trainer()
    expected = [straight.step() for _ in range(8)]
    first = trainer()
    for _ in range(3):
        first.step()
    path = first.checkpoint.write(str(tmp_path / 'snapshot'))
    resumed = trainer(start=1)  # other weights than the first one's
    assert any((a != b).any() for a, b in zip(weights(resumed), weights(first)))
    resumed.checkpoint.read(path).assert_consumed()
    assert int(resumed.step_count) == 3
    assert [resumed.step() for _ in range(5)] == expected[3:]
    for ours, theirs in zip(weights(resumed), weights(straight)):
        np.testing.assert_array_equal(ours, theirs)


def test_seed_decides_what_is_seen():
    first, again, other = (trainer(seed=seed).step() for seed in (1, 1, 2))
    assert first == again != other


def test_learning_rate_rises_and_falls():
    training = trainer(40)
    rates = []
    for _ in range(40):
        training.step()
        rates.append(float(np.asarray(training.optimizer.learning_rate)))
    assert np.argmax(rates) in (3, 4) and max(rates) == pytest.approx(1e-2, rel=1e-3)
    assert rates[0] < 0.5e-2 and rates[-1] < 1e-4


def nothing(offset):
    """Terms whose gradient is zero."""
    return lambda outputs, seen, progress: {
        'nothing': 0.0 * (tf.reduce_sum(outputs) + offset[0])}


def test_kernels_decay_and_nothing_else(monkeypatch):
    ended = []
    for weight_decay in (0.0, 10.0):
        training = trainer(weight_decay=weight_decay)
        training.task.offset.assign([1.0])
        monkeypatch.setattr(training.task, 'terms', nothing(training.task.offset))
        for _ in range(10):
            training.step()
        ended.append({variable.name.split(':')[0]: variable.numpy() for variable in [
            *training.task.network.trainable_variables, training.task.offset]})
    for name, before in ended[0].items():
        after = ended[1][name]
        if 'kernel' in name:
            assert np.abs(after).sum() < 0.8 * np.abs(before).sum()
        else:
            np.testing.assert_array_equal(after, before)


def test_nan_names_the_term_and_changes_nothing():
    training = trainer()
    training.step()
    training.task.offset.assign([1e30])
    before = [variable.numpy() for variable in training.task.network.trainable_variables]
    with pytest.raises(FloatingPointError, match=r'step 2: expected finite losses, got '
                                                 r'brightness = inf, offset = inf.*; lower the'):
        training.step()
    for ours, theirs in zip(training.task.network.trainable_variables, before):
        np.testing.assert_array_equal(ours, theirs)
    assert int(training.step_count) == 1
