"""Discriminators on disk."""

import dataclasses
import os

import numpy as np
import pytest

from tfdisco import files
from tfdisco.networks import build, discriminator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.generator_file import named_weights

CONFIG = NetworkConfig(resolution=32, fmap_base=128, fmap_max=8, mapping_layers=2, w_size=6)
BOTH = pytest.mark.parametrize('arch', ['stylegan2', 'stylegan'])


def make(arch='stylegan2'):
    result = build.build_discriminator(dataclasses.replace(CONFIG, arch=arch))
    rng = np.random.default_rng(0)
    for variable in result.weights:
        variable.assign(rng.normal(size=variable.shape))
    return result


@BOTH
def test_what_is_read_judges_alike(arch, tmp_path):
    discriminator = make(arch)
    named = named_weights(discriminator)
    assert {id(value) for value in named.values()} == {
        id(value) for value in discriminator.weights}
    discriminator_file.write(tmp_path / 'd.npz', discriminator, 'MIT')
    read = discriminator_file.read(tmp_path / 'd.npz')
    assert read.config == discriminator.config
    images = np.random.default_rng(1).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
    np.testing.assert_array_equal(read(images), discriminator(images))


def test_half_precision_is_close_and_small(tmp_path):
    discriminator = make()
    for name, dtype in (('d.npz', 'float32'), ('h.npz', 'float16')):
        discriminator_file.write(tmp_path / name, discriminator, dtype=dtype)
    for name, value in named_weights(discriminator_file.read(tmp_path / 'h.npz')).items():
        np.testing.assert_allclose(value, named_weights(discriminator)[name], rtol=1e-3,
                                   atol=1e-7)
    assert os.path.getsize(tmp_path / 'h.npz') < 0.7 * os.path.getsize(tmp_path / 'd.npz')


def test_it_lies_beside_its_generator():
    assert discriminator_file.beside('run/generator.npz') == os.path.join('run',
                                                                         'discriminator.npz')
    assert discriminator_file.beside('mine.npz') == 'mine_discriminator.npz'


def test_wrong_files_are_refused(tmp_path):
    path = tmp_path / 'd.npz'
    discriminator_file.write(path, make())
    whole = files.read_npz(path, 'discriminator', discriminator_file.FORMAT, 1, '')
    for changes, message in (
            ({'weights/logit/bias': np.zeros(7)},
             r'd.npz: logit/bias: expected shape \[1\], got \[7\]'),
            ({'weights/logit/bias': np.full(1, np.nan)}, 'logit/bias: expected finite numbers'),
            ({'weights/other': np.zeros(1)}, r"unknown \['other'\]"),
            ({'weights/logit/bias': None}, r"missing \['logit/bias'\]"),
            ({'licence': None}, r"none called \['licence'\]"),
            ({'version': np.array(2)}, 'expected format version 1, got 2'),
            ({'format': np.array('tfdisco-generator')},
             "expected a file of format 'tfdisco-discriminator', got 'tfdisco-generator'"),
            ({'config': np.array('{"resolution": 48}')}, 'resolution: expected a power of two'),
            ({'config': np.array('{"sides": 48}')}, 'expected config of a discriminator')):
        files.write_npz(path, {name: value for name, value in {**whole, **changes}.items()
                               if value is not None})
        with pytest.raises(ValueError, match=message):
            discriminator_file.read(path)


def test_what_is_not_finite_is_not_written(tmp_path):
    broken = make()
    broken.logit.bias.assign([1e6])
    with pytest.raises(ValueError, match='logit/bias: expected finite numbers of float16'):
        discriminator_file.write(tmp_path / 'b.npz', broken, dtype='float16')
    assert not list(tmp_path.iterdir())
