"""Flow between rendered faces: warping a source gives the target."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import flow
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.ops.image_warp import image_warp


@pytest.fixture(scope='module')
def scene():
    """A renderer with the vertices of a source and of a target batch."""
    of = MorphableModel.load('open_head')
    smile = of.expression({'jawOpen': 0.4})
    source = of.coefficients(3, pose=[[0, -0.1, 0], [0.1, 0.2, 0], [0, 0, 0.1]])
    target = of.coefficients(3, expression=[0 * smile, smile, smile],
                             pose=[[0.1, 0.2, 0.1], [0.1, 0.2, 0], [0, 0, -0.1]])
    render = FaceRenderer(of, 96, 80)
    return render, render.vertices(source), render.vertices(target)


def test_warped_source_is_the_target(scene):
    render, source, target = scene
    # A smooth texture, so that what differs is not interpolation but place.
    albedo = 127.5 + 100 * np.sin(4 * render.model.arrays['mean_shape'])
    albedo = tf.constant(np.repeat(albedo[None], 3, 0), tf.float32)
    result = flow.surface_flow(render, source, target)
    source_image, _ = render.draw(source, albedo)
    target_image, target_mask = render.draw(target, albedo)
    error = np.abs(image_warp(source_image, result.flow) - target_image).max(-1)
    valid = result.valid.numpy()[..., 0] > 0
    assert (valid <= (target_mask.numpy()[..., 0] > 0)).all()
    assert valid.sum() > 0.85 * target_mask.numpy().sum()
    assert np.percentile(error[valid], 99) < 0.06 and error[valid].mean() < 0.006
    unmoved = np.abs(source_image - target_image).max(-1)[valid]
    assert unmoved.mean() > 10 * error[valid].mean()


def test_flow_equals_the_projection_of_each_surface_point(scene):
    render, source, target = scene
    result = flow.surface_flow(render, source, target)
    raster = render.rasterize(target)
    rng = np.random.default_rng(0)
    for row, y, x in rng.permutation(np.argwhere(raster.triangle_ids.numpy() >= 0))[:200]:
        corners = render.triangles.numpy()[raster.triangle_ids[row, y, x]]
        weights = raster.barycentrics[row, y, x].numpy().astype(np.float64)
        px, py, pz = weights @ source[row].numpy()[corners]
        focal = 1238.3 * 80 / 256
        expected = [40 + focal * px / (10 - pz) - x - 0.5, 48 - focal * py / (10 - pz) - y - 0.5]
        np.testing.assert_allclose(result.flow[row, y, x], expected, atol=1e-3)


def test_no_motion_is_no_flow_and_valid_inside(scene):
    render, source, _ = scene
    result = flow.surface_flow(render, source, source)
    mask = render.mask(render.rasterize(source)).numpy()
    np.testing.assert_allclose(result.flow, 0, atol=1e-3)
    assert result.valid.numpy().sum() > 0.9 * mask.sum()
    assert (result.valid.numpy() <= mask).all()


def test_what_the_source_hides_is_not_valid():
    # The toy folded: a near plate in front of a far one, which the target shows apart.
    arrays = toy.arrays(edge=9)
    of = MorphableModel(arrays)
    render = FaceRenderer(of, 40, 40, 'head')
    x, y = (g.ravel() for g in np.meshgrid(np.linspace(-0.6, 0.6, 9), np.linspace(-0.6, 0.6, 9)))
    apart = np.stack([x, y, 0 * x], -1)
    folded = np.stack([np.where(x > 0, -x, x), y, np.where(x > 0, 1.0, 0.0)], -1)
    result = flow.surface_flow(render, tf.constant(folded[None], tf.float32),
                               tf.constant(apart[None], tf.float32))
    valid = result.valid[0, ..., 0].numpy()
    rows, columns = slice(8, 32), np.arange(40)
    assert valid[rows, (columns > 28) & (columns < 30)].mean() > 0.9  # the near plate
    assert valid[rows, (columns > 11) & (columns < 19)].max() == 0  # behind it


def test_gradient(scene):
    render, source, target = scene
    with tf.GradientTape() as tape:
        tape.watch(source)
        total = tf.reduce_sum(flow.surface_flow(render, source, target).flow[..., 0])
    # Moving the source sideways by d moves every place it is seen by about f d / 10.
    sideways = tf.reduce_sum(tape.gradient(total, source)[..., 0]).numpy()
    mask = render.mask(render.rasterize(target)).numpy()
    depth = 10 - render.interpolate(source[..., 2:], render.rasterize(target)).numpy()
    np.testing.assert_allclose(sideways, (mask * 1238.3 * 80 / 256 / depth).sum(), rtol=1e-3)


def test_empty_batch_and_wrong_shapes():
    of = toy.model()
    render = FaceRenderer(of, 8, 8)
    none = tf.zeros([0, of.vertex_count, 3])
    result = flow.surface_flow(render, none, none)
    assert result.flow.shape == (0, 8, 8, 2) and result.valid.shape == (0, 8, 8, 1)
    with pytest.raises(ValueError, match=r'target_vertices: expected shape \[0, 169, 3\], got '
                                         r'\[1, 169, 3\]'):
        flow.surface_flow(render, none, tf.zeros([1, of.vertex_count, 3]))
    with pytest.raises(ValueError, match=r'source_vertices: expected shape \[B, 169, 3\], got '
                                         r'\[0, 3\]'):
        flow.surface_flow(render, tf.zeros([0, 3]), none)
