"""tensorflow-graphics runs on our kernel: its own tests, and its gradients."""

import unittest

import numpy as np
import pytest
import tensorflow as tf

from tfdisco.ops.interpolate_attributes import interpolate_attributes
from tfdisco.ops.rasterize_triangles import rasterize_triangles

pytest.importorskip('tensorflow_graphics', reason='tensorflow-graphics is not installed')

from tensorflow_graphics.rendering import triangle_rasterizer  # noqa: E402
from tensorflow_graphics.rendering.tests import (
    barycentrics_test,  # noqa: E402
    cpu_rasterization_backend_test,  # noqa: E402
)

from tfdisco.face3d import rasterization_backend  # noqa: E402

CPU = rasterization_backend.RasterizationBackends.CPU


@pytest.fixture(autouse=True)
def installed():
    rasterization_backend.install()
    # The package's tests were written for a Python that still had this alias.
    for case in (cpu_rasterization_backend_test.CPURasterizationBackendTest,
                 barycentrics_test.BarycentricsTest):
        if not hasattr(case, 'assertRaisesRegexp'):
            case.assertRaisesRegexp = case.assertRaisesRegex


@pytest.mark.parametrize('module, count', [(cpu_rasterization_backend_test, 8),
                                           (barycentrics_test, 1)])
def test_their_own_tests_pass(module, count):
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TestResult()
    suite.run(result)
    problems = [trace for _, trace in result.failures + result.errors]
    assert not problems, problems[0]
    assert result.testsRun - len(result.skipped) >= count


def _scene():
    rng = np.random.default_rng(0)
    vertices = rng.uniform(-1, 1, (2, 12, 3)).astype(np.float32)
    triangles = rng.integers(0, 12, (9, 3)).astype(np.int32)
    colours = rng.uniform(size=(2, 12, 3)).astype(np.float32)
    return vertices, triangles, colours, np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))


def test_triangle_rasterizer_agrees_with_the_ops_in_values_and_gradients():
    vertices, triangles, colours, matrices = (tf.constant(x) for x in _scene())
    weights = tf.random.stateless_normal([2, 20, 30, 3], [1, 2])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([vertices, colours])
        theirs = triangle_rasterizer.rasterize(
            vertices, triangles, {'colour': colours}, matrices, (20, 30), enable_cull_face=False,
            backend=CPU)['colour'][:, ::-1]  # their row 0 is the bottom
        clip = tf.concat([vertices, tf.ones_like(vertices[..., :1])], axis=-1)
        raster = rasterize_triangles(clip, triangles, 20, 30)
        ours = interpolate_attributes(colours, triangles, raster.triangle_ids,
                                      raster.barycentrics)
        their_sum, our_sum = (tf.reduce_sum(weights * image) for image in (theirs, ours))
    np.testing.assert_allclose(ours, theirs, atol=2e-4)
    assert float(tf.reduce_mean(tf.cast(raster.triangle_ids >= 0, tf.float32))) > 0.2
    for source, tolerance in ((colours, 1e-3), (vertices, 2e-3)):
        expected = tape.gradient(their_sum, source).numpy()
        actual = tape.gradient(our_sum, source).numpy()
        np.testing.assert_allclose(actual, expected, atol=tolerance * np.abs(expected).max())


def test_culling_and_wrong_arguments():
    vertices, triangles, _, matrices = _scene()
    covered = [rasterization_backend.rasterize(vertices, triangles[:, order], matrices, (30, 20))
               .foreground_mask.numpy() for order in ([0, 1, 2], [0, 2, 1])]
    both = rasterization_backend.rasterize(vertices, triangles, matrices, (30, 20),
                                           enable_cull_face=False).foreground_mask.numpy()
    assert covered[0].shape == (2, 1, 20, 30, 1)
    assert covered[0].sum() != covered[1].sum()
    np.testing.assert_array_equal(np.maximum(*covered), both)
    with pytest.raises(ValueError, match='num_layers: expected 1, got 2'):
        rasterization_backend.rasterize(vertices, triangles, matrices, (30, 20), num_layers=2)
    with pytest.raises(KeyError, match='Backend is not supported'):
        rasterization_backend.rasterize(vertices, triangles, matrices, (30, 20), backend='Foobar')
    with pytest.raises(ValueError, match=r'view_projection_matrices: expected shape \[2, 4, 4\]'):
        rasterization_backend.rasterize(vertices, triangles, matrices[:1], (30, 20))
