"""PyTorch's tensors without PyTorch."""

import numpy as np
import pytest

from tests.networks import torch_pickles
from tfdisco.networks import pickle_reader, torch_tensor

VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def read(value, protocol=4):
    record = pickle_reader.interpret(torch_pickles.dump(value, protocol), torch_tensor.NAMES)
    return torch_tensor.array(record)


@pytest.mark.parametrize('archive', [False, True])
@pytest.mark.parametrize('dtype', ['f4', 'f8', 'f2', 'i8'])
def test_numbers_of_all_kinds(archive, dtype):
    for make in (torch_pickles.tensor, torch_pickles.parameter):
        for protocol in (2, 3, 4):
            found = read(make(VALUES.astype(dtype), archive), protocol)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, VALUES)


def test_strides_and_offsets():
    turned = torch_pickles.tensor(VALUES, shape=(4, 3), strides=(1, 4), offset=12)
    np.testing.assert_array_equal(read(turned), VALUES[1].T)
    assert read(torch_pickles.tensor(np.float32(3))).shape == ()


@pytest.mark.parametrize('fields, message', [
    ({'shape': (25,)}, r'a tensor of shape \[25\] in 24 numbers'),
    ({'shape': (1 << 40,), 'strides': (0,)}, 'in 24 numbers'),
    ({'shape': (2,), 'offset': 23}, 'in 24 numbers'),
    ({'shape': (2,), 'strides': (-1,)}, 'a tensor of shape'),
    ({'shape': (2,), 'strides': (1, 1)}, 'a tensor of shape')])
def test_more_than_there_is(fields, message):
    with pytest.raises(ValueError, match=message):
        read(torch_pickles.tensor(VALUES, **fields))


@pytest.mark.parametrize('change, message', [
    (lambda data: data[:-4], '92 bytes for a storage of 24 numbers'),
    (lambda data: data.replace(b'FloatStorage', b'BlackStorage'), "the name 'torch.BlackStorage'"),
    (lambda data: data.replace(b'\x6c\xfc\x9c\x46', b'\0\0\0\0'), 'a storage that begins with'),
    (lambda data: b'PK' + data, 'a tensor that cannot be read')])
def test_damaged_storages(change, message):
    data = torch_pickles.storage_bytes(VALUES)
    assert change(data) != data
    value = torch_pickles.tensor(VALUES)
    value.args[0].args = (change(data),)
    with pytest.raises(ValueError, match=message):
        read(value)


def test_a_storage_that_names_a_command_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = torch_pickles.tensor(VALUES)
    value.args[0].args = (b'cposix\nsystem\n(Vtouch was-run\ntR.',)
    with pytest.raises(ValueError, match="the name 'posix.system'"):
        read(value)
    assert not list(tmp_path.iterdir())
