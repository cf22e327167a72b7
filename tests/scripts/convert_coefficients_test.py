"""scripts/convert_coefficients.py as a user calls it."""

import numpy as np
import pytest
import scipy.io

from tests.scripts.command_line import run_all
from tfdisco.face3d import coefficient_file

COEFFICIENTS = np.random.default_rng(0).normal(size=[3, 254]).astype(np.float32) * 0.3


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('convert')
    np.savez(folder / 'a.npz', coefficients=COEFFICIENTS)
    (folder / 'people').mkdir()
    for index, row in enumerate(COEFFICIENTS):
        split = np.split(row[np.newaxis], [80, 160, 224, 227], axis=1)
        scipy.io.savemat(folder / 'people' / f'{index}.mat', {
            **dict(zip(('id', 'tex', 'exp', 'angle', 'gamma'), split)), 'trans': np.ones([1, 3])})
    return folder, run_all('convert_coefficients.py', {
        'there': ['--source=a.npz', '--out=b.mat', '--order=discofacegan'],
        'folder': ['--source=people', '--out=c.npz'],
        'bad order': ['--source=a.npz', '--out=d.mat', '--order=mine'],
        'no file': ['--source=none.npz', '--out=d.mat'],
        'no ending': ['--source=a.npz', '--out=d'],
    }, folder)


def test_converts(runs):
    folder, results = runs
    for name, out in (('there', 'b.mat'), ('folder', 'c.npz')):
        status, stdout, stderr = results[name]
        assert status == 0 and stdout == f'wrote 3 faces to {out}\n', stderr
    stored = scipy.io.loadmat(folder / 'b.mat')['coeff']
    np.testing.assert_array_equal(stored, np.pad(COEFFICIENTS, [(0, 0), (0, 3)]))
    np.testing.assert_array_equal(coefficient_file.read(folder / 'c.npz'), COEFFICIENTS)


@pytest.mark.parametrize('name, message', [
    ('bad order', '--order=mine'), ('no file', 'none.npz'),
    ('no ending', "convert_coefficients: out's ending: expected one of ['.mat', '.npz'], got ''")])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    folder, results = runs
    status, stdout, stderr = results[name]
    assert status == 1 and not (folder / 'd.mat').exists()
    assert message in stderr + stdout and 'Traceback' not in stderr
