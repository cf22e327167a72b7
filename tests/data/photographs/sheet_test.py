"""What the contact sheet shows."""

import numpy as np

from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.data.photographs import sheet
from tfdisco.data.records import face_record
from tfdisco.face3d.renderer import FaceRenderer

TILE = sheet.TILE


def test_the_four_pictures_of_a_face():
    photo = np.full((100, 200, 3), 40, np.uint8)
    # The aligned square is 40 pixels wide and lies at (100, 30) of the photograph.
    transform = np.array([[1.6, 0, -160.0], [0, 1.6, -48.0]], np.float32)
    aligned = np.full((64, 64, 3), 120, np.uint8)
    model = toy.model()
    coefficients = toy.people(model, 1)[0]
    landmarks = np.full((68, 2), 32.0, np.float32)
    record = face_record.FaceRecord(aligned, coefficients, landmarks, np.zeros((64, 64), np.uint8),
                                None, 0, np.zeros(3, np.float32), 'a.png', transform, 0.0)
    renderer = FaceRenderer(model, 2 * TILE, 2 * TILE, 'face')
    before, after, over, alone = sheet.face_tiles(record, photo, renderer)
    for tile in (before, after, over, alone):
        assert tile.shape == (TILE, TILE, 3) and tile.dtype == np.uint8
    # The photograph lies in the middle, with the square and the landmarks where they are.
    scale, top = TILE / 200, (TILE - TILE // 2) // 2
    assert (before[:top - 1] == sheet.GROUND).all() and (before[top + 2] == 40).all()
    x, y = alignment.apply(alignment.invert(transform), np.array([32.0, 32.0])) * scale + [0, top]
    assert before[int(y), int(x)].tolist() == list(sheet.DOT)
    left = int(100 * scale)
    assert (before[int(top + 50 * scale), left - 1:left + 2] == sheet.LINE).all(-1).any()
    assert (after == 120).all()
    mask = renderer(coefficients[np.newaxis]).mask.numpy()[0].reshape(TILE, 2, TILE, 2).mean((1, 3))
    drawn = alone[mask == 1].astype(float)
    assert (mask == 1).any() and (alone[mask == 0] == sheet.GROUND).all()
    assert (over[mask == 0] == 120).all()
    np.testing.assert_allclose(over[mask == 1], 0.25 * 120 + 0.75 * drawn, atol=1.0)
