"""A mapping that is a sum over factors: Property 1 of the paper's Sec. 5.1, exactly."""

import numpy as np
import pytest

from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.factor_mapping import FactorMapping

SIZES = {'identity': 7, 'expression': 4, 'pose': 3, 'illumination': 5, 'noise': 2}
TOTAL = sum(SIZES.values())
CONFIG = NetworkConfig(resolution=32, fmap_base=128, fmap_max=4, mapping='sum', mapping_layers=2,
                       w_size=16)


def draw(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, TOTAL)).astype(np.float32)


def test_a_change_of_one_factor_moves_w_alike_whatever_the_others_are():
    mapping = FactorMapping(SIZES, 16, 3, 0.1)
    first, other = draw(5), draw(5, seed=1)
    changed = [values.copy() for values in (first, other)]
    for values, whole in zip(changed, (first, other)):
        values[:, 11:14] = first[:1, 11:14] + np.float32([0.5, -1.0, 2.0])
        whole[:, 11:14] = first[:1, 11:14]
    moves = np.concatenate([(mapping(new) - mapping(old)).numpy()
                            for new, old in zip(changed, (first, other))])
    assert np.abs(moves[0]).max() > 0.01
    np.testing.assert_allclose(moves, np.broadcast_to(moves[0], moves.shape), atol=1e-5)
    parts = mapping.parts(first)
    assert list(parts) == list(SIZES)
    np.testing.assert_allclose(sum(parts.values()), mapping(first), atol=1e-5)


def test_each_factor_is_as_loud_at_first():
    mapping = FactorMapping(SIZES, 256, 2, 1.0)
    variances = [np.var(part, axis=0).mean() for part in mapping.parts(draw(512)).values()]
    assert max(variances) < 2 * min(variances)
    assert 0.3 < np.sum(variances) < 2


def test_a_file_keeps_it(tmp_path):
    generator = build.build_generator(CONFIG, TOTAL, SIZES)
    generator_file.write(tmp_path / 'g.npz', generator,
                         generator_file.GeneratorSource('open_head', 'built-in', 2))
    read, _ = generator_file.read(tmp_path / 'g.npz')
    assert read.mapping.sizes == SIZES
    np.testing.assert_array_equal(read(draw(2)), generator(draw(2)))


@pytest.mark.parametrize('sizes', [None, {'identity': 3}])
def test_sizes_are_needed(sizes):
    with pytest.raises(ValueError, match='factor_sizes: expected sizes of all .* 21 together'):
        build.build_generator(CONFIG, TOTAL, sizes)
    with pytest.raises(ValueError, match='mapping_layers: expected at least 2 of a sum, got 1'):
        FactorMapping(SIZES, 16, 1, 1.0)
