"""scripts/train_vae.py as a user calls it."""

import json

import pytest

from tests.face3d import toy
from tests.scripts.command_line import run_all
from tfdisco.face3d import model_file
from tfdisco.networks.vae import file as vae_file

SMALL = ['--model=toy.npz', '--factors=pose,expression', '--count=60', '--steps=4', '--batch=8',
         '--log_every=2', '--snapshot_every=2']


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('train')
    model_file.write(folder / 'toy.npz', toy.arrays())
    return folder, run_all('train_vae.py', {
        'good': ['--logdir=deep/run', *SMALL],
        'bad factor': ['--logdir=run', '--factors=hair'],
        'no data': ['--logdir=run', '--data=nowhere.npz'],
        'no logdir': [],
        'stray': ['--logdir=run', 'stray'],
    }, folder)


def test_trains_and_says_where(runs):
    folder, results = runs
    status, stdout, stderr = results['good']
    assert status == 0, stderr
    assert 'wrote deep/run' in stdout and '4/4' in stderr
    there = {path.name for path in (folder / 'deep' / 'run').iterdir()}
    assert there >= {'config.json', 'coefficient_vae.npz', 'coefficient_vae.json', 'scatter.png',
                     'faces.png', 'metrics.jsonl', 'snapshots'}
    assert set(vae_file.read(folder / 'deep' / 'run' / 'coefficient_vae.npz').weights) == {
        'pose', 'expression'}
    card = json.loads((folder / 'deep' / 'run' / 'coefficient_vae.json').read_text())
    assert card['config']['steps'] == 4 and '--steps=4' in card['command']


@pytest.mark.parametrize('name, message', [
    ('bad factor', "train_vae: factors: expected one of"), ('no data', 'nowhere.npz'),
    ('no logdir', '--logdir'), ('stray', 'expected flags only')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
