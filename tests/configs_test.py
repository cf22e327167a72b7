"""Every flag file is one that scripts/train.py takes."""

import pathlib

import pytest
from absl import flags

from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.schedule import Schedule

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
FILES = sorted(path.name for path in (REPOSITORY / 'configs').glob('*.cfg'))
DEFINE = {str: flags.DEFINE_string, int: flags.DEFINE_integer, float: flags.DEFINE_float,
          bool: flags.DEFINE_bool}


def read(name):
    """The `GanConfig` of a flag file, and --logdir."""
    values = flags.FlagValues()
    for field in GanConfig.flags():
        DEFINE[field.type](field.name, field.default, '', flag_values=values)
    flags.DEFINE_string('logdir', None, '', flag_values=values)
    values(['train', f'--flagfile={REPOSITORY / "configs" / name}'])
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
    assert stages == (wanted - {'contrastive'} if 'imitative' in name else wanted)
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


def test_there_are_those_that_the_documentation_names():
    assert {'quickstart.cfg', 'faces64.cfg', 'faces128.cfg', 'photos64.cfg', 'ffhq256_stylegan.cfg',
            'ffhq256_stylegan2.cfg'} <= set(FILES)
