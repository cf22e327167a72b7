"""Resizing: box filter, interpolation, crops and pixel centres, and the gradient."""

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import images
from tfdisco.perception import resize


def pictures(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).normal(size=(2, height, width, channels)).astype(np.float32)


def line(values, start, stop, count):
    """The definition, pixel by pixel, of a row [N]: the mean under a window."""
    step = (stop - start) / count
    half = max(step, 1) / 2
    result = []
    for index in range(count):
        centre = start + (index + 0.5) * step
        fine = centre - half + 2 * half * (np.arange(20000) + 0.5) / 20000
        result.append(values[np.clip(np.floor(fine).astype(int), 0, len(values) - 1)].mean())
    return np.array(result)


@pytest.mark.parametrize('start, stop, count', [
    (0, 11, 4), (0, 11, 11), (0, 11, 23), (1.3, 8.4, 3), (1.3, 8.4, 9), (-3, 15, 5),
    (-3, 15, 40)])
def test_windows(start, stop, count):
    values = np.random.default_rng(0).normal(size=11)
    for axis in (0, 1):
        shape = [1, 1, 1, 1]
        shape[1 + axis] = 11
        boxes = [(start, 0, stop, 1), (0, start, 1, stop)]
        sizes = [(count, 1), (1, count)]
        got = resize.resample(values.reshape(shape).astype(np.float32), boxes[axis], *sizes[axis])
        np.testing.assert_allclose(np.ravel(got), line(values, start, stop, count), atol=2e-3)


def test_whole_factors_are_the_box_filter_and_the_same_size_is_exact():
    values = pictures(48, 64)
    np.testing.assert_allclose(resize.resample(values, (0, 0, 48, 64), 16, 32),
                               values.reshape(2, 16, 3, 32, 2, 3).mean((2, 4)), atol=1e-6)
    np.testing.assert_allclose(resize.to_square(values[:, :, :48], 16),
                               images.box_downsample(values[:, :, :48], 3), atol=1e-6)
    np.testing.assert_array_equal(resize.resample(values, (0, 0, 48, 64), 48, 64), values)


def test_enlarging_is_bilinear():
    values = pictures(7, 10)
    np.testing.assert_allclose(resize.resample(values, (0, 0, 7, 10), 21, 25),
                               tf.image.resize(values, [21, 25]), atol=1e-5)


def ramp(height, width):
    """Pictures of x and y at pixel centres, y from the middle."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5 - height / 2)
    return np.stack([x, y], axis=-1)[np.newaxis].astype(np.float32)


def precision(step):
    """What windows cut through pixels may lose, pixels; nothing where they do not."""
    return 1e-4 + (0 if step <= 1 or step == round(step) else 0.125 / step)


@pytest.mark.parametrize('height, width, side', [
    (64, 64, 40), (64, 64, 32), (200, 100, 40), (100, 128, 200), (130, 97, 40)])
@pytest.mark.parametrize('share', [1.0, 0.75])
def test_squares_keep_places(height, width, side, share):
    square = np.asarray(resize.to_square(ramp(height, width), side, share))[0]
    step = share * width / side
    place = width * share * ((np.arange(side) + 0.5) / side - 0.5)  # from the middle
    inside = np.abs(place) < width / 2 - step / 2 - 0.5
    off = square[5, inside, 0] - width / 2 - place[inside]
    np.testing.assert_allclose(off, 0, atol=precision(step))
    assert abs(off.mean()) < 5e-3  # no shift of the whole
    inside = np.abs(place) < min(width, height) / 2 - step / 2 - 0.5
    np.testing.assert_allclose(square[inside, 5, 1], place[inside], atol=precision(step))
    if height < share * width:  # rows beyond the picture repeat its edge
        np.testing.assert_allclose(square[[0, -1], 0, 1], [0.5 - height / 2, height / 2 - 0.5])


@pytest.mark.parametrize('height, width', [(96, 96), (24, 24), (50, 40), (40, 120), (120, 160)])
def test_maps_come_back_to_their_places(height, width):
    side = 48
    scale = width / side
    back = np.asarray(resize.from_square(ramp(side, side) * scale, height, width))[0]
    assert back.shape == (height, width, 2)
    x, y = np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2
    for got, place in ((back[height // 2, :, 0] - width / 2, x), (back[:, width // 2, 1], y)):
        inside = np.abs(place) < width / 2 - scale
        np.testing.assert_allclose(got[inside], place[inside],
                                   atol=scale * precision(1 / scale))


def test_gradient_is_the_transposed_map():
    values = tf.constant(pictures(13, 17))
    upstream = tf.constant(pictures(9, 9, seed=1))
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = resize.to_square(values, 9, 0.8)
    gradient = tape.gradient(result, values, upstream)
    other = pictures(13, 17, seed=2)
    np.testing.assert_allclose(np.sum(gradient * other),
                               np.sum(resize.to_square(other, 9, 0.8) * upstream), rtol=1e-4)


def test_sizes_that_only_the_graph_knows():
    graph = tf.function(lambda values: resize.from_square(
        resize.to_square(values, 20), *resize.size(values)),
        input_signature=[tf.TensorSpec([None, None, None, 3])])
    for height, width in ((32, 40), (41, 33)):
        values = pictures(height, width)
        np.testing.assert_allclose(
            graph(values), resize.from_square(resize.to_square(values, 20), height, width),
            atol=1e-5)


def test_shapes_are_checked_and_known():
    with pytest.raises(ValueError, match='values: expected shape'):
        resize.to_square(np.zeros((4, 4, 3), np.float32), 8)
    graph = tf.function(lambda values: resize.to_square(values, 20))
    shape = graph.get_concrete_function(tf.TensorSpec([None, 64, 64, 3])).output_shapes
    assert shape.as_list() == [None, 20, 20, 3]
