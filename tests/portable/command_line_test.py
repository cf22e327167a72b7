"""scripts/train.py --portable as a user calls it."""

import pytest

from tests.scripts.command_line import run_all
from tests.training.gan import small
from tfdisco.portable import package

# Two steps of the shortest stage: few modules to lower.
SHORT = {'pixel_kimg': 0.008, 'imitative_kimg': 0.008, 'contrastive_kimg': 0.0,
         'contrastive': False, 'path_length_weight': 0.0}


@pytest.fixture(scope='module')
def results(lowers, source, tmp_path_factory):
    """The folder, and (status, stdout, stderr) of each command line."""
    folder = tmp_path_factory.mktemp('command_line')
    (folder / 'there').mkdir()
    flags = small.flags(source, **SHORT)
    return folder, run_all('train.py', {
        'writes': ['--portable=deep/package', '--portable_images=png', *flags],
        'there': ['--portable=there', *flags],
        'no data': ['--portable=none', *small.flags(source, **SHORT, data='nowhere')]}, folder)


@pytest.mark.slow
def test_writes_a_package_and_says_how_to_run_it(results):
    folder, found = results
    status, stdout, stderr = found['writes']
    assert status == 0, stderr
    assert 'wrote deep/package; python -m tfdisco.portable.run deep/package' in stdout
    there = package.Package(folder / 'deep/package')
    assert there.card['total_images'] == 8 and there.card['log_every'] == 1
    assert {row['batch'] for row in there.card['rows']} == {4}
    for name in there.card['modules']:
        there.read('modules', f'{name}.mlir')
    assert there.snapshot().counters['steps'] == 0
    assert not list(folder.glob('**/*.part')) and not (folder / 'none').exists()


@pytest.mark.slow
def test_what_it_wrote_runs(results, run):
    folder, _ = results
    status, text = run(folder / 'deep/package')
    assert status == 0 and 'done: 8 images' in text, text


@pytest.mark.slow
@pytest.mark.parametrize('name, message', [
    ('there', 'portable: expected a folder that is not there yet'), ('no data', 'nowhere')])
def test_errors_end_with_status_1_and_a_reason(results, name, message):
    status, stdout, stderr = results[1][name]
    assert status == 1
    assert message in stderr and 'Traceback' not in stderr + stdout
