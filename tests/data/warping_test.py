"""Aligned pictures and back: exact places, no aliasing, filled borders, soft paste."""

import numpy as np
import pytest
from PIL import Image

from tfdisco.data import alignment, warping


def turned(scale, degrees, centre, size):
    """The transform that brings `centre` of the photograph to the picture's centre."""
    angle = np.deg2rad(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([matrix, size / 2 - matrix @ np.asarray(centre, np.float64)])


def smooth(height, width, period=60.0):
    """A photograph without detail, uint8, and its values at any (x, y)."""
    def at(points):
        x, y = np.moveaxis(np.asarray(points), -1, 0)
        return 127.5 + 100 * np.stack([np.sin(x / period), np.cos(y / period),
                                       np.sin((x + y) / period)], -1)
    y, x = np.mgrid[:height, :width] + 0.5
    return np.rint(at(np.stack([x, y], -1))).astype(np.uint8), at


def blob(height, width, centre, deviation):
    """A white spot on black, its middle at `centre` pixels."""
    y, x = np.mgrid[:height, :width] + 0.5
    spot = np.exp(-((x - centre[0])**2 + (y - centre[1])**2) / (2 * deviation**2))
    return np.repeat(np.rint(255 * spot).astype(np.uint8)[..., np.newaxis], 3, axis=-1)


def middle(image):
    """The centre of mass (x, y) of a picture, pixels."""
    weight = image[..., 0].astype(np.float64)
    y, x = np.mgrid[:image.shape[0], :image.shape[1]] + 0.5
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


def test_the_identity_changes_nothing():
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    warped = warping.warp(photo, np.eye(2, 3), 64)
    np.testing.assert_array_equal(warped.image, photo)
    assert warped.border == 0.0


def test_a_shift_by_whole_pixels_is_a_crop():
    photo = np.random.default_rng(0).integers(0, 256, (90, 80, 3), np.uint8)
    warped = warping.warp(photo, np.array([[1, 0, -7.0], [0, 1, -11.0]]), 64)
    np.testing.assert_array_equal(warped.image, photo[11:75, 7:71])


@pytest.mark.parametrize('scale, degrees', [(1.0, 30.0), (2.5, -20.0), (0.7, 100.0), (0.24, 15.0),
                                            (0.06, -8.0)])
def test_values_are_those_of_the_photograph_there(scale, degrees):
    photo, at = smooth(1200, 1100, 60.0 / scale)
    transform = turned(scale, degrees, (540.3, 610.8), 48)
    warped = warping.warp(photo, transform, 48)
    back = alignment.invert(transform)
    y, x = np.mgrid[:48, :48] + 0.5
    apart = warped.image - at(alignment.apply(back, np.stack([x, y], -1)))
    assert np.abs(apart).max() < 2.0 and np.abs(apart.mean()) < 0.05


@pytest.mark.parametrize('scale', [0.11, 0.5, 1.3])
def test_a_spot_lands_within_a_tenth_of_a_pixel(scale):
    photo = blob(900, 1000, (431.7, 502.2), 3.0 / scale)
    transform = turned(scale, 20.0, (440.0, 490.0), 64)
    warped = warping.warp(photo, transform, 64)
    np.testing.assert_allclose(middle(warped.image),
                               alignment.apply(transform, np.array([431.7, 502.2])), atol=0.1)


@pytest.mark.parametrize('factor', [1.7, 3.0, 7.3])
def test_fine_detail_of_a_large_photograph_becomes_its_mean(factor):
    photo = np.zeros((600, 600, 3), np.uint8)
    photo[np.indices((600, 600)).sum(axis=0) % 2 == 0] = 255  # a checkerboard of pixels
    warped = warping.warp(photo, turned(1 / factor, 12.0, (300, 300), 48), 48)
    assert np.abs(warped.image.astype(int) - 127.5).max() < 6


def test_the_border_is_counted_and_filled():
    photo, _ = smooth(100, 100)
    warped = warping.warp(photo, np.array([[1, 0, 16.0], [0, 1, 0.0]]), 64)
    assert warped.border == pytest.approx(16 / 64)
    np.testing.assert_array_equal(warped.image[:, 16:], photo[:64, :48])
    # Just outside the photograph goes on mirrored, far outside it has no detail.
    np.testing.assert_allclose(warped.image[:, 15], photo[:64, 0], atol=6)
    rough = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    filled = warping.warp(rough, np.array([[1, 0, 32.0], [0, 1, 0.0]]), 64).image
    near, far = (filled[:, part].astype(float).std() for part in (slice(31, 32), slice(0, 8)))
    assert near > 50 and far < 12
    np.testing.assert_array_equal(filled[:, 32:], rough[:64, :32])


def test_a_mirrored_border_repeats_the_photograph():
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    moved = warping.resample(photo, np.array([[1, 0, 10.0], [0, 1, 5.0]]), 64, 64)
    np.testing.assert_array_equal(moved[5:, :10], photo[:59, 9::-1])
    np.testing.assert_array_equal(moved[:5, 10:], photo[4::-1, :54])


def test_a_border_wider_than_the_photograph():
    photo = np.full((20, 20, 3), 77, np.uint8)
    warped = warping.warp(photo, np.array([[1, 0, 40.0], [0, 1, 40.0]]), 100)
    assert warped.border == pytest.approx(1 - 0.04)
    assert (warped.image == 77).all()


def test_half_a_pixel_inside_is_inside():
    photo = np.zeros((10, 10, 3), np.uint8)
    assert warping.warp(photo, np.array([[1, 0, 0.49], [0, 1, 0.0]]), 10).border == 0.0
    assert warping.warp(photo, np.array([[1, 0, 0.51], [0, 1, 0.0]]), 10).border == 0.1


@pytest.mark.parametrize('scale', [0.3, 1.0, 2.2])
def test_paste_puts_an_untouched_face_back_where_it_was(scale):
    photo, _ = smooth(400, 500)
    transform = turned(scale, -25.0, (220, 180), 96)
    face = warping.warp(photo, transform, 96).image
    back = warping.paste(photo, face, transform)
    np.testing.assert_allclose(back.astype(int), photo.astype(int), atol=3)


@pytest.mark.parametrize('scale', [0.4, 1.0, 2.5])
def test_paste_puts_an_edit_within_half_a_pixel(scale):
    photo = np.zeros((400, 500, 3), np.uint8)
    transform = turned(scale, 33.0, (231.3, 187.9), 96)
    back = warping.paste(photo, blob(96, 96, (40.0, 52.0), 4.0), transform)
    expected = alignment.apply(alignment.invert(transform), np.array([40.0, 52.0]))
    np.testing.assert_allclose(middle(back), expected, atol=0.1)
    size = back[..., 0].max() / 255
    assert size > 0.95


def test_paste_is_soft_at_the_border_and_nothing_beyond():
    photo = np.full((200, 220, 3), 50, np.uint8)
    face = np.full((100, 100, 3), 250, np.uint8)
    transform = np.array([[1, 0, -60.0], [0, 1, -40.0]])
    back = warping.paste(photo, face, transform, softness=0.2)
    outside = np.ones((200, 220), bool)
    outside[40:140, 60:160] = False
    assert (back[outside] == 50).all() and (back[60:120, 80:140] == 250).all()
    row = back[90, 60:81, 0].astype(int)
    assert (np.diff(row) >= 0).all() and row[0] < 52 and np.diff(row).max() < 25
    assert row[10] == pytest.approx(150 + 200 * 0.0375, abs=2)  # 0.525 of the way, smoothed
    assert (photo == 50).all()


def test_paste_of_a_face_that_reaches_out_of_the_photograph():
    photo, _ = smooth(120, 90)
    transform = turned(1.0, 10.0, (5, 60), 96)
    back = warping.paste(photo, warping.warp(photo, transform, 96).image, transform)
    np.testing.assert_allclose(back.astype(int), photo.astype(int), atol=3)
    elsewhere = np.array([[1, 0, 500.0], [0, 1, 0.0]])
    np.testing.assert_array_equal(warping.paste(photo, photo[:90], elsewhere), photo)


@pytest.mark.parametrize('call, message', [
    (lambda image: warping.warp(image[..., 0], np.eye(2, 3), 8), r'photo: expected shape'),
    (lambda image: warping.warp(image / 255.0, np.eye(2, 3), 8), 'photo: expected a uint8'),
    (lambda image: warping.warp(image, np.eye(3), 8), r'transform: expected shape \[2, 3\]'),
    (lambda image: warping.warp(image, np.zeros((2, 3)), 8), 'transform: expected an invertible'),
    (lambda image: warping.warp(image, np.eye(2, 3), 0), 'size: expected a positive integer'),
    (lambda image: warping.warp(image, np.array([[1, 0, 99.0], [0, 1, 0]]), 8),
     'transform: expected a face inside the photograph'),
    (lambda image: warping.paste(image, image[:10], np.eye(2, 3)), 'face: expected shape'),
    (lambda image: warping.paste(image, image, np.eye(2, 3), 0.7), 'softness: expected above 0'),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.asarray(Image.new('RGB', (20, 20))))
