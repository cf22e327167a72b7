"""scripts/export.py as a user calls it."""

import importlib.util
import json

import pytest
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2

from tests.scripts.command_line import run_all
from tests.training.gan import small

HAS_ONNX = importlib.util.find_spec('tf2onnx') is not None  # none on Python 3.9, see setup.py


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('export')
    source = small.write(folder)
    small.write_generator(folder / 'g.npz', source)
    (folder / 'there').mkdir()
    looks = [f'--{name}={source[name]}' for name in ('reconstruction', 'recognition')]
    return folder, run_all('export.py', {
        'saved model': ['--out=served/1', '--snapshot=g.npz', *looks],
        'onnx': ['--out=g.onnx', '--snapshot=g.npz', '--format=onnx'],
        'tflite': ['--out=g.tflite', '--snapshot=g.npz', '--format=tflite'],
        'half': ['--out=half/1', '--snapshot=g.npz', '--precision=float16', *looks],
        'half tflite': ['--out=h.tflite', '--snapshot=g.npz', '--format=tflite',
                        '--precision=float16'],
        'there': ['--out=there', '--snapshot=g.npz', '--reconstruction=none'],
        'other model': ['--out=served/2', '--snapshot=g.npz'],
        'no file': ['--out=x', '--snapshot=none.npz'],
        'no out': [],
    }, folder)


def test_a_saved_model_with_photographs(runs):
    folder, results = runs
    status, stdout, stderr = results['saved model']
    assert status == 0, stderr
    assert stdout == 'wrote served/1\n'
    assert {path.name for path in (folder / 'served').iterdir()} == {'1'}
    card = json.loads((folder / 'served/1/assets/card.json').read_text())
    assert {'serving_default', 'photograph'} <= set(card['signatures'])


@pytest.mark.skipif(not HAS_ONNX, reason='tf2onnx is not installed')
def test_an_onnx_file(runs):
    folder, results = runs
    status, stdout, stderr = results['onnx']
    assert status == 0, stderr
    assert stdout == 'wrote g.onnx\n' and (folder / 'g.onnx').stat().st_size > 10000


def test_a_tflite_file(runs):
    folder, results = runs
    status, stdout, stderr = results['tflite']
    assert status == 0, stderr
    assert stdout == 'wrote g.tflite\n' and (folder / 'g.tflite').stat().st_size > 10000


def test_a_saved_model_of_another_precision(runs):
    folder, results = runs
    assert results['half'][0] == 0, results['half'][2]
    graphs = [saved_model_pb2.SavedModel.FromString(
        (folder / f'{name}/1/saved_model.pb').read_bytes()) for name in ('served', 'half')]
    of_type = [{node.op for function in graph.meta_graphs[0].graph_def.library.function
                for node in function.node_def
                if node.attr['T'].type == types_pb2.DT_HALF} for graph in graphs]
    assert not of_type[0] and 'Conv2D' in of_type[1]


@pytest.mark.parametrize('name, message', [
    ('half tflite', 'export: precision: expected with --format=savedmodel, got tflite'),
    ('there', 'export: out: expected a folder that is not there yet'),
    ('other model', "export: model: expected 'open head"), ('no file', 'none.npz'),
    ('no out', '--out')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[1][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
