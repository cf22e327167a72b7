"""scripts/train_perception.py as a user calls it."""

import json

import pytest

from tests.face3d import toy
from tests.scripts.command_line import run_all
from tests.training.perception import rendered
from tfdisco.face3d import model_file
from tfdisco.training.perception import data as perception_data


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('train')
    model_file.write(folder / 'toy.npz', toy.arrays())
    rendered.write(folder / 'faces', size=perception_data.SIZE)
    return folder, run_all('train_perception.py', {
        'good': ['--network=parsing', '--data=faces', '--logdir=deep/run', '--model=toy.npz',
                 '--steps=2', '--batch=4', '--log_every=1', '--snapshot_every=1'],
        'bad network': ['--network=hair', '--data=faces', '--logdir=run'],
        'no data': ['--network=parsing', '--data=nowhere', '--logdir=run'],
        'no logdir': ['--network=parsing', '--data=faces'],
        'stray': ['--network=parsing', '--data=faces', '--logdir=run', 'stray'],
    }, folder)


def test_trains_and_says_where(runs):
    folder, results = runs
    status, stdout, stderr = results['good']
    assert status == 0, stderr
    assert 'wrote deep/run' in stdout and 'step/s' in stderr and 'loss=' in stderr
    there = {path.name for path in (folder / 'deep' / 'run').iterdir()}
    assert there >= {'config.json', 'parsing.npz', 'parsing.json', 'parsing.png',
                     'metrics.jsonl', 'snapshots'}
    card = json.loads((folder / 'deep' / 'run' / 'parsing.json').read_text())
    assert card['config']['steps'] == 2 and '--steps=2' in card['command']


@pytest.mark.parametrize('name, message', [
    ('bad network', 'train_perception: network: expected one of'), ('no data', 'nowhere'),
    ('no logdir', '--logdir'), ('stray', 'expected flags only')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
