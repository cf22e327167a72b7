"""scripts/import_weights.py as a user calls it."""

import pytest

from tests.networks.importers_test import SIZES, write_checkpoint
from tests.scripts.command_line import run_all
from tfdisco.networks import vae_file


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('import')
    write_checkpoint(folder, 'pose')
    flags = ['--source=.', '--out=out.npz']
    return folder, run_all('import_weights.py', {
        'good': ['vae', *flags, '--factor=pose'],
        'other factor': ['vae', '--source=.', '--out=bad.npz', '--factor=expression'],
        'no kind': [*flags, '--factor=pose'],
        'bad kind': ['hair', *flags, '--factor=pose'],
        'no factor': ['vae', *flags],
    }, folder)


def test_converts(runs):
    folder, results = runs
    status, _, stderr = results['good']
    assert status == 0, stderr
    assert vae_file.sizes(vae_file.read(folder / 'out.npz').weights['pose']) == SIZES['pose']


@pytest.mark.parametrize('name, message', [
    ('other factor', 'import_weights: '), ('other factor', '--factor=pose'),
    ('no kind', "expected one of ['vae'] and flags"), ('bad kind', "got ['hair']"),
    ('no factor', '--factor')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    folder, results = runs
    status, stdout, stderr = results[name]
    assert status == 1 and not (folder / 'bad.npz').exists()
    assert message in stderr + stdout and 'Traceback' not in stderr
