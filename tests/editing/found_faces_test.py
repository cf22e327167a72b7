"""Faces found, chosen, aligned twice, read; and those that cannot be edited."""

import functools
import io
import types

import numpy as np
import pytest
from PIL import Image

from tests.data import dotted
from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.editing.found_faces import FaceFinder
from tfdisco.editing.photo import Photo

POSE = toy.model().layout.slices['pose'].start


@functools.lru_cache(maxsize=None)
def one(points):
    return np.asarray(Image.open(io.BytesIO(dotted.photograph(np.array(points)))))


def photo(*points):
    """A photograph of faces of five discs each."""
    image = np.max([one(tuple(map(tuple, each))) for each in points], axis=0)
    return Photo('group.png', np.repeat(image[..., np.newaxis], 3, -1), b'', [])


@pytest.fixture
def finder():
    reconstruction = dotted.Reconstruction(np.zeros(toy.model().layout.size))
    result = FaceFinder(toy.model(), reconstruction)
    result.eyes = reconstruction
    return result


LEFT, RIGHT = dotted.placed(0.8, 3, (200, 300)), dotted.placed(1.1, -4, (560, 350))


def test_one_face_needs_no_choice(finder):
    faces, reasons = finder(photo(LEFT), points=LEFT[np.newaxis])
    assert not reasons and faces[0].number == 1 and faces[0].image.shape == (256, 256, 3)
    # Aligned once more without the translation that is seen, the discs lie where they should.
    np.testing.assert_allclose(dotted.dots(faces[0].image[..., :1]), dotted.WHERE, atol=1.0)
    np.testing.assert_allclose(alignment.apply(faces[0].transform, LEFT), dotted.WHERE, atol=1.5)


def test_several_are_numbered_from_left_to_right(finder):
    group, points = photo(LEFT, RIGHT), np.stack([RIGHT, LEFT])
    for choice, numbers in (('all', [1, 2]), ('largest', [2]), ('1', [1]), (2, [2])):
        faces, _ = finder(group, choice, points)
        assert [face.number for face in faces] == numbers
    with pytest.raises(ValueError, match=r'group.png: expected a choice among 2 faces, got none: '
                       r'1 at \(\d+, \d+\), 2 at .*; pass --face=all'):
        finder(group, None, points)
    for wrong in ('3', '0', 'left'):
        with pytest.raises(ValueError, match=f'face: expected all, largest or .*, got {wrong}'):
            finder(group, wrong, points)


def test_no_face_a_small_one_and_a_turned_one_are_refused(finder):
    with pytest.raises(ValueError, match='group.png: expected a photograph of a face, got one in'):
        finder(photo(LEFT), points=np.zeros([0, 5, 2]))
    small = dotted.placed(0.15, 0, (300, 300))
    with pytest.raises(ValueError, match='face 1 of 1: small face: its square has .* pixels'):
        finder(photo(small), points=small[np.newaxis])
    finder.eyes.coefficients[POSE + 1] = np.radians(-71)
    with pytest.raises(ValueError, match='turned by 60 degrees at most, got pitch 0 and yaw -71'):
        finder(photo(LEFT), points=LEFT[np.newaxis])


def test_of_all_faces_those_that_cannot_be_edited_are_named(finder):
    small = dotted.placed(0.15, 0, (60, 60))
    faces, reasons = finder(photo(small, RIGHT), 'all', np.stack([small, RIGHT]))
    assert [face.number for face in faces] == [2]
    assert len(reasons) == 1 and reasons[0].startswith('face 1 of 2: small face')


def test_eyes_that_see_nothing_are_refused():
    finder = FaceFinder(toy.model(), lambda images: types.SimpleNamespace(
        coefficients=np.full([1, toy.model().layout.size], np.nan), translation=np.zeros([1, 3])))
    with pytest.raises(ValueError, match='coefficients of a face, got NaN'):
        finder(photo(LEFT), points=LEFT[np.newaxis])
