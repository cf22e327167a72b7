"""Adam of one network, on one and on two replicas."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.training.gan.config import GanConfig, ScheduleConfig
from tfdisco.training.gan.optimizer import NetworkOptimizer
from tfdisco.training.gan.trainer import GanTrainer


def settings(optimizer):
    return [float(optimizer.learning_rate), optimizer.beta1, optimizer.beta2]


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


def reference(weights, gradients, rate, beta1, beta2):
    """Weights after Adam (Kingma & Ba 2015, Algorithm 1) and the moments, in float64."""
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(gradients, 1):
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient ** 2
        unbiased = first / (1 - beta1 ** step), second / (1 - beta2 ** step)
        weights = weights - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    return weights, first, second


@pytest.mark.parametrize('beta1', [0.0, 0.9])
def test_steps_are_adams_from_the_first_and_from_where_moments_were_forgotten(beta1):
    network = tf.keras.Sequential([tf.keras.layers.Dense(3, use_bias=False)])
    network.build([None, 2])
    optimizer = NetworkOptimizer(network, ScheduleConfig(learning_rate=0.1, beta1=beta1,
                                                         beta2=0.9))
    weights = np.asarray(network.weights[0], np.float64)
    for random in (np.random.default_rng(0), np.random.default_rng(1)):
        gradients = random.normal(size=[5, 2, 3])
        for gradient in gradients:
            with optimizer.watching() as tape:
                total = tf.reduce_sum(tf.convert_to_tensor(network.weights[0]) * gradient)
            norm = optimizer.apply(tape, total)
            assert float(norm) == pytest.approx(np.linalg.norm(gradient), rel=1e-6)
        weights, first, second = reference(weights, gradients, 0.1, beta1, 0.9)
        np.testing.assert_allclose(network.weights[0], weights, atol=2e-5)
        np.testing.assert_allclose(optimizer.first[0], first, atol=1e-6)
        np.testing.assert_allclose(optimizer.second[0], second, atol=1e-6)
        optimizer.forget_moments()


REPLICAS = """
import sys
import numpy as np
import tensorflow as tf
from tfdisco.training.run import distribution
strategy = distribution.make_strategy(virtual_cpus=2)
from tests.face3d import toy
from tests.perception import small
from tests.training.gan import small as gan
from tfdisco.training.gan.config import GanConfig
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.training.gan.draws import Draws
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer

reduced = []  # shapes of what is reduced over replicas
extended = type(strategy.extended)
batch_reduce_to = extended.batch_reduce_to
def count(self, operation, pairs, *options):
    reduced.extend(tuple(value.values[0].shape) for value, _ in pairs)
    return batch_reduce_to(self, operation, pairs, *options)
extended.batch_reduce_to = count

tf.keras.utils.set_random_seed(0)
model = toy.model()
# With groups of two, beta1 = 0 and every term: the first moment is the last gradient itself.
config = GanConfig.of(**{**gan.NETWORK, 'batch': 8, 'minibatch_group': 2, 'beta1': 0.0,
                         'pixel_kimg': 0.0, 'imitative_kimg': 0.0, 'learning_rate': 0.1})
trainer = GanTrainer(
    config.network, config.loss, config.schedule, model,
    GeneratorInputs(gan.vaes_of(model.layout), gan.NETWORK['noise']),
    Perception(Reconstruction(small.reconstruction(), model), Recognition(small.recognition()),
               Parsing(small.parsing())), strategy=strategy)
state = Schedule(config.network, config.loss, config.schedule).at(0)
assert state.stage == 'contrastive'

def number():
    return int(tf.get_static_value(
        tf.distribute.get_replica_context().replica_id_in_sync_group))

local = {}  # replica: its own gradients
class Recorded(tf.GradientTape):
    def gradient(self, *arguments):
        found = super().gradient(*arguments)
        local[number()] = found
        return found

def step(part, own, *tensors_and_fixed):
    tensors, fixed = tensors_and_fixed
    local.clear()
    reduced.clear()
    def on_replica(*tensors):
        draw = Draws(0, tf.constant(0, tf.int64), state.batch, 2)
        norm = part(*tensors, draw, state.resolution, 1.0, *fixed)
        mine = local[number()]
        return norm, [tf.zeros_like(weight) if gradient is None else gradient
                      for gradient, weight in zip(mine, own.weights)]
    before = [weight.numpy() for weight in own.weights]
    terms, gradients = tf.function(lambda: strategy.run(on_replica, args=tensors))()
    expected, halves = [], []
    for gradient in gradients:
        parts = [part.numpy() for part in strategy.experimental_local_results(gradient)]
        assert len(parts) == 2
        halves.append(np.abs(parts[0] - parts[1]).max())
        expected.append((parts[0] + parts[1]) / 2)
    assert max(halves) > 0.01 * max(np.abs(value).max() for value in expected)  # they differ
    largest = max(np.abs(value).max() for value in expected)
    for index, value in enumerate(expected):
        for replica in strategy.experimental_local_results(own.first[index]):
            np.testing.assert_allclose(replica, value, atol=1e-5 * largest)
    norm = np.sqrt(sum((value ** 2).sum() for value in expected))
    name = 'discriminator/gradient' if 'discriminator/gradient' in terms else 'gradient'
    for replica in strategy.experimental_local_results(terms[name]):
        np.testing.assert_allclose(replica, norm, rtol=1e-5)
    # Adam's first step is as long as the rate, whatever the gradient; on replicas alike.
    for weight, old, value in zip(own.weights, before, expected):
        first, second = (copy.numpy() for copy in strategy.experimental_local_results(weight))
        np.testing.assert_array_equal(first, second)
        moved = np.abs(value) > 1e-3 * largest
        rate = tf.convert_to_tensor(own.learning_rate)
        np.testing.assert_allclose((old - first)[moved], rate * np.sign(value)[moved], rtol=1e-2)
    # Once each, beside a mean or two over the batch.
    elements = [int(np.prod(shape)) for shape in reduced]
    weights = sum(weight.shape.num_elements() for weight in own.weights)
    assert weights <= sum(elements) <= weights + 16, (weights, sum(elements))

tf.GradientTape = Recorded
if sys.argv[1] == 'discriminator':
    images = tf.random.stateless_uniform([4, 32, 32, 3], [0, 0], 0, 256, tf.int32)
    step(trainer._train_discriminator, trainer._discriminator_optimizer,
         (tf.cast(images, tf.uint8),), (False,))
else:
    step(trainer._train_generator, trainer._generator_optimizer, (),
         (tuple(state.weights.items()),))
"""


@pytest.mark.parametrize('network', [
    'discriminator', pytest.param('generator', marks=pytest.mark.slow)])  # graphs of every term
def test_two_replicas_step_by_the_mean_of_their_gradients_reduced_once(network):
    # A process of its own: devices are set up before TensorFlow starts.
    done = subprocess.run([sys.executable, '-c', REPLICAS, network], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr[-3000:]
