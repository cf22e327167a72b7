"""Importing dlib's descriptor: where it goes, and every way a package can be wrong."""

import json

import numpy as np
import pytest

from tests.perception import face_api
from tfdisco.perception import importers, weights_file
from tfdisco.perception.recognition import Recognition


@pytest.fixture(scope='module')
def parts():
    return face_api.weights()


def test_goes_where_it_is_looked_for(tmp_path, monkeypatch, parts):
    monkeypatch.setenv('TFDISCO_CACHE', str(tmp_path / 'cache'))
    values, entries, data = parts
    face_api.write(tmp_path / 'p.tgz', entries, data)
    out = importers.import_dlib(str(tmp_path / 'p.tgz'))
    assert out == tmp_path / 'cache' / 'weights' / 'dlib.npz'
    stored = weights_file.read(out)
    assert stored.kind == 'dlib' and stored.source == 'npm @vladmandic/face-api 1.2.3'
    assert 'MIT' in stored.licence
    name = 'conv64_1/conv2'
    np.testing.assert_allclose(
        stored.arrays[f'{name}/kernel'],
        values[f'{name}/conv/filters'] * values[f'{name}/scale/weights'], atol=1e-3)
    np.testing.assert_allclose(
        stored.arrays[f'{name}/bias'],
        values[f'{name}/conv/bias'] * values[f'{name}/scale/weights']
        + values[f'{name}/scale/biases'], atol=1e-3)
    assert Recognition.load('dlib').network.KIND == 'dlib'


def manifest(entries, **group):
    return {face_api.MANIFEST: json.dumps(
        [{'paths': ['a.bin', 'b.bin'], 'weights': entries, **group}]).encode()}


def changed(entries, name, **fields):
    return [{**entry, **fields} if entry['name'] == name else entry for entry in entries]


@pytest.mark.parametrize('make, message', [
    (lambda entries, data: {'package/package.json': None}, 'package/package.json'),
    (lambda entries, data: {'package/package.json': b'{"name": "left-pad"}'},
     "the package 'left-pad'"),
    (lambda entries, data: {'package/package.json': b'{'}, 'Expecting'),
    (lambda entries, data: {'package/package.json': b'[]'}, 'cannot be used'),
    (lambda entries, data: {face_api.MANIFEST: None}, 'weights_manifest.json'),
    (lambda entries, data: {face_api.MANIFEST: b' ' * (importers.LARGEST_TEXT + 1)},
     'expected a file of 1048576 bytes at most'),
    (lambda entries, data: {face_api.MANIFEST: b'{"a": 1}'}, 'cannot be used'),
    (lambda entries, data: {face_api.MANIFEST: b'[]'}, 'cannot be used'),
    (lambda entries, data: manifest(entries[1:]), 'weights of other names or shapes'),
    (lambda entries, data: manifest(changed(entries, 'fc', shape=[128, 256])),
     'weights of other names or shapes'),
    (lambda entries, data: manifest(changed(entries, 'fc', quantization={'dtype': 'int3'})),
     'int3'),
    (lambda entries, data: manifest(changed(entries, 'fc', shape='x')), 'other names or shapes'),
    (lambda entries, data: manifest(changed(entries, 'fc', quantization={'dtype': 'uint8'})),
     'scale'),
    (lambda entries, data: manifest(entries, paths=['a.bin', 'c.bin']), 'c.bin'),
    (lambda entries, data: manifest(entries, paths=['a.bin']), 'bytes of weights, and not'),
    (lambda entries, data: {'package/model/b.bin': b''}, 'bytes of weights, and not'),
    (lambda entries, data: {'package/model/b.bin': bytes(len(data) + 1)}, 'at most'),
    (lambda entries, data: {'package/model/b.bin': bytes(len(data) - len(data) // 2 + 4)},
     'bytes of weights, and not'),
])
def test_wrong_packages(tmp_path, parts, make, message):
    _, entries, data = parts
    path = tmp_path / 'p.tgz'
    face_api.write(path, entries, data, **make(entries, data))
    with pytest.raises(ValueError, match='p.tgz: expected the npm package @vladmandic/face-api') \
            as error:
        importers.import_dlib(path, tmp_path / 'out.npz')
    assert message in str(error.value)
    assert not (tmp_path / 'out.npz').exists()


def test_damaged_archives_and_places(tmp_path, parts):
    _, entries, data = parts
    path = tmp_path / 'p.tgz'
    face_api.write(path, entries, data)
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (b'', b'no archive', whole[:middle],
                    whole[:middle] + bytes(200) + whole[middle + 200:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match='p.tgz: expected the npm package'):
            importers.import_dlib(path, tmp_path / 'out.npz')
    with pytest.raises(FileNotFoundError):
        importers.import_dlib(tmp_path / 'none.tgz', tmp_path / 'out.npz')
    with pytest.raises(ValueError, match='ends in .npz'):
        importers.import_dlib(path, tmp_path / 'out.h5')
    with pytest.raises(FileNotFoundError, match='out: expected an existing folder'):
        importers.import_dlib(path, tmp_path / 'no' / 'out.npz')
