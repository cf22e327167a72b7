"""The door by which packages come in; no jax, no TensorFlow."""

import ast
import hashlib
import json
import pathlib
import sys

import numpy as np
import pytest

from tfdisco.portable import package, write

HOME = pathlib.Path(package.__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'modules').mkdir()
    (tmp_path / 'modules/a.mlir').write_bytes(b'module')
    (tmp_path / 'package.json').write_text(json.dumps({
        'format': package.FORMAT, 'version': package.VERSION, 'card': {}, 'rows': [],
        'modules': {}, 'state': {'a/b': [[2], 'float32'], 'n': [[], 'int64']}, 'alike': {},
        'forget': [],
        'images': {}, 'log_every': 1, 'snapshot_every': 1, 'total_images': 1, 'files': {},
        'checksums': {'modules/a.mlir': hashlib.sha256(b'module').hexdigest()}}))
    package.write_snapshot(tmp_path / 'first.npz', snapshot(0))
    return tmp_path


def snapshot(steps):
    return package.Snapshot(
        {'a/b': np.array([1.5, steps], np.float32), 'n': np.array(3, np.int64)},
        {'images_seen': 4 * steps, 'steps': steps, 'growth': -8}, 2.5, {'x/y': (1.0, 2)})


def test_a_snapshot_comes_back_and_the_last_one_counts(folder):
    assert package.Package(folder).snapshot().counters['steps'] == 0
    package.write_snapshot(folder / 'last.npz', snapshot(7))
    found = package.Package(folder).snapshot()
    assert found.counters == {'images_seen': 28, 'steps': 7, 'growth': -8}
    assert found.seconds == 2.5 and found.recent == {'x/y': (1.0, 2.0)}
    assert found.arrays['a/b'].tolist() == [1.5, 7.0] and found.arrays['n'].dtype == np.int64


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def changed(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize('damage, message', [
    (lambda folder: (folder / 'package.json').write_text('{'), 'package.json: expected JSON'),
    (lambda folder: changed(folder / 'package.json', version=9), 'of version 2, got .*9'),
    (lambda folder: changed(folder / 'package.json', rows={}), 'expected rows, a list, got dict'),
    (lambda folder: changed(folder / 'package.json', state={'a/b': [[3], 'float32']}),
     r'first.npz: state/a/b: expected floats \[3\], got float32 \[2\]'),
    (lambda folder: cut(folder / 'first.npz'), 'first.npz: expected a state .npz'),
    (lambda folder: (folder / 'last.npz').write_bytes(b'PK'), 'remove it to begin anew'),
    (lambda folder: (folder / 'modules/a.mlir').write_bytes(b'modulE'),
     'a.mlir: expected the bytes that were written')])
def test_damage_is_one_clear_error(folder, damage, message):
    damage(folder)
    with pytest.raises(ValueError, match=message):
        there = package.Package(folder)
        there.read('modules', 'a.mlir')
        there.snapshot()


def test_what_is_alike_at_first_is_stored_once(folder):
    card = json.loads((folder / 'package.json').read_text())
    arrays = {'a': np.zeros([2, 3], np.float32), 'b': np.zeros([2, 3], np.float32),
              'c': np.zeros([3, 2], np.float32), 'd': np.zeros([2, 3], np.int64),
              'e': np.ones([2, 3], np.float32)}
    card['state'] = {name: [list(value.shape), str(value.dtype)] for name, value in arrays.items()}
    card['alike'] = package.alike(arrays)
    assert card['alike'] == {'b': 'a'}
    (folder / 'package.json').write_text(json.dumps(card))
    kept = {name: value for name, value in arrays.items() if name != 'b'}
    package.write_snapshot(folder / 'first.npz', snapshot(0)._replace(arrays=kept))
    found = package.Package(folder).snapshot().arrays
    assert list(found) == list(arrays)
    for name, value in arrays.items():
        assert np.array_equal(found[name], value) and found[name].dtype == value.dtype
    # Afterwards nothing is.
    package.write_snapshot(folder / 'last.npz', snapshot(1)._replace(
        arrays={**arrays, 'b': np.ones([2, 3], np.float32)}))
    assert package.Package(folder).snapshot().arrays['b'].all()


def test_no_package_is_one_clear_error(tmp_path):
    with pytest.raises(FileNotFoundError, match='expected a package with its package.json'):
        package.Package(tmp_path)


def test_the_runner_imports_nothing_but_jax_numpy_pillow_and_itself():
    own = {'tfdisco.' + name[:-3].replace('/', '.').replace('.__init__', '')
           for name in write.RUNNER}
    for name in write.RUNNER:
        for node in ast.walk(ast.parse((HOME / name).read_text())):
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found = [node.module if node.module in own or not node.module.startswith('tfdisco')
                         else f'{node.module}.{alias.name}' for alias in node.names]
            else:
                continue
            for module in found:
                top = module.split('.')[0]
                assert top in {'jax', 'numpy', 'PIL'} | sys.stdlib_module_names or module in own, (
                    f'{name} imports {module}')
