"""Table 2 of mappings whose directions are known."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tests.metrics import plain
from tests.training.gan import small
from tfdisco import factors
from tfdisco.metrics import directions, registry

PAIRS, CONTEXTS, SEED = 6, 5, 2


def generator(mapping):
    """Something with a mapping, and with two layers."""
    return types.SimpleNamespace(mapping=mapping, broadcast=lambda w: tf.stack([w, w], axis=1))


def matrix(inputs, size=9):
    return np.random.default_rng(0).normal(size=(inputs.size, size)).astype(np.float32)


def test_a_linear_mapping_moves_the_same_way_everywhere():
    inputs = plain.faces().inputs
    weight = matrix(inputs)
    result = directions.measure(generator(lambda values: tf.matmul(values, weight)), inputs, PAIRS,
                                CONTEXTS, SEED)
    for space in (directions.W, directions.W_PLUS):
        for kind in (directions.FIXED, directions.OFFSET):
            for factor in directions.CHANGED:
                found = result[space][kind][factor]
                assert found['value'] == pytest.approx(1, abs=1e-5)
                assert found['deviation'] == pytest.approx(0, abs=1e-5)


def test_a_gate_lets_only_some_contexts_move():
    """The pitch moves w up where the noise is positive and down where it is not."""
    inputs = plain.faces().inputs
    pitch = inputs.layout.slices['pose'].start

    def gated(values):
        return values[:, pitch:pitch + 1] * tf.sign(values[:, -1:])

    result = directions.measure(generator(gated), inputs, PAIRS, CONTEXTS, SEED)
    z = np.random.default_rng([SEED, 0, directions.CHANGED.index(factors.POSE)]).standard_normal(
        [PAIRS * CONTEXTS, inputs.latents], np.float32)
    share = (z[:, -1].reshape(PAIRS, CONTEXTS) > 0).mean(axis=1)
    expected = np.square(2 * share - 1)  # alike: share^2 + (1 - share)^2, less those opposed
    for kind in (directions.FIXED, directions.OFFSET):
        assert result['w'][kind][factors.POSE]['value'] == pytest.approx(expected.mean(), abs=1e-6)
        assert result['w'][kind][factors.POSE]['deviation'] == pytest.approx(expected.std(),
                                                                            abs=1e-6)
        # Nothing else moves w, which is no direction.
        assert result['w'][kind][factors.IDENTITY]['value'] == 0


def test_figures_are_those_of_all_pairs_of_contexts():
    """A curved mapping, pair by pair and context by context in NumPy."""
    faces = plain.faces()
    inputs, layout = faces.inputs, faces.model.layout
    weight = matrix(inputs)

    def curved(values):
        return np.tanh(values @ weight / 4)

    result = directions.measure(generator(lambda values: tf.tanh(tf.matmul(values, weight) / 4)),
                                inputs, PAIRS, CONTEXTS, SEED)
    for index, factor in enumerate(directions.CHANGED):
        part = layout.factor_slice(factor)
        context, ends = (np.random.default_rng([SEED, stream, index]).standard_normal(
            [rows, inputs.latents], np.float32)
            for stream, rows in ((0, PAIRS * CONTEXTS), (1, 2 * PAIRS)))
        context, ends = inputs(context).numpy(), inputs(ends).numpy()
        means = {directions.FIXED: [], directions.OFFSET: []}
        for pair in range(PAIRS):
            here, there = ends[pair, part], ends[PAIRS + pair, part]
            moves = {kind: [] for kind in means}
            for values in context[pair * CONTEXTS:(pair + 1) * CONTEXTS]:
                before, after, further = values.copy(), values.copy(), values.copy()
                before[part], after[part] = here, there
                further[part] += there - here
                moves[directions.FIXED].append(curved(after) - curved(before))
                moves[directions.OFFSET].append(curved(further) - curved(values))
            for kind, found in moves.items():
                means[kind].append(np.mean([first @ second / np.linalg.norm(first)
                                            / np.linalg.norm(second)
                                            for first in found for second in found]))
        for kind, values in means.items():
            for space in (directions.W, directions.W_PLUS):
                found = result[space][kind][factor]
                assert found['value'] == pytest.approx(np.mean(values), rel=1e-3)
                assert found['deviation'] == pytest.approx(np.std(values), rel=1e-2)
                assert 0.3 < found['low'] < found['value'] < found['high'] < 0.99


def test_layers_of_their_own_count_in_w_plus(monkeypatch):
    monkeypatch.setattr(directions, 'AT_ONCE', 2 * CONTEXTS)  # in several parts
    inputs = plain.faces().inputs
    weight = matrix(inputs)

    def signs(w):  # the second layer goes its own way
        return tf.stack([w, 3 * tf.tanh(9 * w)], axis=1)

    plus = types.SimpleNamespace(mapping=lambda values: tf.matmul(values, weight), broadcast=signs)
    result = directions.measure(plus, inputs, PAIRS, CONTEXTS, SEED)
    for factor in directions.CHANGED:
        assert result['w']['offset'][factor]['value'] == pytest.approx(1, abs=1e-5)
        assert result['w_plus']['offset'][factor]['value'] < 0.95


def test_a_file_is_measured_and_shown(tmp_path):
    source = small.write(tmp_path)
    small.write_generator(tmp_path / 'g.npz', source)
    result = registry.run('directions', snapshot=str(tmp_path / 'g.npz'), count=3, contexts=4)
    assert result['w'].keys() == result['w_plus'].keys() == {'fixed', 'offset'}
    for factor in directions.CHANGED:
        found = result['w']['fixed'][factor]
        assert 0 <= found['low'] <= found['value'] <= found['high'] <= 1 < 5 * found['value']
        assert result['w_plus']['fixed'][factor]['value'] == pytest.approx(found['value'], rel=1e-5)
    line, = (line for line in registry.table('directions', result).splitlines()[:2]
             if line.startswith('fixed'))
    assert f'{result["w"]["fixed"]["pose"]["value"]:.2f} +- ' in line
    assert registry.SUITES['directions'].pictures(result)['directions'].shape[2] == 3
    with pytest.raises(ValueError, match='contexts: expected 2 or more'):
        registry.run('directions', snapshot=str(tmp_path / 'g.npz'), contexts=1)


def test_no_numbers_are_refused():
    with pytest.raises(ValueError, match='snapshot: expected a mapping to numbers'):
        directions.cosines(np.full([1, 2, 3], np.nan))
