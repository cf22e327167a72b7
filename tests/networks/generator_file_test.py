"""Generators on disk."""

import dataclasses

import numpy as np
import pytest

from tfdisco import files
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig

CONFIG = NetworkConfig(resolution=32, fmap_base=128, fmap_max=8, mapping_layers=2, w_size=6)
SOURCE = generator_file.GeneratorSource('open_head', 'built-in', 3)


@pytest.fixture(scope='module')
def generator():
    result = build.build_generator(CONFIG, 5)
    rng = np.random.default_rng(0)
    for variable in result.weights:
        variable.assign(rng.normal(size=variable.shape))
    return result


@pytest.fixture
def path(generator, tmp_path):
    generator_file.write(tmp_path / 'g.npz', generator, SOURCE)
    return tmp_path / 'g.npz'


def test_every_weight_has_one_name(generator):
    named = generator_file.named_weights(generator)
    assert len(named) == len(generator.weights)
    assert {id(value) for value in named.values()} == {id(value) for value in generator.weights}
    assert {'mapping/dense1/weight', 'conv4/affine/bias', 'rgb32/weight', 'w_avg',
            'up16/noise'} <= set(named)


def test_what_is_read_draws_the_same_images(generator, path):
    read, source = generator_file.read(path)
    assert (read.config, source) == (CONFIG, SOURCE)
    inputs = np.random.default_rng(1).normal(size=(2, 5)).astype(np.float32)
    np.testing.assert_array_equal(read(inputs), generator(inputs))


def test_half_precision_is_close(generator, tmp_path):
    generator_file.write(tmp_path / 'h.npz', generator, SOURCE, dtype='float16')
    read, _ = generator_file.read(tmp_path / 'h.npz')
    np.testing.assert_allclose(read.w_avg, generator.w_avg, rtol=1e-3)


def test_wrong_files_are_refused(generator, path):
    whole = files.read_npz(path, 'generator', generator_file.FORMAT, 1, '')
    for changes, message in (
            ({'weights/w_avg': np.zeros(7)}, r'g.npz: w_avg: expected shape \[6\], got \[7\]'),
            ({'weights/w_avg': np.full(6, np.nan)}, 'w_avg: expected finite numbers'),
            ({'weights/other': np.zeros(1)}, r"unknown \['other'\]"),
            ({'weights/start': None}, r"missing \['start'\]"),
            ({'licence': None}, r"none called \['licence'\]"),
            ({'version': np.array(2)}, 'expected format version 1, got 2'),
            ({'config': np.array('{"resolution": 48}')}, 'resolution: expected a power of two'),
            ({'source': np.array('{}')}, 'expected config and source')):
        arrays = {name: value for name, value in {**whole, **changes}.items()
                  if value is not None}
        files.write_npz(path, arrays)
        with pytest.raises(ValueError, match=message):
            generator_file.read(path)


def test_what_is_not_finite_is_not_written(tmp_path):
    broken = build.build_generator(dataclasses.replace(CONFIG, w_size=2), 5)
    broken.w_avg.assign([1e6, 0.0])
    with pytest.raises(ValueError, match='w_avg: expected finite numbers of float16'):
        generator_file.write(tmp_path / 'b.npz', broken, SOURCE, dtype='float16')
    assert not list(tmp_path.iterdir())
