"""One photograph: dots at the five points land where faces have them; reasons to skip."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.data.dotted import WHERE, dots, photograph, placed
from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.data.photographs import points as photo_points
from tfdisco.data.photographs import step
from tfdisco.data.photographs.files import Photograph

STANDARD = tuple(map(tuple, alignment.standard_points(toy.model()).tolist()))


def settings(**changes):
    return step.PictureSettings(STANDARD, **changes)


@pytest.mark.parametrize('scale, degrees, size', [(1.0, 0.0, 256), (2.0, 25.0, 256),
                                                  (1.4, -100.0, 128), (0.7, 180.0, 224)])
def test_dots_at_the_five_points_land_on_the_standard_points(scale, degrees, size):
    points = placed(scale, degrees, (400, 350))
    data = photograph(points, radius=9.0 * scale)
    result = step.align_picture(data, points[np.newaxis], settings(size=size))
    (face,) = result.faces
    assert result.note == '' and face.border == 0.0
    np.testing.assert_allclose(dots(face.image), WHERE * size / 256, atol=0.05)
    # The stored transform leads back, too.
    back = alignment.apply(alignment.invert(face.transform), dots(face.image))
    np.testing.assert_allclose(back, points, atol=0.1)
    np.testing.assert_array_equal(face.points, points)


def test_the_largest_face_or_all():
    points = np.stack([placed(scale, 0.0, shift) for scale, shift in (
        (0.5, (150, 150)), (1.2, (500, 400)), (0.8, (200, 500)))])
    data = photograph(points[1])
    (one,) = step.align_picture(data, points, settings()).faces
    np.testing.assert_array_equal(one.points, points[1])
    assert step.align_picture(data, points, settings()).note == 'largest of 3 faces'
    every = step.align_picture(data, points, settings(all_faces=True))
    assert every.note == ''
    np.testing.assert_array_equal([face.points for face in every.faces], points[[1, 2, 0]])


def test_of_all_faces_those_that_can_be_used():
    good, swapped, outside = (placed(1.0, 0.0, shift) for shift in (
        (400, 350), (300, 300), (9000, 0)))
    result = step.align_picture(
        photograph(good), np.stack([outside, swapped[[1, 0, 2, 4, 3]], good]),
        settings(all_faces=True))
    (face,) = result.faces
    np.testing.assert_array_equal(face.points, good)
    assert 'left and right swapped' in result.note
    assert 'expected a face inside the photograph' in result.note


@pytest.mark.parametrize('points, changes, note', [
    (np.zeros((0, 5, 2)), {}, 'no face found'),
    (placed(0.2, 0.0, (400, 350))[np.newaxis], {},
     'small face: its square has 51 pixels, expected 64 or more'),
    (placed(0.9, 0.0, (790, 350))[np.newaxis], {'max_border': 0.3},
     "border: 0.46 of the face's square is outside the photograph, expected at most 0.3"),
])
def test_photographs_that_are_skipped(points, changes, note):
    data = photograph(placed(1.0, 0.0, (400, 350)))
    result = step.align_picture(data, points, settings(**changes))
    assert result.faces == () and result.note == note


def test_a_small_face_and_a_wide_border_are_kept_if_one_wants_them():
    data = photograph(placed(1.0, 0.0, (400, 350)))
    small = step.align_picture(data, placed(0.2, 0.0, (400, 350))[np.newaxis],
                                     settings(min_face=40))
    assert len(small.faces) == 1
    wide = step.align_picture(data, placed(0.9, 0.0, (790, 350))[np.newaxis], settings())
    assert wide.faces[0].border == pytest.approx(0.46, abs=0.01)


def test_a_broken_file_is_a_result_not_an_error():
    for data, note in ((b'', 'empty file'), (b'text', 'not a picture of a known format'),
                       (photograph(WHERE)[:-300], 'broken PNG file')):
        result = step.align_picture(data, WHERE[np.newaxis], settings())
        assert result.faces == () and result.note.startswith(note)


def test_what_was_done_to_a_skipped_picture_is_told(monkeypatch):
    monkeypatch.setattr(photo_points, 'detect', lambda image, confidence: np.zeros((0, 5, 2)))
    file = io.BytesIO()
    frames = [Image.new('RGB', (64, 64), color) for color in ('red', 'blue')]
    frames[0].save(file, 'GIF', save_all=True, append_images=frames[1:])
    result = step.align_picture(file.getvalue(), None, settings())
    assert result.note == 'first of 2 frames; no face found'


def test_detected_points_are_those_of_the_turned_picture(monkeypatch):
    shown = []

    def detect(image, confidence):
        shown.append((image.shape, confidence))
        return placed(1.0, 0.0, (350, 400))[np.newaxis]

    monkeypatch.setattr(photo_points, 'detect', detect)
    image = Image.new('RGB', (800, 700))
    exif = image.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, 'JPEG', exif=exif)
    result = step.align_picture(file.getvalue(), None, settings(min_confidence=0.7))
    assert shown == [((800, 700, 3), 0.7)] and len(result.faces) == 1


def test_a_face_is_cut_again_by_another_transform():
    points = placed(1.0, 10.0, (400, 350))
    data = photograph(points)
    (face,) = step.align_picture(data, points[np.newaxis], settings()).faces
    moved = face.transform + [[0, 0, 10.0], [0, 0, -4.0]]
    (again,) = step.align_again(data, moved, points, settings()).faces
    np.testing.assert_allclose(dots(again.image), WHERE + [10, -4], atol=0.05)
    outside = face.transform + [[0, 0, 150.0], [0, 0, 350.0]]
    result = step.align_again(data, outside, points, settings())
    assert result.faces == () and result.note.startswith('border: ')


def test_files(tmp_path):
    points = placed(1.0, 0.0, (400, 350))
    (tmp_path / 'a.png').write_bytes(photograph(points))
    photo = Photograph('a.png', str(tmp_path / 'a.png'))
    (face,) = step.align_file(photo, points[np.newaxis], settings()).faces
    (again,) = step.align_file_again(photo, face.transform, points, settings()).faces
    np.testing.assert_array_equal(again.image, face.image)
    gone = Photograph('b.png', str(tmp_path / 'b.png'))
    for result in (step.align_file(gone, points[np.newaxis], settings()),
                   step.align_file_again(gone, face.transform, points, settings())):
        assert result == ((), 'cannot be read: No such file or directory')


@pytest.mark.parametrize('changes, message', [
    ({'size': 0}, 'size: expected a positive integer'),
    ({'min_confidence': 1.5}, 'min_confidence: expected 0 to 1, got 1.5'),
    ({'max_border': -0.1}, 'max_border: expected 0 to 1'),
    ({'min_face': -1}, 'min_face: expected 0 or more'),
    ({'megapixels': 0}, 'megapixels: expected above 0'),
])
def test_settings_that_no_photograph_meets(changes, message):
    with pytest.raises(ValueError, match=message):
        settings(**changes)
