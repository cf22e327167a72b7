"""What a module takes and gives, and what does not lower."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.portable import lowering

SPECS = {'x': tf.TensorSpec([3], tf.float32)}


@pytest.fixture
def variables():
    return {'a': tf.Variable([1.0, 2.0, 3.0]), 'b': tf.Variable(2.0),
            'unused': tf.Variable(tf.zeros([2]))}


def test_arguments_and_results_are_named_and_constants_kept_once(lowers, variables):
    table, other = tf.constant(np.arange(300, dtype=np.float32)), tf.Variable([5.0, 6.0, 7.0])

    def step(x):
        variables['b'].assign_add(tf.reduce_sum(x * table[:3]))
        variables['a'].assign(variables['a'] * other + x)
        return tf.stack([variables['b'].read_value(), table[7]])

    constants = lowering.Constants()
    found = lowering.lower(step, SPECS, variables, constants)
    assert found.inputs[0] == 'x' and sorted(found.inputs[1:]) == [
        'constants/0000', 'constants/0001', 'state/a', 'state/b']
    assert found.outputs == [''] + [name for name in found.inputs if name.startswith('state/')]
    assert found.result == ([2], 'float32')
    assert sorted(array.size for array in constants.arrays.values()) == [3, 300]
    lowering.lower(lambda x: x * table[:3] * other, SPECS, variables, constants)
    assert len(constants.arrays) == 2


def test_writing_what_is_no_state_is_refused(lowers, variables):
    other = tf.Variable(0.0)

    def step(x):
        other.assign(tf.reduce_sum(x))
        return x

    with pytest.raises(ValueError, match='writes state alone, got one that writes'):
        lowering.lower(step, SPECS, variables, lowering.Constants())


def test_what_xla_does_not_know_is_refused(lowers, variables):
    with pytest.raises(ValueError, match='expected a step of ops that XLA lowers'):
        lowering.lower(lambda x: tf.strings.to_number(tf.strings.as_string(x)), SPECS, variables,
                       lowering.Constants())


def test_results_that_xla_has_in_another_order_are_refused():
    text = ('{alias = {kind = "may_alias", parameter_index = array<i64>, parameter_number = 2 : '
            'i64}, output_index = array<i64: 1>}')
    lowering.check_results(text, ['x', 'state/a', 'state/b'], ['', 'state/b'])
    with pytest.raises(ValueError, match='passes variables in another way'):
        lowering.check_results(text, ['x', 'state/a', 'state/b'], ['', 'state/a'])
