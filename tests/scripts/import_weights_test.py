"""scripts/import_weights.py as a user calls it."""

import numpy as np
import pytest

from tests.networks.stylegan.importer_test import write_snapshot
from tests.networks.stylegan2 import importer_test
from tests.networks.vae.published_test import SIZES, write_checkpoint
from tests.perception import face_api
from tests.scripts.command_line import run_all
from tfdisco.networks import build, generator_file
from tfdisco.networks.stylegan import snapshot
from tfdisco.networks.vae import file as vae_file
from tfdisco.perception import weights_file
from tfdisco.training.run import folder as run_folder

BAD = b'cposix\nsystem\n(Vtouch was-run\ntR.'


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('import')
    write_checkpoint(folder, 'pose')
    (folder / 'snapshot').mkdir()
    write_snapshot(folder / 'snapshot' / 's.pkl')
    (folder / 'bad.pkl').write_bytes(BAD)
    (folder / 'ada.pkl').write_bytes(importer_test.torch())
    (folder / 'there').mkdir()
    (folder / 'there' / 'config.json').write_text('{}')
    _, entries, data = face_api.weights()
    face_api.write(folder / 'p.tgz', entries, data)
    flags = ['--source=.', '--out=out.npz']
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TFDISCO_CACHE', str(folder / 'cache'))
        return folder, run_all('import_weights.py', {
            'good': ['vae', *flags, '--factor=pose'],
            'descriptor': ['recognition', '--source=p.tgz'],
            'generator': ['generator', '--source=snapshot/s.pkl', '--vaes=built-in',
                          '--model=open_head', '--out=official.npz'],
            'run': ['run', '--source=snapshot/s.pkl', '--out=official'],
            'start': ['start', '--source=ada.pkl', '--out=start.npz', '--noise=5'],
            'command': ['generator', '--source=bad.pkl', '--vaes=built-in',
                        '--model=open_head', '--out=bad.npz'],
            'no vaes': ['generator', '--source=snapshot/s.pkl', '--out=bad.npz'],
            'run there': ['run', '--source=snapshot/s.pkl', '--out=there'],
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


def test_published_networks(runs):
    folder, results = runs
    for name, out in (('generator', 'official.npz'), ('run', 'official')):
        status, stdout, stderr = results[name]
        assert status == 0 and stdout == f'wrote {out}\n', stderr
    loaded = snapshot.load(folder / 'snapshot' / 's.pkl')
    stored, _ = generator_file.read(folder / 'official.npz')
    again = {'generator': build.build_generator(stored.config, stored.input_size),
             'average': build.build_generator(stored.config, stored.input_size),
             'discriminator': build.build_discriminator(stored.config)}
    run_folder.restore_weights(folder / 'official', **again)
    for ours, theirs in ((stored, loaded.average), *((network, getattr(loaded, name))
                                                     for name, network in again.items())):
        for our, their in zip(ours.weights, theirs.weights):
            np.testing.assert_array_equal(our, their)


def test_a_start_for_a_training(runs):
    folder, results = runs
    status, stdout, stderr = results['start']
    assert status == 0 and stdout == 'wrote start.npz\n', stderr
    assert generator_file.read(folder / 'start.npz')[1] == generator_file.GeneratorSource(
        'open_head', 'built-in', 5)
    assert (folder / 'start_discriminator.npz').exists()


def test_a_pickle_that_names_a_command_is_not_run(runs):
    folder, results = runs
    assert results['command'][0] == 1 and not (folder / 'was-run').exists()


@pytest.mark.parametrize('name, message', [
    ('other factor', 'import_weights: '), ('other factor', '--factor=pose'),
    ('no kind', "expected one of ['generator', 'mobilefacenet', 'recognition', 'run', 'start', "
     "'vae'] and flags"),
    ('command', "bad.pkl: expected a pickle that can be read, got the name 'posix.system'"),
    ('no vaes', "generator: expected flags ['out', 'source', 'vaes'] and perhaps "
     "['average_identity', 'model'], got ['out', 'source']"),
    ('run there', 'out: expected a folder without a run, got there'),
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
