"""What a run begins with."""

import dataclasses
import json
import os
import re

import numpy as np
import pytest

from tests.face3d import toy
from tests.training.gan import small
from tfdisco import factors
from tfdisco.networks import build, discriminator_file, generator_file
from tfdisco.networks.generator_file import named_weights
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.ops.upfirdn2d import downsample2d, upsample2d
from tfdisco.training.gan import distil, start
from tfdisco.training.gan.trainer import GanTrainer
from tfdisco.training.run.folder import history

SOURCE = {'model': 'toy.npz', 'vaes': 'vaes.npz'}


@pytest.fixture(scope='module')
def inputs():
    return GeneratorInputs(small.vaes_of(toy.model().layout), small.NETWORK['noise'])


@pytest.fixture
def begin(inputs):
    """config.GanConfig and a trainer for a start with some fields changed."""
    def begin(path, **changes):
        config = small.config(SOURCE, start=str(path), **changes)
        return config, GanTrainer(config.network, config.loss, config.schedule, toy.model(),
                                  inputs, None)
    return begin


def filled(network, seed):
    rng = np.random.default_rng(seed)
    for variable in network.weights:
        variable.assign(rng.normal(size=variable.shape))
    return network


def values(network):
    return {name: np.array(value) for name, value in named_weights(network).items()}


def same(first, second):
    return all(np.array_equal(value, values(second)[name])
               for name, value in values(first).items())


@pytest.fixture
def written(inputs, tmp_path):
    """generator.npz of a run like `small.config`'s, and its networks."""
    network = small.config(SOURCE).network
    generator = filled(build.build_generator(network, inputs.size), 1)
    discriminator = filled(build.build_discriminator(network), 2)
    generator_file.write(tmp_path / 'generator.npz', generator, generator_file.GeneratorSource(
        SOURCE['model'], SOURCE['vaes'], inputs.noise))
    return tmp_path / 'generator.npz', generator, discriminator


def test_a_generator_alone_meets_a_discriminator_that_begins_anew(written, begin):
    path, generator, _ = written
    config, trainer = begin(path)
    before = values(trainer.discriminator)
    start.restore(config, trainer)
    assert same(generator, trainer.generator) and same(generator, trainer.average)
    assert all(np.array_equal(value, before[name])
               for name, value in values(trainer.discriminator).items())


def test_a_discriminator_beside_it_goes_on(written, begin):
    path, generator, discriminator = written
    discriminator_file.write(path.with_name('discriminator.npz'), discriminator)
    config, trainer = begin(path)
    start.restore(config, trainer)
    assert same(generator, trainer.generator) and same(discriminator, trainer.discriminator)


def test_vaes_beside_the_file_are_the_run_s(written, begin):
    """As of an imported generator, which names a file beside it."""
    path, generator, _ = written
    beside = path.with_name('beside.npz')
    beside.write_bytes(b'is not read here')
    generator_file.write(path, generator, generator_file.GeneratorSource(
        SOURCE['model'], beside.name, small.NETWORK['noise'], (0.5,) * generator.config.w_size))
    config, trainer = begin(path, vaes=str(beside))
    start.restore(config, trainer)
    assert same(generator, trainer.generator)


def test_a_trained_package_is_its_files_and_a_run_its_folder(written, begin, tmp_path):
    path, generator, discriminator = written
    discriminator_file.write(path.with_name('discriminator.npz'), discriminator)
    assert start.origin(str(tmp_path), 'generator') == str(path)
    assert start.origin(str(tmp_path), 'discriminator') == str(path.with_name('discriminator.npz'))
    config, trainer = begin(tmp_path)
    start.restore(config, trainer)
    assert same(generator, trainer.generator) and same(discriminator, trainer.discriminator)
    (tmp_path / 'snapshots').mkdir()
    assert [start.origin(str(tmp_path), name) for name in ('generator', 'discriminator')] == [
        str(tmp_path)] * 2


def test_without_a_start_weights_stay(begin):
    config, trainer = begin('')
    before = values(trainer.generator)
    start.restore(config, trainer)
    assert all(np.array_equal(value, before[name])
               for name, value in values(trainer.generator).items())


@pytest.mark.parametrize('changes, ours, theirs', [
    ({'mapping_speed': 0.5}, '--mapping_speed=0.5', '--mapping_speed=0.01'),
    ({'fmap_max': 4}, '--fmap_max=4', '--fmap_max=8'),
    ({'model': 'other.npz'}, '--model=other.npz', '--model=toy.npz'),
    ({'noise': 5}, '--noise=5', '--noise=4'),
    ({'noise': 5, 'w_size': 9}, '--w_size=9 --noise=5', '--w_size=8 --noise=4')])
def test_files_of_something_else_are_refused(written, begin, changes, ours, theirs):
    config, trainer = begin(written[0], **changes)
    before = values(trainer.generator)
    with pytest.raises(ValueError) as error:
        start.restore(config, trainer)
    assert str(error.value).startswith(f'start: expected a file of {ours}, as this run is of, got ')
    assert f'generator.npz of {theirs}; pass th' in str(error.value)
    assert all(np.array_equal(value, before[name])
               for name, value in values(trainer.generator).items())


def test_other_vaes_are_told(written, begin):
    config, trainer = begin(written[0], vaes='built-in')
    with pytest.warns(UserWarning, match='learned with --vaes=vaes.npz, this run has '
                      '--vaes=built-in'):
        start.restore(config, trainer)
    assert same(written[1], trainer.generator)


def test_networks_grow_to_the_run_s_resolution(inputs, begin, tmp_path):
    network = small.config(SOURCE, fmap_base=512).network
    generator = filled(build.build_generator(network, inputs.size), 1)
    discriminator = filled(build.build_discriminator(network), 2)
    generator_file.write(tmp_path / 'generator.npz', generator, generator_file.GeneratorSource(
        SOURCE['model'], SOURCE['vaes'], inputs.noise))
    discriminator_file.write(tmp_path / 'discriminator.npz', discriminator)
    config, trainer = begin(tmp_path / 'generator.npz', resolution=64, fmap_base=512)
    start.restore(config, trainer)
    values = inputs(np.ones([2, inputs.latents], np.float32))
    wanted = upsample2d(generator(values))
    for grown in (trainer.generator, trainer.average):
        np.testing.assert_allclose(grown(values), wanted, atol=1e-5 * np.abs(wanted).max())
    wanted = discriminator(downsample2d(wanted))
    np.testing.assert_allclose(trainer.discriminator(upsample2d(generator(values))), wanted,
                               atol=1e-4 * np.abs(wanted).max())


def test_a_mapping_of_another_kind_learns_from_the_files(inputs, begin, tmp_path, monkeypatch):
    path, network = tmp_path / 'generator.npz', small.config(SOURCE, mapping_speed=0.1).network
    generator = build.build_generator(network, inputs.size)
    generator.mapping.set_normalization(*inputs.spread())
    generator_file.write(path, generator, generator_file.GeneratorSource(
        SOURCE['model'], SOURCE['vaes'], inputs.noise))
    monkeypatch.setattr(distil, 'STEPS', 300)
    config, trainer = begin(path, mapping='sum', mapping_layers=3, mapping_speed=0.1)
    mapping = trainer.generator.mapping
    mapping.set_normalization(*trainer.inputs.spread(False))
    z = np.random.default_rng(3).standard_normal([256, trainer.inputs.latents], np.float32)

    wanted = generator.mapping(trainer.inputs(z)).numpy()

    def unlike():
        parts = mapping.parts(trainer.inputs(z))
        found = sum(value.numpy() for factor, value in parts.items() if factor != factors.NOISE)
        return np.mean((found - wanted) ** 2) / wanted.var(0).mean()

    before = unlike()
    with pytest.warns(UserWarning, match='is of another kind; the new one says') as warned:
        start.restore(config, trainer)
    left = unlike()
    assert left < 0.5 * min(before, 1.0)
    told = ' '.join(str(each.message) for each in warned)
    said = float(re.search(r'the new one says (-?\d+)%', told).group(1)) / 100
    assert said == pytest.approx(1 - left, abs=0.1)
    noise = mapping.parts(trainer.inputs(z))[factors.NOISE].numpy()
    assert noise.var(0).mean() == pytest.approx(distil.NOISE_SHARE * wanted.var(0).mean(), rel=0.5)
    for name, value in values(generator).items():
        if not name.startswith('mapping/'):
            np.testing.assert_array_equal(values(trainer.generator)[name], value, name)
    assert same(trainer.generator, trainer.average)


def test_precision_and_groups_may_change(written, begin):
    config, trainer = begin(written[0], precision='bfloat16', minibatch_group=1,
                            low_precision_resolutions=2)
    start.restore(config, trainer)
    assert same(written[1], trainer.generator)


def test_a_discriminator_of_something_else_is_refused_before_anything_changes(written, begin):
    path, generator, _ = written
    discriminator_file.write(
        path.with_name('discriminator.npz'), build.build_discriminator(
            dataclasses.replace(generator.config, fmap_max=4)))
    config, trainer = begin(path)
    before = values(trainer.generator)
    with pytest.raises(ValueError, match=r'expected a file of --fmap_max=8, as this run is of, '
                                         r'got .*discriminator.npz of --fmap_max=4; pass this'):
        start.restore(config, trainer)
    assert all(np.array_equal(value, before[name])
               for name, value in values(trainer.generator).items())


def test_a_missing_file_is_named(begin):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.npz'):
        start.restore(*begin('nowhere.npz'))


def test_what_ships_belongs_together_and_has_cards():
    network = generator_file.read(start.origin('built-in', 'generator'))[0].config
    for name in ('generator', 'discriminator'):
        path = start.origin('built-in', name)
        if not path:  # the discriminator need not ship
            assert name == 'discriminator'
            continue
        if name == 'discriminator':
            assert discriminator_file.read(path).config == network
        with open(os.path.splitext(path)[0] + '.json', encoding='utf-8') as file:
            card = json.load(file)
        assert card['file'] == os.path.basename(path)
        assert card['bytes'] == os.path.getsize(path)
        assert card['licence'].startswith('MIT') and card['data']['kind'] == 'rendered'
        assert card['seconds'] > 0 and card['images'] > 0 and card['figures']
        assert history(path, 'generator')['command'] == card['command']
