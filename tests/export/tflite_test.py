"""The TensorFlow Lite file in its interpreter."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tests.training.gan import small
from tfdisco.export import tflite
from tfdisco.export.functions import Faces
from tfdisco.networks import trained


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp('tflite')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    faces = Faces(trained.load(folder / 'g.npz'))
    tflite.write(folder / 'g.tflite', faces)
    # TensorFlow 2.21's XNNPACK delegate refuses to take other batches than it was built for.
    return faces, tf.lite.Interpreter(
        str(folder / 'g.tflite'), experimental_op_resolver_type=(
            tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES))


@pytest.mark.parametrize('count', [1, 3])
def test_equal_for_any_batch(exported, count):
    faces, interpreter = exported
    noise = np.random.default_rng(0).normal(size=[count, faces.trained.inputs.noise])
    inputs = {'coefficients': toy.people(toy.model(), count), 'noise': noise.astype(np.float32),
              'psi': np.linspace(0.5, 1, count, dtype=np.float32)}
    expected = faces.network.run(**{name: tf.constant(value) for name, value in inputs.items()})
    run = interpreter.get_signature_runner('serving_default')
    found = run(**inputs)
    assert set(found) == set(expected)
    assert found['values'].shape == (count, 32, 32, 3) and found['values'].std() > 0.01
    np.testing.assert_allclose(found['values'], expected['values'], atol=1e-4)


def test_it_needs_no_ops_of_others(exported):
    names = {op['op_name'] for op in exported[1]._get_ops_details()}
    assert 'CONV_2D' in names and not [name for name in names if 'Flex' in name
                                       or name == 'CUSTOM']


def test_another_ending_is_refused(exported, tmp_path):
    with pytest.raises(ValueError, match=r'ends in \.tflite'):
        tflite.write(tmp_path / 'g.pb', exported[0])
