"""doctor: says what is there, and names what does not work and what to do."""

import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys

import pytest

from tfdisco import doctor
from tfdisco.ops import native, toolchain

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The reference, unless a test wants otherwise: nothing is compiled."""
    monkeypatch.setenv('TFDISCO_OPS', 'reference')


def broken(report):
    return [item['what'] for item in report['problems'] if item['broken']]


def test_report_of_this_installation():
    report = doctor.examine()
    assert report['ok'] is True and broken(report) == []
    assert set(report) == {'ok', 'ops', 'versions', 'devices', 'model', 'weights', 'problems'}
    assert set(report['ops']) == set(native.OPS)
    assert report['versions']['python'] == platform.python_version()
    assert report['versions']['numpy'] == importlib.metadata.version('numpy')
    assert 'CPU:0' in report['devices']
    model = report['model']
    content = pathlib.Path(model['path']).read_bytes()
    assert model['loads'] and model['sha256'] == hashlib.sha256(content).hexdigest()
    assert model['vertices'] > 1000 and model['expression'] > 0


def test_json_is_all_that_goes_to_standard_output(capfd):
    assert doctor.main(['--json']) == 0
    assert json.loads(capfd.readouterr().out)['ok'] is True
    assert doctor.main([]) == 0
    text = capfd.readouterr().out
    assert 'rasterize_triangles' in text and text.endswith('Everything works.\n')


@pytest.mark.parametrize('content, expected', [
    (None, 'is missing'), (b'PK\3\4 not a model', 'cannot be read'), (b'', 'cannot be read')])
def test_missing_or_damaged_model(monkeypatch, tmp_path, capsys, content, expected):
    path = tmp_path / 'open_head.npz'
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(doctor, 'MODEL', path)
    assert doctor.main(['--json']) == 1
    report = json.loads(capsys.readouterr().out)
    assert report['ok'] is False and not report['model']['loads']
    what, = broken(report)
    assert expected in what and str(path) in what
    assert doctor.main([]) == 1
    assert 'BROKEN: the built-in model' in capsys.readouterr().out


def test_unsupported_versions(monkeypatch):
    asked = {'Requires-Python': '>=99', 'Requires-Dist': [
        'numpy>=99', 'tensorflow>=2', 'absent>=1', 'absent-too; python_version < "3"',
        'absent-three; extra == "demo"']}

    class Metadata(dict):
        get_all = dict.get

    monkeypatch.setattr(importlib.metadata, 'metadata', lambda name: Metadata(asked))
    report = doctor.examine()
    assert report['ok'] is False
    found = importlib.metadata.version('numpy')
    assert broken(report) == [f'Python {platform.python_version()}: expected >=99',
                              f'numpy: expected >=99, got {found}',
                              'absent: expected >=1, got none']


def test_checkout_that_is_not_installed_is_not_broken(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, 'metadata', absent)
    assert doctor.examine()['ok'] is True


def test_unknown_mode(monkeypatch):
    monkeypatch.setenv('TFDISCO_OPS', 'fast')
    report = doctor.examine()
    assert report['ok'] is False and "got 'fast'" in broken(report)[0]


@pytest.mark.parametrize('mode, ok', [('auto', True), ('native', False)])
def test_no_compiler(monkeypatch, tmp_path, mode, ok):
    monkeypatch.setattr(native, '_library_once', functools.lru_cache(maxsize=1)(
        native._library_once.__wrapped__))
    monkeypatch.setenv('TFDISCO_OPS', mode)
    monkeypatch.setenv('TFDISCO_CACHE', str(tmp_path))
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('CXX', raising=False)
    report = doctor.examine()
    assert report['ok'] is ok and report['versions']['compiler'] is None
    problem, = report['problems']
    assert all(name in problem['what'] for name in native.OPS)
    assert 'no C++ compiler found' in problem['what'] and 'apt install g++' in problem['do']
    assert all(state['cpu'] == 'reference' for state in report['ops'].values())


@pytest.mark.parametrize('cuda, smi, expected', [
    ('not built', '', 'no CUDA kernel (no nvcc)'),
    ('built', '| CUDA Version: 12.4  |', 'is of CUDA 13, the driver runs CUDA 12'),
    ('built', '| CUDA Version: 13.0  |', None)])
def test_gpu_without_its_kernels(monkeypatch, cuda, smi, expected):
    state = {'cpu': 'native', 'cuda': cuda, 'why': '' if cuda == 'built' else 'no nvcc'}
    monkeypatch.setenv('TFDISCO_OPS', 'auto')
    monkeypatch.setattr(native, 'status', lambda: {name: state for name in native.OPS})
    monkeypatch.setattr(toolchain, 'nvidia_smi', lambda: smi)
    nvcc = toolchain.Nvcc('nvcc', 'release 13.0, V13.0.88', (), (), ())
    monkeypatch.setattr(toolchain, 'find_nvcc', lambda: (nvcc, ''))
    problems = []
    doctor._ops(lambda what, do, broken=False: problems.append(what), ['CPU:0', 'GPU:0'])
    assert len(problems) == (expected is not None)
    assert expected is None or expected in problems[0]


def test_weights(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, 'PRETRAINED', tmp_path)
    (tmp_path / 'good.json').write_text('{"figures": {}}')
    (tmp_path / 'good.npz').write_bytes(b'x')
    (tmp_path / 'lone.json').write_text('{}')
    (tmp_path / 'torn.json').write_text('{')
    (tmp_path / 'torn.npz').write_bytes(b'x')
    report = doctor.examine()
    assert [(entry['name'], entry['ok']) for entry in report['weights']] == [
        ('good', True), ('lone', False), ('torn', False)]
    assert len(broken(report)) == 2 and report['ok'] is False


def test_tensorflow_that_does_not_import(tmp_path):
    (tmp_path / 'tensorflow.py').write_text('raise ImportError("libfoo.so.1: cannot open")\n')
    environment = {**os.environ, 'PYTHONPATH': f'{tmp_path}{os.pathsep}{REPOSITORY}',
                   'TFDISCO_OPS': 'auto'}
    done = subprocess.run([sys.executable, '-m', 'tfdisco.doctor', '--json'], env=environment,
                          cwd=tmp_path, stdout=subprocess.PIPE, timeout=120, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report['ok'] is False and report['devices'] == []
    assert broken(report) == ['TensorFlow does not import: ImportError: libfoo.so.1: cannot open']
    assert report['model']['loads'] is True
