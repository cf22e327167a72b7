"""The entry checks: what passes, what does not, and the exact words."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import shapes


def test_a_multiple():
    shapes.check_multiple('snapshot_every', 100, 'log_every', 50)
    with pytest.raises(ValueError, match='snapshot_every: expected a multiple of log_every = 50'):
        shapes.check_multiple('snapshot_every', 75, 'log_every', 50)


@pytest.mark.parametrize('shape, expected', [
    ((2, 3), [2, 3]), ((2, 3), [None, 3]), ((2, 2), ['N', 'N']), ((), []), ((0, 3), ['B', 3]),
])
def test_shape_passes(shape, expected):
    shapes.check_shape('x', np.zeros(shape), expected)
    shapes.check_shape('x', tf.zeros(shape), expected)


@pytest.mark.parametrize('shape, expected, message', [
    ((2, 3), [2, 4], 'x: expected shape [2, 4], got [2, 3]'),
    ((2, 3), ['N', 'N'], 'x: expected shape [N, N], got [2, 3]'),
    ((2,), [None, 3], 'x: expected shape [?, 3], got [2]'),
    ((), ['B'], 'x: expected shape [B], got []'),
])
def test_shape_fails(shape, expected, message):
    for value in (np.zeros(shape), tf.zeros(shape)):
        with pytest.raises(ValueError) as error:
            shapes.check_shape('x', value, expected)
        assert str(error.value) == message


def test_unknown_sizes_pass_and_known_ones_are_checked():
    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec(None)])
    def check(partly, unknown):
        shapes.check_shape('partly', partly, [5, 3])
        shapes.check_shape('partly', partly, ['B', 'C'])
        shapes.check_shape('unknown', unknown, [1, 2, 3])
        with pytest.raises(ValueError, match=r'partly: expected shape \[5, 4\], got \[\?, 3\]'):
            shapes.check_shape('partly', partly, [5, 4])
        return partly

    check(tf.zeros([2, 3]), tf.zeros([]))


def test_choice():
    shapes.check_choice('mode', 'a', ('a', 'b'))
    with pytest.raises(ValueError) as error:
        shapes.check_choice('mode', 'c', ('b', 'a'))
    assert str(error.value) == "mode: expected one of ['a', 'b'], got 'c'"


@pytest.mark.parametrize('value', [0, -1, 1.5, True])
def test_positive_fails(value):
    with pytest.raises(ValueError) as error:
        shapes.check_positive('size', value)
    assert str(error.value) == f'size: expected a positive integer, got {value!r}'


def test_positive_passes():
    for value in (1, np.int64(7), 2.0):
        shapes.check_positive('size', value)
