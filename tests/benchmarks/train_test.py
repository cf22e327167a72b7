"""The benchmark of training steps, and its convolutions run alone."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import benchmarks
from tfdisco.benchmarks import timing, train
from tfdisco.benchmarks.convolutions import Convolutions

IMAGES = tf.random.stateless_normal([2, 8, 8, 3], [0, 0])
WEIGHT = tf.random.stateless_normal([3, 3, 3, 5], [0, 1])


@tf.function(autograph=False)
def three():
    """A convolution and its two gradients; the second to an image of another size."""
    with tf.GradientTape() as tape:
        tape.watch([IMAGES, WEIGHT])
        value = tf.nn.conv2d(IMAGES, WEIGHT, 2, 'VALID')
    return value, tape.gradient(value, [IMAGES, WEIGHT])


def test_convolutions_and_their_gradients_are_found_and_counted():
    alone = Convolutions([three.get_concrete_function()] * 2)
    assert alone.count == 6
    # 2 images, 3 x 3 places, 5 outputs, 27 inputs of each, two operations; three times.
    assert alone.flops == 2 * 3 * 2 * 2 * 9 * 5 * 27
    alone.run()


def test_operations_alone_are_those_of_the_graph(monkeypatch):
    asked = {}

    def watch(name, operation):
        def call(**values):
            result = operation(**values)
            asked[name] = values['padding'], values['strides'], result.shape.as_list()
            return result
        return call

    outputs = {'Conv2D': [2, 3, 3, 5], 'Conv2DBackpropInput': [2, 8, 8, 3],
               'Conv2DBackpropFilter': [3, 3, 3, 5]}
    for name in outputs:
        monkeypatch.setattr(tf.raw_ops, name, watch(name, getattr(tf.raw_ops, name)))
    Convolutions([three.get_concrete_function()])
    assert asked == {name: ('VALID', [1, 2, 2, 1], shape) for name, shape in outputs.items()}


def test_functions_are_timed_in_turn():
    calls = []
    times = timing.in_turn({'a': lambda: calls.append('a'), 'b': lambda: calls.append('b')},
                           rounds=2, warmups=1)
    assert calls == ['a', 'b'] * 3
    assert set(times) == {'a', 'b'} and all(0 < value < 1 for value in times.values())


@pytest.mark.slow
def test_all_of_the_training_suite():
    network = dataclasses.replace(train.NETWORK, resolution=32, fmap_base=512)
    found = benchmarks.run('train', rounds=1, network=network, batch=4)
    assert [found[name] for name in (*train.SIZES, 'batch')] == [32, 512, 64, 4]
    steps = ['adversarial', 'adversarial_r1', 'imitative', 'contrastive', 'adversarial_reference',
             'contrastive_half_perception', 'adversarial_half', 'contrastive_half',
             'adversarial_half_reference']
    for name in steps:
        step = found[name]
        assert step['images_per_second'] == pytest.approx(4 / step['seconds'])
        assert step['over_adversarial'] == pytest.approx(
            step['seconds'] / found['adversarial']['seconds'])
    assert set(found['parts']) == {'generator', 'discriminator', 'renderer', 'perception', 'data'}
    # A quarter of the pixels of 64 x 64, half its images; from a half to all of its channels.
    assert 0.4 < found['convolutions']['gflop'] < 5
    assert 0.5 < found['memory_gb'] < 16
    text = benchmarks.table(found)
    assert 'contrastive/images_per_second' in text and np.isfinite(
        [float(line.split()[-1]) for line in text.splitlines()]).all()
