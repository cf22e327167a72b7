"""files: whole or not at all, the same bytes for the same arrays; the one door for reading."""

import io
import tracemalloc

import numpy as np
import pytest

from tests import damage
from tfdisco import files
from tfdisco.files import Array


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / 'a.bin'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError, match='half way'), files.replacing(path) as file:
        file.write(b'new')
        raise RuntimeError('half way')
    assert path.read_bytes() == b'old'
    assert [entry.name for entry in tmp_path.iterdir()] == ['a.bin']
    with files.replacing(path) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new'
    assert path.stat().st_mode & 0o777 == 0o644


def test_npz_reads_back_and_does_not_depend_on_order_or_time(tmp_path):
    arrays = {'b': np.arange(6).reshape(2, 3).T, 'a': np.array('text')}
    files.write_npz(tmp_path / '1.npz', arrays)
    files.write_npz(tmp_path / '2.npz', dict(reversed(arrays.items())))
    assert (tmp_path / '1.npz').read_bytes() == (tmp_path / '2.npz').read_bytes()
    with np.load(tmp_path / '1.npz', allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored['b'], arrays['b'])
        assert stored['a'].shape == () and str(stored['a']) == 'text'


def test_a_target_needs_a_folder_and_its_ending(tmp_path):
    files.check_target(tmp_path / 'a.npz', '.npz')
    with pytest.raises(ValueError, match=r"out: expected a path that ends in .npz, got '.*a.h5'"):
        files.check_target(tmp_path / 'a.h5', '.npz')
    with pytest.raises(FileNotFoundError, match="out: expected an existing folder, got '.*none'"):
        files.check_target(tmp_path / 'none' / 'a.npz', '.npz')


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / 'a.npz', points=np.asfortranarray(np.arange(6.0).reshape(3, 2)),
             names=np.array([b'a', b'b', 'é'.encode()]), count=np.array(3, '>i4'),
             none=np.zeros([0, 2], np.float16), more=np.arange(3))
    return tmp_path / 'a.npz'


def test_arrays_come_as_they_were_asked_for(path):
    found = files.read_npz(path, 'test', arrays={
        'names': Array(files.TEXT, ['N']), 'p*': Array(files.FLOATS, ['N', 2], np.float32),
        'count': Array(files.INTEGERS, []), 'gone': Array(optional=True), 'none': Array()})
    assert sorted(found) == ['count', 'names', 'none', 'points']  # and nothing else is read
    assert found['names'].tolist() == ['a', 'b', 'é'] and found['count'] == 3
    np.testing.assert_array_equal(found['points'], [[0, 1], [2, 3], [4, 5]])
    assert found['points'].dtype == np.float32 and found['count'].dtype == np.int32
    assert found['none'].shape == (0, 2) and found['count'].dtype.isnative
    assert all(value.flags.writeable for value in found.values())
    with open(path, 'rb') as file:
        assert sorted(files.read_npz(file, 'test')) == ['count', 'more', 'names', 'none', 'points']


@pytest.mark.parametrize('arrays, message', [
    ({'x': Array()}, r"expected arrays \['x'\], got none called \['x'\] among \['count', 'more', "),
    ({'points': Array(files.FLOATS, [3])}, r'points: expected floats \[3\], got float64 \[3, 2\]'),
    ({'points': Array(files.INTEGERS, [None, 2])}, r'points: expected integers \[\?, 2\], got f'),
    ({'names': Array(files.TEXT, ['N']), 'points': Array(files.FLOATS, [2, 'N'])},
     r'points: expected floats \[2, 3\], got float64 \[3, 2\]'),
    ({'more': Array(files.TRUTH)}, r'more: expected bool, got int64 \[3\]'),
])
def test_other_arrays_are_refused(path, arrays, message):
    with pytest.raises(ValueError, match=f'a.npz: {message}.*; make another'):
        files.read_npz(path, 'test', advice='make another', arrays=arrays)


@pytest.mark.parametrize('value, wanted, message', [
    (np.array([1.0, np.nan]), Array(), 'expected finite numbers, got NaN'),
    (np.array([1e300]), Array(files.FLOATS, None, np.float32),
     'expected finite numbers of float32'),
    (np.array([1 << 40]), Array(files.INTEGERS, None, np.int32),
     'integers that fit int32, got 1099'),
    (np.array([-1]), Array(files.INTEGERS, None, np.uint8), 'integers that fit uint8, got -1'),
    (np.array([b'\xff']), Array(files.TEXT), 'expected text, got other bytes'),
    (np.array([1 << 30], np.uint32).view('<U1'), Array(files.TEXT), 'expected text, got other'),
    (np.zeros(2, [('a', 'f4')]), Array(), 'expected numbers or text, got'),
    (np.zeros(2, 'M8[s]'), Array(), 'expected numbers or text, got datetime64'),
])
def test_wrong_values_are_refused(tmp_path, value, wanted, message):
    np.savez(tmp_path / 'a.npz', x=value)
    with pytest.raises(ValueError, match=f'a.npz: x: .*{message}'):
        files.read_npz(tmp_path / 'a.npz', 'test', arrays={'x': wanted})


def test_a_file_with_a_format_holds_nothing_unknown(tmp_path):
    np.savez(tmp_path / 'a.npz', format=np.array('f'), version=np.array(1), x=np.ones(2), y=1)
    read = files.read_npz(tmp_path / 'a.npz', 'test', 'f', 1, '', {'x': Array(), 'y': Array()})
    assert sorted(read) == ['x', 'y']
    with pytest.raises(ValueError, match=r"a.npz: expected arrays \['x'\], got unknown \['y'\]"):
        files.read_npz(tmp_path / 'a.npz', 'test', 'f', 1, '', {'x': Array()})


@pytest.mark.parametrize('numbers', damage.HUGE)
def test_no_memory_is_taken_for_what_is_only_declared(tmp_path, numbers):
    arrays = {'x': np.ones(4), 'y': np.ones([4, 1])}
    for name in arrays:
        (tmp_path / 'a.npz').write_bytes(damage.with_header(arrays, name, numbers))
        tracemalloc.start()
        with pytest.raises(ValueError, match=rf'a.npz: {name}: expected \d+ bytes of float64 \['):
            files.read_npz(tmp_path / 'a.npz', 'test')
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()


def test_the_sum_of_arrays_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(files, 'LARGEST', 1000)
    np.savez(tmp_path / 'a.npz', x=np.ones(50), y=np.ones(50))
    with pytest.raises(ValueError, match='a.npz: expected arrays of 1000 bytes at most, got 1056'):
        files.read_npz(tmp_path / 'a.npz', 'test')
    assert len(files.read_npz(tmp_path / 'a.npz', 'test', arrays={'x': Array()})['x']) == 50


def test_what_is_no_npz(tmp_path):
    np.save(tmp_path / 'a.npy', np.ones(3))
    (tmp_path / 'b.npz').write_bytes(b'PK\x03\x04')
    for name in ('a.npy', 'b.npz'):
        with pytest.raises(ValueError, match=f'{name}: expected a test .npz, got a file that cann'):
            files.read_npz(tmp_path / name, 'test')
    with pytest.raises(FileNotFoundError, match='none.npz'):
        files.read_npz(tmp_path / 'none.npz', 'test')
    with pytest.raises(ValueError, match='expected a test .npz'):
        files.read_npz(io.BytesIO(b'nothing'), 'test')


@pytest.mark.parametrize('content, message', [
    (b'{', 'expected JSON, got a file that is none'), (b'\xff', 'expected JSON'),
    (b'[' * 100000, 'expected JSON'), (b'[1]', 'expected a JSON object, got list')])
def test_json(tmp_path, content, message):
    path = tmp_path / 'a.json'
    path.write_bytes(b'{"a": 1}')
    assert files.read_json(path) == {'a': 1}
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'a.json: {message}.*; make another'):
        files.read_json(path, 'make another')
    with pytest.raises(FileNotFoundError):
        files.read_json(tmp_path / 'none.json')
