"""Pickles are read without being unpickled: what they would run is refused, not run."""

import collections
import io
import os
import pickle
import sys

import numpy as np
import pytest

from tests.networks.stylegan import pickles
from tfdisco.networks import pickle_names, pickle_reader

NAME = 'dnnlib.tflib.network.Network'
PROTOCOLS = pytest.mark.parametrize('protocol', range(6))


class Call:
    """An object whose pickle calls `function` with `args` when it is unpickled."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def interpret(value, protocol=4):
    return pickle_reader.interpret(pickles.dump(value, protocol), [NAME])


@PROTOCOLS
def test_what_python_reads(protocol):
    shared = ['shared', 1.5]
    value = {'none': None, 'true': True, 'false': False, 'int': -3, 'wide': 1 << 40,
             'long': 1 << 90, 'float': -0.25, 'text': 'näme\n', 'bytes': b'\x00\xff\n',
             'tuples': ((), (1,), (1, 2), (1, 2, 3), tuple(range(9))), 'list': [shared, shared],
             'many': list(range(3000)), 'dict': {'a': {}, 3: [[]]}, 'set': {1, 'two'},
             'ordered': collections.OrderedDict([('x', 1), ('y', 2)]),
             'long text': 'x' * 300, 'long bytes': b'y' * 300}
    if protocol < 4:  # a set is a class of its own there
        del value['set']
    if protocol < 3:  # empty bytes are a call, others are encoded text
        value['bytes'] = b'\x01\xff\n'
    found = interpret(value, protocol)
    assert found == value
    assert found['list'][0] is found['list'][1]


@PROTOCOLS
@pytest.mark.parametrize('array', [
    np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(1.5) * np.ones([1, 2, 1]),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(4, dtype='>i2'),
    np.array([True, False]), np.array(7, np.uint8), np.float32(2.5), np.int64(-1),
    np.array([1.5, -2], np.float16)], ids=lambda array: f'{array.dtype.str}{array.shape}')
def test_numbers_of_numpy(array, protocol):
    found, again = interpret([array, array], protocol)
    assert found is again and type(found) is type(array) and found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize('protocol', [0, 2, 3])
def test_names_of_both_numpys(protocol):
    data = pickle.dumps(np.arange(3.0), protocol)
    other = data.replace(b'numpy._core', b'numpy.core')
    if other == data:
        other = data.replace(b'numpy.core', b'numpy._core')
    assert other != data
    for text in (data, other):
        np.testing.assert_array_equal(pickle_reader.interpret(text, []), np.arange(3.0))


def test_arrays_of_python_2():
    """Its bytes are texts: numpy.ndarray of float32 [2], pickled with protocol 2."""
    data = (b'\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00'
            b'\x85U\x01b\x87Rq\x03(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02f4K\x00K\x01\x87Rq\x05'
            b'(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08'
            + np.float32([1.5, -2]).tobytes() + b'tb.')
    np.testing.assert_array_equal(pickle_reader.interpret(data, []), np.float32([1.5, -2]))


@PROTOCOLS
def test_an_object_becomes_an_inert_record(protocol):
    inner = pickles.Network(name='inner', array=np.ones(2))
    found = interpret((inner, pickles.EasyDict(part=inner)), protocol)
    assert found[0] == found[1]['part'] and type(found[1]) is dict
    record = found[0]
    assert type(record) is pickle_names.Record and record.name == NAME
    assert record.state['name'] == 'inner' and list(record.state['array']) == [1.0, 1.0]


@pytest.mark.parametrize('protocol', [0, 2, 4])
@pytest.mark.parametrize('call', [
    lambda path: Call(os.system, f'touch {path}'),
    lambda path: Call(eval, f'open({str(path)!r}, "w")'),
    lambda path: Call(exec, f'open({str(path)!r}, "w")'),
    lambda path: Call(getattr, os, 'system'),
    lambda path: Call(open, str(path), 'w'),
    lambda path: Call(np.load, str(path)),
    lambda path: Call(np.frombuffer, b'1234')],
    ids=['system', 'eval', 'exec', 'getattr', 'open', 'load', 'frombuffer'])
def test_what_would_be_run_is_refused(tmp_path, call, protocol):
    path = tmp_path / 'was-run'
    what = call(path)
    if what.function is getattr:  # a module itself is not pickled
        what.args = ('os', 'system')
    data = pickle.dumps([1, what], protocol)
    with pytest.raises(ValueError, match="the name '.*', which is not one of a network"):
        pickle_reader.interpret(data, [NAME])
    assert not path.exists()
    # That this pickle is what it claims to be:
    if what.function is os.system:
        pickle.loads(data)
        assert path.exists()


def test_names_that_only_look_alike():
    for name in (b'cnumpy\ndtype.newbyteorder\n', b'cnumpy\nload\n', b'cdnnlib.tflib\nnetwork\n',
                 b'cnumpy.core.multiarray\nfromfile\n', b'c__builtin__\neval\n',
                 b'\x8c\x02os\x8c\x06system\x93'):
        with pytest.raises(ValueError, match='which is not one of a network'):
            pickle_reader.interpret(b'\x80\x04' + name + b'.', [NAME])


@pytest.mark.parametrize('data, message', [
    (b'', 'pickle exhausted'),
    (b'\x80\x04K\x01', 'pickle exhausted'),
    (b'\x80\x04.', '0 results'),
    (b'\x80\x04K\x01K\x02.', '2 results'),
    (b'\x80\x04(K\x01.', '1 results'),
    (b'\x80\x04R.', 'too few values'),
    (b'\x80\x04K\x01)R.', 'int where Name'),
    (b'\x80\x04cbuiltins\nobject\n)R.', 'builtins.object called'),
    (b'\x80\x04h\x05.', r'5 \(byte 2, BINGET\)'),
    (b'\x80\x04K\x01K\x02a.', 'int where list'),
    (b'\x80\x04}K\x01\x85K\x03s.', 'tuple where'),
    (b'\x80\x04}(K\x01u.', 'a key without a value'),
    (b'\x80\x04]\x90.', 'pop from empty'),
    (b'\x80\x04](K\x01\x90.', 'list where set'),
    (b'\x80\x04P1\n.', 'opcode PERSID'),
    (b'\x80\x04K\x01Q.', 'outside of the file'),
    (b'\x80\x04\x82\x01.', 'opcode EXT1'),
    (b'\x80\x04ios\nsystem\n.', 'opcode INST'),
    (b'\x80\x05\x97.', 'opcode NEXT_BUFFER'),
    (b'\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.', 'expected .* bytes'),
    (b'PK\x03\x04 an archive', "byte"),
    (b'\xff\xff', 'opcode'),
])
def test_damaged_files(data, message, tmp_path):
    path = tmp_path / 'x.pkl'
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r'x.pkl: expected a pickle that can be read') as error:
        pickle_reader.read(path, [NAME])
    if data:
        with pytest.raises(ValueError, match=message):
            pickle_reader.interpret(data, [NAME])
        assert str(error.value).count('\n') == 0


@pytest.mark.parametrize('array', [
    np.array([None]), np.array(['text']), np.zeros(2, 'f4,i4'), np.zeros(2, 'M8[s]')],
    ids=lambda array: array.dtype.str)
def test_arrays_of_other_things(array):
    with pytest.raises(ValueError, match='an array of'):
        interpret(array)


def test_arrays_of_wrong_sizes():
    data = pickle.dumps(np.zeros(3, np.float32), 2)
    assert data.count(b'K\x03\x85') == 1
    for shape in (b'K\x04\x85', b'J\xff\xff\xff\xff\x85', b'K\x00\x85'):
        with pytest.raises(ValueError, match='numbers for an array of shape'):
            pickle_reader.interpret(data.replace(b'K\x03\x85', shape), [])


def test_any_cut_and_any_flipped_byte_end_well():
    """With a result or with one ValueError, never with another error."""
    whole = pickles.dump((pickles.network('n', 'f', {'a': np.ones(3, np.float32)}),), 4)
    outcomes = collections.Counter()
    rng = np.random.default_rng(0)
    damaged = [whole[:end] for end in range(len(whole))]
    for position in range(len(whole)):
        damaged.append(whole[:position] + bytes([rng.integers(256)]) + whole[position + 1:])
    for data in damaged:
        try:
            pickle_reader.interpret(data, [NAME])
            outcomes['read'] += 1
        except ValueError:
            outcomes['refused'] += 1
    assert outcomes['refused'] > len(whole) and outcomes['read'] > 10


def test_deep_nesting_ends_well():
    deep = b'\x80\x04' + b']' * 100000 + b'a' * 99999 + b'.'
    assert isinstance(pickle_reader.interpret(io.BytesIO(deep), []), list)
    tuples = b'\x80\x04})' + b'\x85' * 100000 + b'K\x01s.'
    with pytest.raises(ValueError, match='tuple where'):
        pickle_reader.interpret(tuples, [])


def test_nothing_is_imported():
    assert 'dnnlib' not in sys.modules
    interpret(pickles.EasyDict(a=1))
    assert 'dnnlib' not in sys.modules


def test_persistent_ids_are_what_the_caller_makes_of_them():
    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ('storage', 3) if value == 'outside' else None

    file = io.BytesIO()
    Pickler(file, 2).dump(['outside', 'inside'])
    assert pickle_reader.interpret(file.getvalue(), [], persistent=lambda key: key[1]) == [
        3, 'inside']
