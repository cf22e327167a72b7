"""scripts/render.py as a user calls it."""

import os

import pytest
from PIL import Image

from tests.scripts.command_line import run_all


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp('sheets')
    commands = {
        'good': [f'--out={out / "deep"}', '--sheet=flow', '--size=32', '--seed=3'],
        'no model': [f'--out={out}', '--model=nowhere.npz'],
        'bad sheet': [f'--out={out}', '--sheet=hair'],
        'no out': [],
    }
    return out, run_all('render.py', commands, out)


def test_writes_the_sheet_and_says_so(runs):
    out, results = runs
    status, stdout, stderr = results['good']
    assert status == 0, stderr
    path = out / 'deep' / 'flow.png'
    assert f'wrote {path}' in stdout
    assert Image.open(path).size[0] == 2 + 6 * 34
    assert os.listdir(out / 'deep') == ['flow.png']


@pytest.mark.parametrize('name, message', [
    ('no model', 'nowhere.npz'), ('bad sheet', '--sheet=hair'), ('no out', '--out')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
