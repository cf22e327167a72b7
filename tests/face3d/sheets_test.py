"""Every sheet comes out, with as many pictures as it promises."""

import numpy as np
import pytest
from PIL import Image

from tests.face3d import toy
from tfdisco.face3d import sheets
from tfdisco.face3d.morphable_model import MorphableModel


@pytest.fixture(scope='module')
def studio():
    return sheets.Studio(toy.model(), size=32, seed=1)


@pytest.mark.parametrize('name', sorted(sheets.SHEETS))
def test_sheet(studio, name):
    sheet = sheets.SHEETS[name](studio)
    assert sheet.dtype == np.uint8 and sheet.ndim == 3
    assert sheet.std() > 5
    np.testing.assert_array_equal(sheet, sheets.SHEETS[name](studio))  # the seed decides


def test_tiles_are_antialiased_on_a_neutral_ground(studio):
    tile, = studio.tiles(studio.coefficients(1), 'face')
    assert tile.shape == (32, 32, 3)
    np.testing.assert_array_equal(tile[0, 0], 217)
    ground = (tile == 217).all(-1)
    assert 0.2 < ground.mean() < 0.9


def test_sheets_of_a_model_without_modes():
    studio = sheets.Studio(MorphableModel(toy.arrays(0, 0, 0)), size=16)
    for name in ('identity', 'expression', 'random'):
        assert sheets.SHEETS[name](studio).std() > 5


def test_write_sheets(studio, tmp_path):
    paths = list(sheets.write_sheets(studio, tmp_path / 'out', ['pose', 'mean']))
    assert [str(path) for path in paths] == [str(tmp_path / 'out' / 'pose.png'),
                                             str(tmp_path / 'out' / 'mean.png')]
    assert Image.open(paths[0]).size == (2 + 7 * 34, Image.open(paths[0]).size[1])
    with pytest.raises(ValueError, match="names: expected one of .*, got 'hair'"):
        list(sheets.write_sheets(studio, tmp_path, ['hair']))


def test_wrong_size():
    with pytest.raises(ValueError, match='size: expected a positive integer, got 0'):
        sheets.Studio(toy.model(), size=0)
