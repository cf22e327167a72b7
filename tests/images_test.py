"""Contact sheets and atomic PNG files."""

import os

import numpy as np
import pytest
from PIL import Image

from tfdisco import images


def test_to_uint8():
    np.testing.assert_array_equal(images.to_uint8([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]),
                                  [0, 0, 128, 191, 255, 255])


def test_box_downsample():
    image = np.arange(2 * 4 * 6 * 3.0).reshape(2, 4, 6, 3)
    small = images.box_downsample(image, 2)
    assert small.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(small[1, 0, 2], image[1, 0:2, 4:6].mean((0, 1)))
    with pytest.raises(ValueError, match='images: expected sizes divisible by 3, got 4 x 6'):
        images.box_downsample(image, 3)


def test_contact_sheet_places_every_tile():
    tiles = [np.full((20, 30, 3), value, np.uint8) for value in (10, 60, 110, 160, 210)]
    sheet = images.contact_sheet(tiles, 3)
    assert sheet.shape == (2 + 2 * 22, 2 + 3 * 32, 3)
    for index, tile in enumerate(tiles):
        y, x = 2 + index // 3 * 22, 2 + index % 3 * 32
        np.testing.assert_array_equal(sheet[y:y + 20, x:x + 30], tile)
    labelled = images.contact_sheet(tiles, 3, list('abcde'), 'title')
    assert labelled.shape[0] > sheet.shape[0] and (labelled < 100).sum() > (sheet < 100).sum()


def test_contact_sheet_labels_stay_below_their_tile():
    tile = np.full((40, 80, 3), 200, np.uint8)
    sheet = images.contact_sheet([tile, tile], 2, ['a very long label that does not fit', 'b'])
    np.testing.assert_array_equal(sheet[2:42, 2:82], tile)


@pytest.mark.parametrize('arguments, message', [
    (([], 3), 'tiles: expected at least one picture, got none'),
    (([np.zeros((4, 4, 3), np.uint8)], 0), 'columns: expected a positive integer, got 0'),
    (([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], 2),
     r'tiles: expected shape \[4, 4, 3\], got \[4, 5, 3\]'),
    (([np.zeros((4, 4, 3), np.uint8)], 1, ['a', 'b']), 'labels: expected 1, one a picture, got 2'),
])
def test_contact_sheet_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        images.contact_sheet(*arguments)


def test_numbered_dots():
    ground = np.full((60, 60, 3), 255, np.uint8)
    dotted = images.numbered_dots(ground, [(10.0, 20.0), (40.0, 50.0)])
    assert dotted[20, 10].tolist() == [220, 30, 30] and dotted[50, 40].tolist() == [220, 30, 30]
    assert ground.min() == 255


def test_write_png(tmp_path):
    path = tmp_path / 'new' / 'picture.png'
    image = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    images.write_png(path, image)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), image)
    with pytest.raises(TypeError):
        images.write_png(path, np.zeros((2, 2, 5)))
    np.testing.assert_array_equal(np.asarray(Image.open(path)), image)  # still whole
    assert os.listdir(tmp_path / 'new') == ['picture.png']
