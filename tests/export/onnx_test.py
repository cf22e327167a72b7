"""The ONNX file in onnxruntime."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.export import onnx
from tfdisco.export.functions import Faces
from tfdisco.networks import trained

onnxruntime = pytest.importorskip('onnxruntime', reason='the extra export has none on Python 3.9')


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp('onnx')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    faces = Faces(trained.load(folder / 'g.npz'))
    onnx.write(folder / 'g.onnx', faces)
    return faces, onnxruntime.InferenceSession(str(folder / 'g.onnx'),
                                               providers=['CPUExecutionProvider'])


@pytest.mark.parametrize('count', [1, 3])
def test_equal_for_any_batch(exported, count):
    faces, session = exported
    noise = np.random.default_rng(0).normal(size=[count, faces.trained.inputs.noise])
    inputs = {'coefficients': toy.people(toy.model(), count), 'noise': noise.astype(np.float32),
              'psi': np.linspace(0.5, 1, count, dtype=np.float32)}
    assert {node.name for node in session.get_inputs()} == set(inputs)
    expected = faces.network.run(**{name: tf.constant(value) for name, value in inputs.items()})
    assert [node.name for node in session.get_outputs()] == list(expected)
    values, = session.run(None, inputs)
    assert values.shape == (count, 32, 32, 3) and values.std() > 0.01
    np.testing.assert_allclose(values, expected['values'], atol=1e-4)


def test_another_ending_is_refused(exported, tmp_path):
    with pytest.raises(ValueError, match=r'ends in \.onnx'):
        onnx.write(tmp_path / 'g.pb', exported[0])
