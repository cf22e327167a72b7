"""A generator and what belongs to it."""

import dataclasses
import shutil

import numpy as np
import pytest

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.networks import build, generator_file, trained
from tfdisco.networks.config import NetworkConfig


@pytest.fixture
def write(tmp_path):
    files = small.write(tmp_path / 'source')
    layout = toy.model().layout

    def write(inputs, noise):
        config = NetworkConfig(resolution=32, fmap_base=64, fmap_max=2, mapping_layers=1, w_size=4)
        generator_file.write(tmp_path / 'g.npz', build.build_generator(
            config, layout.size + inputs), generator_file.GeneratorSource(
                files['model'], files['vaes'], noise))
        return tmp_path / 'g.npz'

    return write


def test_all_that_belongs_together(write):
    generator, inputs, model = trained.load(write(4, 4))
    assert inputs.layout == model.layout == toy.model().layout
    assert generator(inputs(np.zeros([2, inputs.latents]))).shape == (2, 32, 32, 3)


def test_what_does_not_belong_together_is_refused(write):
    with pytest.raises(ValueError, match=r'g\.npz: expected inputs of \d+ numbers, got \d+ of'):
        trained.load(write(4, 5))


def test_in_another_precision_it_draws_nearly_the_same(write):
    of = trained.load(write(4, 4))
    z = np.random.default_rng(0).standard_normal([2, of.inputs.latents], np.float32)
    expected = of.generator(of.inputs(z)).numpy()
    for precision, tolerance in (('float32', 0.0), ('float16', 0.02), ('bfloat16', 0.15)):
        generator = trained.in_precision(of, precision).generator
        assert generator.config.precision == precision
        images = generator(of.inputs(z)).numpy()
        difference = np.abs(images - expected).max()
        assert difference <= tolerance * np.ptp(expected)
        assert (difference > 0) == (precision != 'float32'), 'it is another type'
    assert of.generator.config.precision == 'float32'
    with pytest.raises(ValueError, match='precision: expected one of'):
        trained.in_precision(of, 'float8')


def test_its_models_are_looked_for_beside_it_first(write, tmp_path, monkeypatch):
    path = write(4, 4)
    generator, source = generator_file.read(path)
    moved = tmp_path / 'moved'
    moved.mkdir()
    named = dataclasses.replace(source, model='models/face.npz', vaes='v.npz')
    generator_file.write(moved / 'g.npz', generator, named)
    monkeypatch.chdir(tmp_path / 'source')
    with pytest.raises(FileNotFoundError, match=r'g\.npz: expected its face model at models/face'):
        trained.load(moved / 'g.npz')
    shutil.copy(source.model, moved / 'face.npz')
    with pytest.raises(FileNotFoundError, match=r'g\.npz: expected its VAEs at v\.npz, seen from'):
        trained.load(moved / 'g.npz')
    shutil.copy(source.vaes, moved / 'v.npz')
    assert trained.load(moved / 'g.npz').model.layout == toy.model().layout


def test_the_one_that_ships_turns_heads():
    generator, inputs, model = trained.load()
    assert generator.config.resolution == 64
    z = np.repeat(np.random.default_rng(0).standard_normal([1, inputs.latents], np.float32), 2, 0)
    coefficients = inputs.coefficients(z).numpy()
    yaw = model.layout.factor_slice('pose').start + 1
    coefficients[:, yaw] = 0.5, -0.5
    left, right = (np.asarray(image) for image in generator(
        inputs.join(coefficients, inputs.split_noise(z)[1])))
    # Two turned heads mirror each other better than they match.
    assert np.abs(left - right[:, ::-1]).mean() < 0.8 * np.abs(left - right).mean()
