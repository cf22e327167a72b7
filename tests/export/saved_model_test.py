"""The SavedModel in processes of others: TensorFlow alone, and TensorFlow's C interface."""

import io
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from tests.face3d import toy
from tests.perception import small as looks
from tests.training.gan import small
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.export import saved_model
from tfdisco.export.controls import INPUTS
from tfdisco.export.functions import Faces
from tfdisco.face3d import lighting
from tfdisco.networks import trained

C_INTERFACE = pathlib.Path(__file__).with_name('c_interface.py')
LIGHT = [[-1.0, 0.1, 0.45], [0.0, 1.0, 0.35]]
# TensorFlow alone: {case: signature} and CASE/INPUT.npy to CASE/OUTPUT.npy.
ALONE = """
import json, os, sys
import numpy as np
sys.modules['tfdisco'] = None
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
for case, name in json.load(open('cases.json')).items():
    inputs = {file[:-4]: tf.constant(np.load(f'{case}/{file}')) for file in os.listdir(case)}
    try:
        results = model.signatures[name](**inputs)
    except tf.errors.InvalidArgumentError as error:
        open(f'{case}.txt', 'w').write(str(error))
        continue
    np.savez(f'{case}.npz', **{key: value.numpy().astype('S') if value.dtype == tf.string
                               else value.numpy() for key, value in results.items()})
"""


def settings(**changed):
    """A case of `controls`: each of its inputs, as a server gets them."""
    result = {name: saved_model.first(given) for name, given in INPUTS.items()}
    result.update({name: np.array(value, result[name].dtype) for name, value in changed.items()})
    result['expression_names'] = result['expression_names'].astype('S')
    return result


def cases(faces):
    """{case: (signature, {input: array})}."""
    rng = np.random.default_rng(0)
    inputs, people = faces.trained.inputs, toy.people(toy.model(), 2)
    noise = rng.normal(size=[2, inputs.noise]).astype(np.float32)
    other = toy.people(toy.model(), 2, seed=1)
    ws = rng.normal(size=[2, faces.trained.generator.num_ws, 8]).astype(np.float32)
    result = {
        'set': ('serving_default', settings(
            identity=rng.normal(size=[2, 7]), yaw=[20, -10], pitch=[5], roll=[0, 3],
            light_direction=LIGHT, light_strength=[0.9], light_ambient=[0.3],
            expression_names=['smile', 'open'], expression_weights=[[0.6, -0.2], [0.0, 1.0]])),
        'seeds': ('controls', settings(identity_seed=[5, 6, 5], noise_seed=[1, 1, 2], psi=[0.6])),
        'alone': ('controls', settings(identity_seed=[5], noise_seed=[2], psi=[0.6])),
        'png': ('png', settings(identity_seed=[5, 6, 5], noise_seed=[1, 1, 2], psi=[0.6])),
        'unknown': ('controls', settings(expression_names=['frown'], expression_weights=[[1.0]])),
        'coefficients': ('coefficients', {'coefficients': people, 'noise': noise,
                                          'psi': np.float32([1.0, 0.3])}),
        'latents': ('latents', {'latents': np.float32(rng.normal(size=[3, inputs.latents])),
                                'psi': np.float32([0.6])}),
        'w': ('w', {'ws': ws}),
        'edit': ('edit', {'ws': ws, 'before': people, 'after': other, 'noise': noise}),
        'photograph': ('photograph', {'image': np.uint8(rng.integers(0, 255, [2, 40, 48, 3]))}),
    }
    return result


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """The folder of all, the native `Faces`, cases, and {case: {output: array}} of TensorFlow."""
    folder = tmp_path_factory.mktemp('export')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    perception = looks.perception()
    faces = Faces(trained.load(folder / 'g.npz'), perception.reconstruction,
                  perception.recognition)
    saved_model.write(folder / 'model/1', faces, 'none')
    asked = cases(faces)
    for case, (_, inputs) in asked.items():
        (folder / case).mkdir()
        for name, value in inputs.items():
            np.save(folder / case / f'{name}.npy', value)
    (folder / 'cases.json').write_text(json.dumps({case: name for case, (name, _) in
                                                   asked.items()}))
    run(folder, '-c', ALONE, folder / 'model/1')
    return folder, faces, asked, {case: dict(np.load(folder / f'{case}.npz'))
                                  for case in asked if case != 'unknown'}


def run(folder, *command):
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    done = subprocess.run([sys.executable, *map(str, command)], cwd=folder, env=environment,
                          check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def definition(folder):
    found = saved_model_pb2.SavedModel()
    found.ParseFromString((folder / 'model/1/saved_model.pb').read_bytes())
    return found.meta_graphs[0]


@pytest.mark.parametrize('case', ['set', 'seeds', 'coefficients', 'latents', 'w', 'edit',
                                  'photograph'])
def test_equal_to_the_native_functions(exported, case):
    _, faces, asked, results = exported
    name, inputs = asked[case]
    native = faces.functions[name if name in faces.functions else 'controls'].run(
        **{key: tf.constant(value) for key, value in inputs.items()})
    assert set(native) == set(results[case])
    for key, value in native.items():
        assert results[case][key].dtype == value.numpy().dtype and value.shape[0] in (2, 3)
        if value.dtype == tf.uint8:
            difference = np.abs(np.int32(results[case][key]) - np.int32(value))
            assert difference.max() <= 1 and np.ptp(value) > 20, key
        else:
            np.testing.assert_allclose(results[case][key], value, atol=1e-4, err_msg=key)


def test_settings_are_in_plain_units(exported):
    inputs, model = exported[2]['set'][1], toy.model()
    expected = model.coefficients(
        2, pose=np.radians([[5, 20, 0], [5, -10, 3]]),
        expression=[model.expression({'smile': 0.6, 'open': -0.2}), model.expression({'open': 1})],
        illumination=[lighting.light_from_direction(light, 0.9, 0.3) for light in LIGHT])
    expected[:, model.layout.factor_slice('identity')] = inputs['identity']
    np.testing.assert_allclose(exported[3]['set']['coefficients'], expected, atol=1e-5)


def test_a_seed_is_one_face_in_any_batch(exported):
    seeds, alone = exported[3]['seeds'], exported[3]['alone']
    np.testing.assert_allclose(seeds['coefficients'][2:], alone['coefficients'], atol=1e-6)
    assert np.abs(np.int32(seeds['image'][2:]) - np.int32(alone['image'])).max() <= 1
    part = toy.model().layout.factor_slice('identity')
    assert np.abs(seeds['coefficients'][0, part] - seeds['coefficients'][1, part]).max() > 0.1
    assert (seeds['image'][0] != seeds['image'][2]).any()  # another noise
    pictures = [np.asarray(Image.open(io.BytesIO(data)))
                for data in exported[3]['png']['png_bytes']]
    assert np.abs(np.int32(pictures) - np.int32(seeds['image'])).max() <= 1


def test_truncation_is_that_of_generate(exported):
    folder, _, asked, results = exported
    z = asked['latents'][1]['latents']
    native = FaceGenerator.load(folder / 'g.npz')(z, 0.6)
    assert np.abs(np.int32(results['latents']['image']) - np.int32(native)).max() <= 1
    assert np.abs(np.int32(results['latents']['image'])
                  - np.int32(FaceGenerator.load(folder / 'g.npz')(z))).max() > 1


def test_edits_add_the_difference_of_w(exported):
    _, faces, asked, results = exported
    inputs, (generator, of, _) = asked['edit'][1], faces.trained
    here, there = (generator.mapping(of.join(inputs[key], inputs['noise'])).numpy()
                   for key in ('before', 'after'))
    np.testing.assert_allclose(results['edit']['ws'],
                               inputs['ws'] + (there - here)[:, np.newaxis], atol=1e-4)


def test_an_unknown_expression_is_named(exported):
    text = (exported[0] / 'unknown.txt').read_text()
    assert 'expected units of expression that card.json lists' in text and 'frown' in text


def test_standard_ops_defaults_and_card(exported):
    folder, faces, _, _ = exported
    graph = definition(folder)
    ops = {node.op for function in graph.graph_def.library.function for node in function.node_def}
    assert 'Conv2D' in ops and not [op for op in ops if op.startswith('Tfdisco')]
    card = json.loads((folder / 'model/1' / saved_model.CARD).read_text())
    assert card['licence'] == 'none' and card['expression_names'] == ['open', 'smile']
    for name, function in {**faces.functions, 'serving_default': faces.functions['controls']
                           }.items():
        signature = graph.signature_def[name]
        assert set(signature.inputs) == set(function.inputs)
        assert set(signature.outputs) == set(card['signatures'][name]['outputs'])
        expected = {key: given for key, given in function.inputs.items()
                    if given.default is not None}
        assert set(signature.defaults) == set(expected)
        for key, given in expected.items():
            value = tf.make_ndarray(signature.defaults[key])
            assert value.tolist() == saved_model.first(given).tolist(), (name, key)


def test_a_request_to_each_warms_up(exported):
    folder = exported[0]
    graph, asked = definition(folder), []
    for record in tf.data.TFRecordDataset(str(folder / 'model/1' / saved_model.WARM_UP)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        signature = graph.signature_def[request.model_spec.signature_name]
        asked.append(request.model_spec.signature_name)
        assert set(request.inputs) == set(signature.inputs)
        for name, value in request.inputs.items():
            assert value.dtype == signature.inputs[name].dtype
            shape = tf.TensorShape(signature.inputs[name].tensor_shape)
            assert shape.is_compatible_with(tf.make_ndarray(value).shape), name
    assert sorted(asked) == sorted(name for name in graph.signature_def if name[0] != '_')


def test_c_interface_with_defaults_for_what_is_missing(exported):
    folder, faces, _, _ = exported
    signature = definition(folder).signature_def['serving_default']
    np.save(folder / 'yaw.npy', np.float32([20, 0, -20]))
    outputs = {signature.outputs[name].name: str(folder / f'c-{name}.npy')
               for name in ('image', 'landmarks', 'rendered')}
    library = pathlib.Path(tf.__file__).parent
    (folder / 'task.json').write_text(json.dumps({
        'library': str(library), 'model': str(folder / 'model/1'), 'outputs': outputs,
        'inputs': {signature.inputs['yaw'].name: str(folder / 'yaw.npy')}}))
    run(folder, C_INTERFACE, folder / 'task.json')
    native = faces.functions['controls'].run(**{
        key: tf.constant(value) for key, value in settings(yaw=[20, 0, -20]).items()})
    for name, tolerance in (('image', 1), ('rendered', 1), ('landmarks', 1e-4)):
        found = np.load(folder / f'c-{name}.npy')
        assert len(found) == 3
        np.testing.assert_allclose(np.float32(found), np.float32(native[name]), atol=tolerance,
                                   rtol=0, err_msg=name)


def test_a_folder_that_is_there_stays(exported):
    folder, faces, _, _ = exported
    with pytest.raises(ValueError, match='out: expected a folder that is not there yet'):
        saved_model.write(folder / 'model/1', faces)
    assert [path.name for path in (folder / 'model').iterdir()] == ['1']


def test_a_generator_without_face_model_has_no_3d_face(exported):
    generator, inputs, _ = exported[1].trained
    faces = Faces(trained.TrainedGenerator(generator, inputs, trained.MissingModel(inputs.layout)))
    outputs = {'controls': faces.functions['controls'].run(
        **{name: tf.constant(value) for name, value in settings(yaw=[10]).items()})}
    assert set(outputs['controls']) == {'image', 'coefficients'}
    faces.functions = {'controls': faces.functions['controls']}
    card = saved_model.describe(faces, outputs, '')
    assert card['face_model'] is None and card['expression_names'] == []
    assert sum(card['latents'].values()) == inputs.latents
