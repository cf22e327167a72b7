"""Networks: freezing, storing, loading, and their configurations, whichever they are."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.perception import small
from tfdisco.perception import network, weights_file
from tfdisco.perception.parsing import ParsingNetwork
from tfdisco.perception.recognition import RecognitionNetwork
from tfdisco.perception.reconstruction import ReconstructionNetwork

MAKERS = [small.reconstruction, small.recognition, small.parsing]


@pytest.mark.parametrize('make', MAKERS, ids=lambda make: make.__name__)
def test_frozen_stored_and_loaded_it_sees_the_same(make, tmp_path):
    trained = make()
    images = small.pictures(3, small.SIZE, small.SIZE)
    expected = np.asarray(trained(images, training=False))
    assert expected.std() > 0.01
    frozen = trained.freeze()
    np.testing.assert_allclose(frozen(images), expected, atol=1e-5)
    assert frozen.frozen and not frozen.trainable_variables and trained.trainable_variables
    # The frozen one is its own: training goes on without it.
    for variable in trained.trainable_variables:
        variable.assign_add(tf.ones_like(variable))
    np.testing.assert_allclose(frozen(images), expected, atol=1e-5)
    weights_file.write(tmp_path / 'n.npz', frozen.stored('here', 'MIT'), 'float32')
    loaded = network.load(str(tmp_path / 'n.npz'), {trained.KIND: type(trained)})
    np.testing.assert_array_equal(loaded(images), frozen(images))
    assert loaded.config == trained.config


@pytest.mark.parametrize('make', MAKERS, ids=lambda make: make.__name__)
def test_every_variable_is_known_to_keras_once(make):
    trained = make()
    units = trained.units.values()
    own = {id(unit.kernel) for unit in units} | {
        id(value) for unit in units for value in (
            [unit.bias] if unit.norm is None else [unit.norm.gamma, unit.norm.beta])}
    listed = [id(value) for value in trained.trainable_variables]
    assert len(listed) == len(set(listed)) and set(listed) == own
    images = tf.constant(small.pictures(2, small.SIZE, small.SIZE))
    with tf.GradientTape() as tape:
        outputs = trained(images, training=True)
        loss = tf.reduce_sum(outputs * tf.random.stateless_normal(outputs.shape, [0, 0]))
    for variable, gradient in zip(trained.trainable_variables,
                                  tape.gradient(loss, trained.trainable_variables)):
        assert gradient is not None and np.any(gradient), variable.name


@pytest.mark.parametrize('make', MAKERS, ids=lambda make: make.__name__)
def test_configurations_are_json_and_make_the_same_network(make):
    trained = make()
    config = json.loads(json.dumps(trained.get_config()))
    again = type(trained).from_config(config)
    assert again.config == trained.config
    assert [v.shape for v in again.variables] == [v.shape for v in trained.variables]


def test_checkpoints_hold_everything(tmp_path):
    trained, other = small.parsing(seed=1), small.parsing(seed=5)
    images = small.pictures(1, small.SIZE, small.SIZE)
    path = tf.train.Checkpoint(network=trained).save(str(tmp_path / 'c'))
    assert np.abs(trained(images) - other(images)).max() > 0.1
    tf.train.Checkpoint(network=other).restore(path).assert_consumed()
    np.testing.assert_array_equal(trained(images), other(images))


def stored(**changes):
    whole = small.recognition().stored('here', 'MIT')
    return weights_file.StoredNetwork(**{**vars(whole), **changes})


@pytest.mark.parametrize('changes, message', [
    ({'kind': 'parsing'}, "expected a network of kind 'recognition', got 'parsing'"),
    ({'config': {'colour': 1}}, "config: .*RecognitionNetwork.*'colour'"),
    ({'config': {**stored().config, 'size': 9}},
     r'vector/kernel: expected shape \[80, 9\], got \[80, 7\]'),
    ({'config': {**stored().config, 'size': 0}}, 'size: expected a positive integer, got 0'),
    ({'config': {**stored().config, 'size': 'x'}}, 'config: .*invalid literal'),
    ({'arrays': {'stem/kernel': np.zeros((3, 3, 3, 4))}}, r"missing \['reduce/bias'"),
    ({'arrays': {**stored().arrays, 'more': np.zeros(1)}}, r"unknown \['more'\]"),
])
def test_files_that_make_no_network(changes, message, tmp_path):
    weights_file.write(tmp_path / 'n.npz', stored(**changes))
    with pytest.raises(ValueError, match=message) as error:
        network.load(tmp_path / 'n.npz', {'recognition': RecognitionNetwork})
    assert str(error.value).startswith(str(tmp_path / 'n.npz'))


def test_only_frozen_networks_take_frozen_arrays():
    with pytest.raises(ValueError, match='arrays: expected a frozen network'):
        small.parsing().set_frozen_arrays(small.parsing().frozen_arrays())


@pytest.mark.parametrize('make, options, message', [
    (RecognitionNetwork, {'widths': (4, 4), 'blocks': (1,)}, 'blocks: expected 2 numbers'),
    (RecognitionNetwork, {'widths': (4, 0), 'blocks': (1, 1)}, 'widths: expected a positive'),
    (RecognitionNetwork, {'widths': (4, 4), 'blocks': (0, 0)}, 'blocks: expected a positive'),
    (ReconstructionNetwork, {'layout': {'identity_shape': 1, 'identity_texture': 1,
                                        'expression': 1}, 'model_name': '', 'hidden': 0},
     'hidden: expected a positive'),
    (ParsingNetwork, {'input_size': 90}, 'input_size: expected a multiple of 16, got 90'),
])
def test_sizes_are_checked(make, options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@pytest.mark.parametrize('side', [17, 30, 33])
def test_inputs_of_odd_sizes(side):
    see = RecognitionNetwork(widths=small.WIDTHS, blocks=small.BLOCKS, input_size=side)
    assert see(small.pictures(2, side, side)).shape == (2, see.size)


@pytest.mark.parametrize('make', MAKERS, ids=lambda make: make.__name__)
def test_images_of_another_size_are_refused(make):
    with pytest.raises(ValueError, match=r'images: expected shape \[B, 32, 32, 3\]'):
        make()(np.zeros((1, 31, 32, 3), np.float32))
