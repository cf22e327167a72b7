"""The renderer against an independent float64 renderer, its gradients, and facts about light."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d import lighting
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer

HEIGHT, WIDTH = 44, 60  # not square


@pytest.fixture(scope='module')
def open_head():
    return MorphableModel.load('open_head')


def compare(of, coefficients, height, width, region, tolerance):
    """Asserts that the renderer and the oracle agree on every face of the batch."""
    face = FaceRenderer(of, height, width, region)(coefficients)
    oracle = toy.Oracle(of.arrays, height, width, region)
    for row, values in enumerate(coefficients):
        parts = of.layout.split(values.astype(np.float64))
        vertices = oracle.vertices(parts)
        np.testing.assert_allclose(face.vertices[row], vertices, atol=2e-5)
        np.testing.assert_allclose(face.landmarks[row], oracle.landmarks(vertices), atol=0.01)
        ids, doubtful = oracle.visible(vertices)
        sure = ~doubtful
        assert sure.mean() > 0.98
        np.testing.assert_array_equal(face.mask[row, ..., 0].numpy()[sure], (ids >= 0)[sure])
        assert 0.1 < (ids >= 0).mean() < 1.0
        image = oracle.image(vertices, oracle.colors(parts, vertices), ids)
        np.testing.assert_allclose(face.image[row].numpy()[sure], image[sure], atol=tolerance)


@pytest.mark.parametrize('region', ['face', 'head'])
def test_toy_matches_float64_oracle(region):
    of = toy.model()
    compare(of, toy.people(of, 3), HEIGHT, WIDTH, region, 1e-3)


@pytest.mark.parametrize('region', ['face', 'head'])
def test_built_in_model_matches_float64_oracle(open_head, region):
    # 1/255 of the range: normals of slivers are sensitive to float32.
    compare(open_head, toy.people(open_head, 1, seed=3) * 0.7, 56, 48, region, 2 / 255)


def test_colors_are_clipped_after_interpolation():
    of = toy.model()
    bright = of.coefficients(1, illumination=lighting.light_from_direction('left', 2.0, 0.5))
    oracle = toy.Oracle(of.arrays, HEIGHT, WIDTH)
    parts = of.layout.split(bright[0].astype(np.float64))
    vertices = oracle.vertices(parts)
    colors = oracle.colors(parts, vertices)
    ids, doubtful = oracle.visible(vertices)
    early = oracle.image(vertices, np.clip(colors, 0, 255), ids)
    late = oracle.image(vertices, colors, ids)
    assert np.abs(early - late)[~doubtful].max() > 0.02  # so the order can be told apart
    image = FaceRenderer(of, HEIGHT, WIDTH)(bright).image[0].numpy()
    np.testing.assert_allclose(image[~doubtful], late[~doubtful], atol=1e-3)
    assert image.max() == 1.0


def test_gradients_match_float64_differences():
    of = toy.model()
    coefficients = toy.people(of, 1, seed=5)
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(HEIGHT, WIDTH, 3))
    landmark_weights = rng.normal(size=(68, 2))
    vertex_weights = rng.normal(size=(of.vertex_count, 3))
    oracle = toy.Oracle(of.arrays, HEIGHT, WIDTH)
    start = coefficients[0].astype(np.float64)
    ids, doubtful = oracle.visible(oracle.vertices(of.layout.split(start)))
    weights[doubtful] = 0

    def objective(values):  # with the triangles of the start: silhouettes carry no gradient
        parts = of.layout.split(values)
        vertices = oracle.vertices(parts)
        image = oracle.image(vertices, oracle.colors(parts, vertices), ids)
        return ((image * weights).sum() + (oracle.landmarks(vertices) * landmark_weights).sum()
                + (vertices * vertex_weights).sum())

    numeric = np.array([(objective(start + step) - objective(start - step)) / 2e-5
                        for step in 1e-5 * np.eye(len(start))])
    render = FaceRenderer(of, HEIGHT, WIDTH)
    variable = tf.constant(coefficients)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        face = render(variable)
        total = (tf.reduce_sum(face.image[0] * weights)
                 + tf.reduce_sum(face.landmarks[0] * landmark_weights)
                 + tf.reduce_sum(face.vertices[0] * vertex_weights))
    gradient = tape.gradient(total, variable)[0].numpy()
    assert (np.abs(gradient) > 0).all()  # reaches every coefficient
    np.testing.assert_allclose(gradient, numeric, rtol=2e-3, atol=2e-3 * np.abs(numeric).max())


def test_no_gradient_where_clipped_and_none_through_the_mask():
    of = toy.model()
    black = of.coefficients(1, illumination=lighting.to_coefficients(
        -0.5 * np.tile(lighting.even(), (3, 1))))
    render = FaceRenderer(of, 24, 24)
    variable = tf.constant(black)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(variable)
        face = render(variable)
        image, mask = tf.reduce_sum(face.image), tf.reduce_sum(face.mask)
    assert face.image.numpy().max() == -1.0 and face.mask.numpy().max() == 1.0
    np.testing.assert_array_equal(tape.gradient(image, variable), 0.0)
    assert tape.gradient(mask, variable) is None


def test_mirrored_coefficients_render_the_mirrored_picture():
    of = toy.model()
    coefficients = toy.people(of, 3, seed=2)
    render = FaceRenderer(of, 48, 64)
    face, mirrored = render(coefficients), render(of.mirror(coefficients))
    difference = np.abs(face.image.numpy()[:, :, ::-1] - mirrored.image.numpy()).max(-1)
    assert (difference > 1e-3).mean() < 2e-3  # centres that lie on an edge
    flipped = face.landmarks.numpy() * [-1, 1] + [64, 0]
    pairs = np.r_[34:68, 0:34]
    np.testing.assert_allclose(mirrored.landmarks.numpy()[:, pairs], flipped, atol=1e-3)
    assert np.abs(face.image.numpy() - mirrored.image.numpy()).mean() > 0.02


def side_means(image):
    """Mean brightness of the left and the right half, of the upper and the lower half."""
    seen = image[..., 0] > -1
    rows, columns = np.nonzero(seen)
    values = image.mean(-1)[seen]
    middle_x, middle_y = np.median(columns), np.median(rows)
    return (values[columns < middle_x].mean(), values[columns > middle_x].mean(),
            values[rows < middle_y].mean(), values[rows > middle_y].mean())


def test_light_falls_on_the_side_it_comes_from(open_head):
    render = FaceRenderer(open_head, 48, 48)
    names = ['left', 'right', 'top', 'bottom']
    lights = [lighting.light_from_direction(name) for name in names]
    images = render(open_head.coefficients(4, illumination=lights)).image.numpy()
    left, right, top, bottom = (side_means(image) for image in images)
    assert left[0] > left[1] + 0.2 and right[1] > right[0] + 0.2
    assert top[2] > top[3] + 0.05 and bottom[3] > bottom[2] + 0.05
    # The subject's left is the right of the image.
    subject_left = lighting.light_from_direction((1, 0, 0))
    image = render(open_head.coefficients(1, illumination=subject_left)).image[0].numpy()
    assert side_means(image)[1] > side_means(image)[0] + 0.2


def test_pose_turns_the_way_the_docstring_says(open_head):
    render = FaceRenderer(open_head, 64, 64)
    poses = np.concatenate([np.zeros((1, 3)), 0.3 * np.eye(3)])
    points = render(open_head.coefficients(4, pose=poses)).landmarks.numpy()
    ears = points[:, [0, 16]].mean(1)
    rest, pitch, yaw, roll = points[:, 30] - ears  # the nose, wherever the model's origin is
    assert pitch[1] > rest[1] + 5  # down
    assert yaw[0] > rest[0] + 5  # image right
    assert roll[0] > rest[0] + 1  # counter-clockwise: the nose, below the ears, swings right
    assert np.abs(rest[0]) < 0.5


def test_face_region_is_not_hidden_by_the_rest_of_the_head(open_head):
    # From behind, the skull would cover the face.
    behind = open_head.coefficients(1, pose=[0.0, np.pi, 0.0])
    face = FaceRenderer(open_head, 32, 32, 'face')(behind)
    head = FaceRenderer(open_head, 32, 32, 'head')(behind)
    assert face.mask.numpy().mean() > 0.2
    assert head.mask.numpy().mean() > face.mask.numpy().mean()
    np.testing.assert_array_equal(face.image.numpy()[face.mask.numpy()[..., 0] == 0], -1.0)


def test_framing_does_not_depend_on_resolution():
    of = toy.model()
    coefficients = toy.people(of, 1)
    small = FaceRenderer(of, 40, 40)(coefficients).landmarks.numpy()
    large = FaceRenderer(of, 120, 120)(coefficients).landmarks.numpy()
    np.testing.assert_allclose(large, 3 * small, rtol=1e-5)
    tall = FaceRenderer(of, 60, 40)(coefficients).landmarks.numpy()
    np.testing.assert_allclose(tall, small + [0, 10], rtol=1e-5)


def test_translation_moves_the_head():
    of = toy.model()
    render = FaceRenderer(of, 40, 40)
    coefficients = toy.people(of, 2)
    moved = render(coefficients, np.array([[0.2, -0.1, 0.0], [0.0, 0.0, -5.0]]))
    rest = render(coefficients)
    np.testing.assert_allclose(moved.vertices[0], rest.vertices[0] + [0.2, -0.1, 0.0], atol=1e-6)
    assert moved.mask[1].numpy().sum() < 0.6 * rest.mask[1].numpy().sum()


def test_reference_equals_native_or_itself():
    of = toy.model()
    coefficients = toy.people(of, 2)
    reference = FaceRenderer(of, 32, 40, impl='reference')(coefficients)
    auto = FaceRenderer(of, 32, 40)(coefficients)
    difference = np.abs(reference.image.numpy() - auto.image.numpy()).max(-1)
    assert (difference > 1e-4).mean() < 2e-3


def test_empty_batch_and_empty_bases():
    of = toy.model()
    face = FaceRenderer(of, 8, 12)(np.zeros((0, of.layout.size), np.float32))
    assert [tuple(field.shape) for field in face] == [
        (0, 8, 12, 3), (0, 8, 12, 1), (0, 68, 2), (0, of.vertex_count, 3)]
    bare = MorphableModel(toy.arrays(0, 0, 0))
    assert bare.layout.size == 30
    compare(bare, toy.people(bare, 2), HEIGHT, WIDTH, 'face', 1e-3)
    np.testing.assert_array_equal(bare.mirror_signs()[:3], [1, -1, -1])


def test_tf_function_with_unknown_batch_size():
    of = toy.model()
    render = FaceRenderer(of, 16, 20)

    @tf.function(input_signature=[tf.TensorSpec([None, of.layout.size])])
    def graph(coefficients):
        with tf.GradientTape() as tape:
            tape.watch(coefficients)
            face = render(coefficients)
            total = tf.reduce_sum(face.image) + tf.reduce_sum(face.landmarks)
        assert face.image.shape.as_list() == [None, 16, 20, 3]
        assert face.landmarks.shape.as_list() == [None, 68, 2]
        assert face.vertices.shape.as_list() == [None, of.vertex_count, 3]
        return face, tape.gradient(total, coefficients)

    for count in (1, 3, 0):
        coefficients = toy.people(of, count)
        face, gradient = graph(coefficients)
        assert gradient.shape == coefficients.shape
        for inside, outside in zip(face, render(coefficients)):
            np.testing.assert_allclose(inside, outside, atol=2e-5)


@pytest.mark.parametrize('arguments, message', [
    (dict(height=0), 'height: expected a positive integer, got 0'),
    (dict(width=2.5), 'width: expected a positive integer, got 2.5'),
    (dict(region='nose'), r"region: expected one of \['face', 'head'\], got 'nose'"),
])
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        FaceRenderer(toy.model(), **{**dict(height=8, width=8), **arguments})


def test_wrong_shapes():
    of = toy.model()
    render = FaceRenderer(of, 8, 8)
    with pytest.raises(ValueError, match=r'coefficients: expected shape \[B, 39\], got \[2, 38\]'):
        render(np.zeros((2, 38), np.float32))
    with pytest.raises(ValueError, match=r'coefficients: expected shape \[B, 39\], got \[39\]'):
        render(np.zeros(39, np.float32))
    with pytest.raises(ValueError, match=r'translation: expected shape \[2, 3\], got \[1, 3\]'):
        render(np.zeros((2, 39), np.float32), np.zeros((1, 3)))


REPLICAS = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.face3d import toy
from tfdisco.face3d.renderer import FaceRenderer

strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])
of = toy.model()
coefficients = toy.people(of, 4)
render = FaceRenderer(of, 20, 20)
with strategy.scope():
    inside = FaceRenderer(of, 20, 20)  # made in the scope or outside, both must work

@tf.function
def step(batch):
    def replica(batch):
        with tf.GradientTape() as tape:
            tape.watch(batch)
            total = tf.reduce_sum(render(batch).image) + tf.reduce_sum(inside(batch).landmarks)
        return tape.gradient(total, batch)
    return strategy.run(replica, args=(batch,))

halves = iter([coefficients[:2], coefficients[2:]])
batch = strategy.experimental_distribute_values_from_function(
    lambda _: tf.constant(next(halves)))
result = tf.concat(strategy.experimental_local_results(step(batch)), 0)
variable = tf.constant(coefficients)
with tf.GradientTape() as tape:
    tape.watch(variable)
    total = tf.reduce_sum(render(variable).image) + tf.reduce_sum(render(variable).landmarks)
expected = tape.gradient(total, variable)
np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
"""


def test_two_replicas():
    # A process of its own: devices are set up before TensorFlow starts.
    done = subprocess.run([sys.executable, '-c', REPLICAS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
