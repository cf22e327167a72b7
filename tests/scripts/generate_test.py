"""scripts/generate.py as a user calls it."""

import pytest
from PIL import Image

from tests.scripts.command_line import run_all
from tests.training.gan import small


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('generate')
    source = small.write(folder)
    small.write_generator(folder / 'g.npz', source)
    snapshot = ['--snapshot=g.npz', '--count=3']
    return folder, run_all('generate.py', {
        'built-in': ['--out=built-in', '--count=3'],
        'random': ['--out=deep/random', *snapshot],
        'pose': ['--out=pose', *snapshot, '--interpolate=pose'],
        'vary': ['--out=vary', *snapshot, '--vary=all', '--set=yaw=20deg,open=0.5'],
        'both': ['--out=x', *snapshot, '--vary=all', '--interpolate=pose'],
        'bad set': ['--out=x', *snapshot, '--set=hair=red'],
        'no file': ['--out=x', '--snapshot=none.npz'],
        'no out': snapshot,
    }, folder)


def test_pictures_a_sheet_and_latents(runs):
    folder, results = runs
    for name, where, count in (('random', 'deep/random', 3), ('vary', 'vary', 40),
                               ('built-in', 'built-in', 3)):
        status, stdout, stderr = results[name]
        assert status == 0, stderr
        assert f'to {where}' in stdout
        assert len(list((folder / where).glob('face-*.png'))) == count
        assert (folder / where / 'faces.npz').exists()
        assert Image.open(folder / where / 'sheet.png').size[0] > 3 * 32


def test_interpolation_moves(runs):
    folder, results = runs
    assert results['pose'][0] == 0, results['pose'][2]
    assert Image.open(folder / 'pose/faces.gif').n_frames == 72


@pytest.mark.parametrize('name, message', [
    ('both', 'generate: vary, interpolate: expected one of them'),
    ('bad set', 'generate: set: expected one of'), ('no file', 'none.npz'), ('no out', '--out')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
