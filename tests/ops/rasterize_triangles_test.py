"""rasterize_triangles: both implementations against NumPy, rules, gradients, bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.ops import oracles
from tests.ops.implementations import IMPLS
from tfdisco.ops.rasterize_triangles import Raster, rasterize_triangles

pytestmark = pytest.mark.parametrize('impl', IMPLS)


def _random_scene(seed, behind=0.0):
    """Random triangles; `behind` is the share of vertices behind the camera."""
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(2, 24, 4)).astype(np.float32)
    sign = np.where(rng.uniform(size=(2, 24)) < behind, -1, 1)
    vertices[..., 3] = sign * (np.abs(vertices[..., 3]) + 0.3)
    return vertices, rng.integers(0, 24, (30, 3)).astype(np.int32)


@pytest.mark.parametrize('cull', ['none', 'back', 'front'])
@pytest.mark.parametrize('behind', [0.0, 0.35])
def test_equals_brute_force(impl, cull, behind):
    vertices, triangles = _random_scene(1, behind)
    raster = rasterize_triangles(vertices, triangles, 31, 45, cull, impl)
    decided, drawn = 0, 0
    for image in range(2):
        ids, barycentrics, depth, margin = oracles.rasterize(vertices[image], triangles, 31, 45,
                                                             cull)
        clear = margin > 1e-5  # float64 rounding decides the others
        np.testing.assert_array_equal(raster.triangle_ids[image].numpy()[clear], ids[clear])
        np.testing.assert_allclose(raster.barycentrics[image].numpy()[clear],
                                   barycentrics[clear], atol=1e-5)
        np.testing.assert_allclose(raster.depth[image].numpy()[clear], depth[clear], atol=1e-5)
        decided += clear.mean() / 2
        drawn += (ids >= 0).mean() / 2
    assert decided > 0.95 and drawn > 0.15


def test_adjacent_triangles_leave_no_gap_and_no_double_hit(impl):
    # A jittered grid that fills the picture; the corners also lie exactly on
    # pixel centres, where only the fill rule decides.
    rng = np.random.default_rng(0)
    steps, size = 9, 32
    for jitter in (0.0, 0.3):
        grid = np.stack(np.meshgrid(np.arange(steps), np.arange(steps)), -1).astype(float)
        inner = (grid > 0).all(-1) & (grid < steps - 1).all(-1)
        grid += jitter * rng.uniform(-1, 1, grid.shape) * inner[..., None]
        pixels = np.where(grid == 0, 0, np.minimum(grid * 4 + 0.5, size)).reshape(-1, 2)
        w = rng.uniform(0.5, 2, (len(pixels), 1))
        clip = np.concatenate([(pixels / size * 2 - 1) * [1, -1] * w, 0 * w, w], 1)
        clip = clip.astype(np.float32)
        index = np.arange(steps * steps).reshape(steps, steps)
        a, b, c, d = (index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(),
                      index[1:, :-1].ravel())
        triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, d, c], 1)])
        alone = rasterize_triangles(clip[triangles], [[0, 1, 2]], size, size,
                                    impl=impl).triangle_ids.numpy() >= 0  # an image each
        np.testing.assert_array_equal(alone.sum(axis=0), np.ones((size, size)))
        together = rasterize_triangles(clip[None], triangles, size, size,
                                       impl=impl).triangle_ids[0].numpy()
        np.testing.assert_array_equal(together, alone.argmax(axis=0))


def test_a_centre_on_an_edge_goes_to_the_left_or_top_edge(impl):
    def covered(corners):  # in pixels of a 4 x 4 picture
        clip = np.array([[x / 2 - 1, 1 - y / 2, 0, 1] for x, y in corners], np.float32)
        return rasterize_triangles(clip[None], [[0, 1, 2]], 4, 4,
                                   impl=impl).triangle_ids[0].numpy() >= 0
    left_and_top = covered([(0.5, 0.5), (3.5, 0.5), (0.5, 3.5)])
    right_and_bottom = covered([(3.5, 0.5), (3.5, 3.5), (0.5, 3.5)])
    np.testing.assert_array_equal(left_and_top, np.array(
        [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool))
    np.testing.assert_array_equal(right_and_bottom, np.array(
        [[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], bool))


def test_ties_go_to_the_lower_id(impl):
    corners = np.array([[-1, -1, 0.25, 1], [1, -1, 0.5, 1], [0, 1, -0.5, 1]] * 2, np.float32)
    triangles = [[3, 4, 5], [0, 1, 2], [3, 4, 5]]
    ids = rasterize_triangles(corners[None], triangles, 16, 16, impl=impl).triangle_ids.numpy()
    assert set(np.unique(ids)) == {-1, 0}


def test_near_plane_cuts(impl):
    # A floor that runs from in front of the camera to far behind it.
    clip = np.array([[-1, -.6, 0, 1], [1, -.6, 0, 1], [0, -.6, -6, -2]], np.float32)
    raster = rasterize_triangles(clip[None], [[0, 1, 2]], 40, 40, impl=impl)
    drawn = raster.triangle_ids[0].numpy() >= 0
    depth = raster.depth[0].numpy()
    assert drawn.any() and not drawn.all()
    assert (depth[drawn] >= -1).all() and (depth[~drawn] == 1).all()
    ids = oracles.rasterize(clip, [[0, 1, 2]], 40, 40)[0]
    np.testing.assert_array_equal(drawn, ids >= 0)


@pytest.mark.parametrize('what', ['barycentrics', 'depth'])
@pytest.mark.parametrize('behind', [0.0, 0.5])
def test_gradient_equals_numeric_gradient(impl, what, behind):
    rng = np.random.default_rng(3)
    clip = rng.normal(size=(5, 4)) * [1, 1, 0.3, 1]
    clip[:, 3] = 1 + rng.uniform(size=5)
    if behind:
        clip[0, 3] *= -behind
    clip = clip.astype(np.float32)
    triangles = np.array([[0, 1, 2], [2, 3, 4]], np.int32)
    weights = rng.normal(size=(9, 11, 3) if what == 'barycentrics' else (9, 11))
    reference = oracles.rasterize(clip, triangles, 9, 11)
    ids = reference[0]

    def objective(vertices):
        # The covering triangle stays what it was: its own plane, not the nearest one.
        total = 0.0
        for index, corners in enumerate(triangles):
            only = ids == index
            matrix = vertices[corners][:, [0, 1, 3]].T
            x, y = np.meshgrid((np.arange(11) + 0.5) / 11 * 2 - 1, 1 - (np.arange(9) + 0.5) / 9 * 2)
            rays = np.stack([x, y, np.ones_like(x)], -1)[only]
            b = np.linalg.solve(matrix, rays.T).T
            b /= b.sum(1, keepdims=True)
            value = b if what == 'barycentrics' else (b @ vertices[corners, 2]
                                                      / (b @ vertices[corners, 3]))
            total += (value * weights[only]).sum()
        return total

    variable = tf.constant(clip[None])
    with tf.GradientTape() as tape:
        tape.watch(variable)
        raster = rasterize_triangles(variable, triangles, 9, 11, impl=impl)
        loss = tf.reduce_sum(getattr(raster, what)[0] * weights.astype(np.float32))
    assert (raster.triangle_ids[0].numpy() == ids).all() and (ids >= 0).sum() > 10
    expected = oracles.numeric_gradient(objective, clip)
    np.testing.assert_allclose(tape.gradient(loss, variable)[0], expected,
                               atol=2e-5 * np.abs(expected).max())


def test_same_result_on_every_run_and_however_the_batch_is_cut(impl):
    vertices, triangles = _random_scene(5, 0.2)
    batch = np.tile(vertices, (5, 1, 1))
    def run(v):
        with tf.GradientTape() as tape:
            v = tf.constant(v)
            tape.watch(v)
            raster = rasterize_triangles(v, triangles, 70, 66, impl=impl)
            loss = tf.reduce_sum(raster.barycentrics * [1., 2., -1.]) + tf.reduce_sum(raster.depth)
        return [x.numpy() for x in raster] + [tape.gradient(loss, v).numpy()]
    first, second = run(batch), run(batch)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(first[:3], run(vertices)[:3]):  # other bands, other tasks
        np.testing.assert_array_equal(a[:2], b)


def test_degenerate_input_has_a_defined_result(impl):
    def drawn(clip, triangles=((0, 1, 2),), size=(6, 7)):
        raster = rasterize_triangles(np.asarray(clip, np.float32), np.asarray(triangles, np.int32)
                                     .reshape(-1, 3), *size, impl=impl)
        assert raster.triangle_ids.shape == (len(clip),) + size
        assert raster.barycentrics.shape == (len(clip),) + size + (3,)
        assert np.isfinite(raster.barycentrics).all() and np.isfinite(raster.depth).all()
        return (raster.triangle_ids.numpy() >= 0).sum()
    whole = [[-3, -3, 0, 1], [3, -3, 0, 1], [0, 5, 0, 1]]
    assert drawn([whole]) > 30
    assert drawn([whole], size=(1, 1)) == 1
    assert drawn(np.zeros((0, 3, 4))) == 0
    assert drawn([whole], triangles=[]) == 0
    assert drawn(np.zeros((2, 0, 4)), triangles=[]) == 0
    for value in (np.nan, np.inf, -np.inf):
        for axis in range(4):
            broken = np.array(whole, float)
            broken[1, axis] = value
            assert drawn([broken]) == 0, (value, axis)
    assert drawn([[[0, 0, 0, 1], [1, 1, 0, 1], [2, 2, 0, 1]]]) == 0  # no area
    assert drawn([whole], triangles=[[0, 0, 1]]) == 0
    assert drawn([[[0, 0, 0, 0]] * 3]) == 0
    assert drawn([np.array(whole) * 1e30]) > 30  # scale does not matter


def test_nan_vertices_do_not_reach_other_gradients(impl):
    clip = np.array([[-1, -1, 0, 1], [1, -1, 0, 1], [0, 1, 0, 1], [np.nan, 0, 0, 1]], np.float32)
    variable = tf.constant(clip[None])
    with tf.GradientTape() as tape:
        tape.watch(variable)
        raster = rasterize_triangles(variable, [[0, 1, 2], [0, 1, 3]], 8, 8, impl=impl)
        loss = tf.reduce_sum(raster.barycentrics[..., 0])
    gradient = tape.gradient(loss, variable).numpy()[0]
    assert np.isfinite(gradient[:3]).all() and np.abs(gradient[:3]).max() > 0


def test_works_in_a_function_of_unknown_batch_and_vertex_count(impl):
    vertices, triangles = _random_scene(2)
    function = tf.function(lambda v: rasterize_triangles(v, triangles, 12, 13, impl=impl),
                           input_signature=[tf.TensorSpec([None, None, 4])])
    eager = rasterize_triangles(vertices, triangles, 12, 13, impl=impl)
    for a, b in zip(function(vertices), eager):
        np.testing.assert_array_equal(a, b)


def test_bad_arguments_are_named(impl):
    good = np.zeros((1, 3, 4), np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    with pytest.raises(ValueError, match=r'clip_vertices: expected shape \[B, V, 4\], got \['):
        rasterize_triangles(good[..., :3], triangles, 4, 4, impl=impl)
    with pytest.raises(ValueError, match=r'triangles: expected shape \[T, 3\], got \[1, 2\]'):
        rasterize_triangles(good, triangles[:, :2], 4, 4, impl=impl)
    with pytest.raises(ValueError, match='height: expected a positive integer, got 0'):
        rasterize_triangles(good, triangles, 0, 4, impl=impl)
    with pytest.raises(ValueError, match='width: expected a positive integer, got -1'):
        rasterize_triangles(good, triangles, 4, -1, impl=impl)
    with pytest.raises(ValueError, match="cull: expected one of .*, got 'both'"):
        rasterize_triangles(good, triangles, 4, 4, 'both', impl=impl)
    with pytest.raises(ValueError, match='impl: expected one of'):
        rasterize_triangles(good, triangles, 4, 4, impl=impl + '?')


@pytest.mark.parametrize('index', [-1, 3])
def test_an_index_out_of_range_is_refused(impl, index):
    with pytest.raises(tf.errors.InvalidArgumentError, match='triangles:'):
        rasterize_triangles(np.zeros((1, 3, 4), np.float32), [[0, 1, index]], 4, 4, impl=impl)


def test_the_result_is_a_named_record(impl):
    raster = rasterize_triangles(np.zeros((1, 3, 4), np.float32), [[0, 1, 2]], 2, 3, impl=impl)
    assert isinstance(raster, Raster)
    assert [x.dtype for x in raster] == [tf.int32, tf.float32, tf.float32]
