"""scripts/import_weights.py as a user calls it."""

import pytest

from tests.networks.vae.published_test import SIZES, write_checkpoint
from tests.perception import face_api
from tests.scripts.command_line import run_all
from tfdisco.networks.vae import file as vae_file
from tfdisco.perception import weights_file


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('import')
    write_checkpoint(folder, 'pose')
    _, entries, data = face_api.weights()
    face_api.write(folder / 'p.tgz', entries, data)
    flags = ['--source=.', '--out=out.npz']
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TFDISCO_CACHE', str(folder / 'cache'))
        return folder, run_all('import_weights.py', {
            'good': ['vae', *flags, '--factor=pose'],
            'descriptor': ['recognition', '--source=p.tgz'],
            'other factor': ['vae', '--source=.', '--out=bad.npz', '--factor=expression'],
            'no kind': [*flags, '--factor=pose'],
            'bad kind': ['hair', *flags, '--factor=pose'],
            'no factor': ['vae', *flags],
            'factor of a face': ['recognition', '--source=p.tgz', '--factor=pose'],
            'no package': ['recognition', '--source=none.tgz', '--out=bad.npz'],
        }, folder)


def test_converts(runs):
    folder, results = runs
    status, stdout, stderr = results['good']
    assert status == 0 and stdout == 'wrote out.npz\n', stderr
    assert vae_file.sizes(vae_file.read(folder / 'out.npz').weights['pose']) == SIZES['pose']
    status, stdout, stderr = results['descriptor']
    path = folder / 'cache' / 'weights' / 'dlib.npz'
    assert status == 0 and stdout == f'wrote {path}\n', stderr
    assert weights_file.read(path).kind == 'dlib'


@pytest.mark.parametrize('name, message', [
    ('other factor', 'import_weights: '), ('other factor', '--factor=pose'),
    ('no kind', "expected one of ['mobilefacenet', 'recognition', 'vae'] and flags"),
    ('bad kind', "got ['hair']"),
    ('no factor', "vae: expected flags ['factor', 'out', 'source'], got ['out', 'source']"),
    ('factor of a face', "recognition: expected flags ['source'] and perhaps ['out'], got "
     "['factor', 'source']"),
    ('no package', 'import_weights: '), ('no package', 'none.tgz')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    folder, results = runs
    status, stdout, stderr = results[name]
    assert status == 1 and not (folder / 'bad.npz').exists()
    assert message in stderr + stdout and 'Traceback' not in stderr
