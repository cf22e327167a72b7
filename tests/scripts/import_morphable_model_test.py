"""The command line of scripts/import_morphable_model.py."""

import pathlib
import subprocess
import sys

import numpy as np

from tests.face3d import importers_ict_test
from tfdisco.face3d import model_file

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*arguments):
    return subprocess.run([sys.executable, 'scripts/import_morphable_model.py', *arguments],
                          cwd=ROOT, env={'PYTHONPATH': str(ROOT)}, capture_output=True, text=True,
                          check=False)


def test_converts(tmp_path):
    source = tmp_path / 'ict_source.npz'
    np.savez(source, **importers_ict_test.Synthetic().npz(modes=100))
    out = tmp_path / 'ict.npz'
    done = run('--kind=ict', f'--source={source}', f'--out={out}')
    assert (done.returncode, done.stderr) == (0, '')
    assert model_file.read(out)['identity_basis'].shape[0] == 100


def test_error_is_one_line_and_status_1(tmp_path):
    out = tmp_path / 'bfm.npz'
    failed = run('--kind=bfm09', f'--source={tmp_path}', f'--out={out}')
    assert failed.returncode == 1 and not out.exists()
    assert failed.stderr.count('\n') == 1
    assert failed.stderr.startswith('import_morphable_model: ')
    assert '01_MorphableModel.mat (apply at https://faces.dmi.unibas.ch' in failed.stderr


def test_flags_are_checked(tmp_path):
    for arguments in (['--kind=flame', '--source=a', '--out=b.npz'], ['--kind=ict', '--out=b.npz'],
                      ['--kind=ict', '--source=a', '--out=b.npz', 'stray']):
        assert run(*arguments).returncode == 1
