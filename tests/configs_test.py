"""Every flag file is one that scripts/train.py takes."""

import dataclasses
import pathlib

import numpy as np
import pytest
from absl import flags

from tfdisco.networks import discriminator_file, generator_file, trained
from tfdisco.training.gan import start
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.schedule import Schedule
from tfdisco.training.gan.trainer import GanTrainer

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
FILES = sorted(path.name for path in (REPOSITORY / 'configs').glob('*.cfg'))
DEFINE = {str: flags.DEFINE_string, int: flags.DEFINE_integer, float: flags.DEFINE_float,
          bool: flags.DEFINE_bool}


def read(name, *more):
    """The `GanConfig` of a flag file and of flags behind it, and --logdir."""
    values = flags.FlagValues()
    for field in GanConfig.flags():
        DEFINE[field.type](field.name, field.default, '', flag_values=values)
    flags.DEFINE_string('logdir', None, '', flag_values=values)
    values(['train', f'--flagfile={REPOSITORY / "configs" / name}', *more])
    return GanConfig.of(**{field.name: values[field.name].value
                           for field in GanConfig.flags()}), values.logdir


@pytest.mark.parametrize('name', FILES)
def test_flag_files_are_complete(name, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    config, logdir = read(name)
    assert logdir == f'runs/{name[:-len(".cfg")]}'
    schedule = Schedule(config.network, config.loss, config.schedule)
    stages = {schedule.at(int(schedule.total_images * share / 200)).stage for share in range(200)}
    wanted = {'adversarial'} if 'adversarial' in name else {'pixel', 'imitative', 'contrastive'}
    if config.source.start and not config.schedule.pixel_kimg:  # it has been through the others
        wanted = {'contrastive'}
    assert stages - {'hold'} == (wanted - {'contrastive'} if 'imitative' in name else wanted)
    assert ('hold' in stages) == (config.schedule.generator_hold_kimg > 0)
    text = (REPOSITORY / 'configs' / name).read_text(encoding='utf-8')
    assert text.startswith('# python scripts/')
    assert f'# python scripts/train.py --flagfile=configs/{name}' in text


@pytest.mark.parametrize('name', ['ffhq256_stylegan.cfg', 'ffhq256_stylegan2.cfg'])
def test_those_of_published_networks_have_their_widths(name, monkeypatch):
    # StyleGAN: min(8192 / 2^(log2 r - 1), 512) at r pixels (Karras et al. 2019, code);
    # StyleGAN2's preset for 256 pixels: half of config F's 32768 / r, at most 512.
    monkeypatch.chdir(REPOSITORY)
    network = read(name)[0].network
    assert {side: network.channels(side) for side in (4, 8, 16, 32, 64, 128, 256)} == {
        4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64}


def test_the_quickstart_begins_with_what_ships_and_from_nothing_if_told(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    usual, bare = read('quickstart.cfg')[0], read('quickstart.cfg', '--start=')[0]
    assert usual.source.start == 'built-in' and bare.source.start == ''
    assert {**usual.values(), 'start': ''} == bare.values()
    sizes = dataclasses.asdict(usual.network)
    inputs = trained.load().inputs
    shipped = [values(generator_file.read(start.origin('built-in', 'generator'))[0])]
    if start.origin('built-in', 'discriminator'):  # else it begins anew
        shipped += [values(discriminator_file.read(start.origin('built-in', 'discriminator')))]
    for config, alike in ((usual, True), (bare, False)):
        trainer = GanTrainer(config.network, config.loss, config.schedule, None, inputs, None)
        start.restore(config, trainer)
        assert dataclasses.asdict(trainer.discriminator.config) == sizes
        for ours, theirs in zip((values(trainer.average), values(trainer.discriminator)), shipped):
            same = [np.array_equal(value, theirs[name]) for name, value in ours.items()
                    if value.size > 1000]
            assert all(same) if alike else not any(same)


def values(network):
    return {name: np.array(value)
            for name, value in generator_file.named_weights(network).items()}


def test_there_are_those_that_the_documentation_names():
    assert {'quickstart.cfg', 'faces64.cfg', 'faces128.cfg', 'photos64.cfg', 'ffhq256_stylegan.cfg',
            'ffhq256_stylegan2.cfg'} <= set(FILES)
