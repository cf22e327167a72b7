"""scripts/make_faces.py as a user calls it."""

import pytest

from tests.scripts.command_line import run_all
from tfdisco.data.records import folder as records


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('make')
    return folder, run_all('make_faces.py', {
        'good': ['--out=deep/out', '--identities=2', '--per_identity=2', '--size=32',
                 '--processes=1'],
        'bad count': ['--out=out', '--identities=0'],
        'no model': ['--out=out', '--model=nowhere.npz'],
        'no out': [],
        'stray': ['--out=out', 'stray'],
    }, folder)


def test_makes_and_says_where(runs):
    folder, results = runs
    status, stdout, stderr = results['good']
    assert status == 0, stderr
    assert 'wrote deep/out: 4 pictures' in stdout and '4/4' in stderr
    out = folder / 'deep' / 'out'
    assert records.read_card(out)['count'] == 4 and len(records.shards(out)) == 1
    assert (out / 'faces.png').stat().st_size > 1000


@pytest.mark.parametrize('name, message', [
    ('bad count', 'make_faces: identities: expected a positive integer'),
    ('no model', 'nowhere.npz'), ('no out', '--out'), ('stray', 'expected flags only')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
