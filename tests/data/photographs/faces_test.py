"""The second alignment, closed loop: a network that measures where the face is."""

import numpy as np
import pytest

from tests.data.dotted import WHERE, Reconstruction, dots, photograph, placed
from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.data.photographs import faces as photo_faces
from tfdisco.data.photographs import step
from tfdisco.data.photographs.files import Photograph
from tfdisco.data.photographs.report import Row
from tfdisco.data.workers import Workers
from tfdisco.face3d.renderer import FaceRenderer

SIZE = 128
COEFFICIENTS = toy.people(toy.model(), 1)[0]


def settings(**changes):
    standard = tuple(map(tuple, alignment.standard_points(toy.model()).tolist()))
    return step.PictureSettings(standard, size=SIZE, **changes)


def finisher(network=None, batch=4, refinements=1, max_misfit=0.5, **changes):
    return photo_faces.FaceFinisher(toy.model(), settings(**changes),
                                    network or Reconstruction(COEFFICIENTS), batch, refinements,
                                    max_misfit)


def found(folder, count=1, x=400):
    """`count` faces at x, given points that are off by 4 % and (6, -5) pixels."""
    true, points = placed(1.3, 20.0, (x, 350)), placed(1.3 * 1.04, 20.0, (x + 6, 345))
    data = photograph(true, radius=10)
    for index in range(count):
        path = folder / f'{index}.png'
        path.write_bytes(data)
        (face,) = step.align_picture(data, points[np.newaxis], settings()).faces
        yield Photograph(path.name, str(path)), index, face


def finish(finisher_, faces):
    faces = list(faces)
    rows = {photo.name: Row(photo.name) for photo, _, _ in faces}
    with Workers(1) as workers:
        return list(finisher_.finish(iter(faces), rows, workers)), rows


@pytest.mark.parametrize('refinements', [1, 2])
def test_the_translation_is_removed_and_the_rest_is_stored(tmp_path, refinements):
    network = Reconstruction(COEFFICIENTS)
    (record,), rows = finish(finisher(network, refinements=refinements), found(tmp_path))
    np.testing.assert_allclose(dots(record.image), WHERE * SIZE / 256, atol=0.1)
    assert np.abs(record.translation[:2]).max() < 0.002 and abs(record.translation[2]) < 0.05
    # Where the discs are in the photograph, by the stored transform.
    back = alignment.apply(alignment.invert(record.transform), dots(record.image))
    np.testing.assert_allclose(back, placed(1.3, 20.0, (400, 350)), atol=0.5)
    np.testing.assert_allclose(record.landmarks[[30, 48, 54]], dots(record.image)[2:], atol=1e-3)
    np.testing.assert_array_equal(record.coefficients, COEFFICIENTS)
    assert network.batches == [1] * (refinements + 1)
    assert (record.name, record.identity, record.hair_mask) == ('0.png', 0, None)
    assert rows['0.png'].faces == 1 and rows['0.png'].reasons == []
    # The given points, seen from the refined picture, are off by what they were off.
    apart = 1.3 * WHERE - (1.3 * 1.04 * (WHERE - 128) + 1.3 * 128)
    turn = np.deg2rad(-20.0)
    moved = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [6, -5]
    expected = np.linalg.norm(-apart + moved, axis=1).mean() / 1.3 / 78.0
    assert rows['0.png'].misfit == pytest.approx(expected, rel=0.02)


def test_without_refinement_the_translation_is_what_the_network_says(tmp_path):
    network = Reconstruction(COEFFICIENTS)
    ((photo, identity, face),) = found(tmp_path)
    (record,), _ = finish(finisher(network, refinements=0), [(photo, identity, face)])
    np.testing.assert_array_equal(record.image, face.image)
    np.testing.assert_array_equal(record.transform, face.transform.astype(np.float32))
    expected, _ = Reconstruction.face(face.image.astype(np.float64))
    np.testing.assert_allclose(record.translation, expected, atol=1e-4)
    assert abs(record.translation[2]) > 0.2 and network.batches == [1]


def test_faces_are_reconstructed_in_batches(tmp_path):
    network = Reconstruction(COEFFICIENTS)
    records, rows = finish(finisher(network, batch=2), found(tmp_path, 5))
    assert network.batches == [2, 2, 2, 2, 1, 1]
    assert [record.identity for record in records] == list(range(5))
    assert [row.faces for row in rows.values()] == [1] * 5


def test_the_mask_is_the_share_of_the_face_region(tmp_path):
    (record,), _ = finish(finisher(refinements=0), found(tmp_path))
    large = FaceRenderer(toy.model(), 2 * SIZE, 2 * SIZE, 'face')(
        record.coefficients[np.newaxis], record.translation[np.newaxis]).mask.numpy()[0, ..., 0]
    share = large.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(record.face_mask, np.rint(255 * share))
    assert record.face_mask.dtype == np.uint8
    assert 0.1 < (record.face_mask == 255).mean() < 0.9


class Answer(Reconstruction):
    """A network that answers something else for one field."""

    def __init__(self, **fields):
        super().__init__(COEFFICIENTS)
        self.fields = fields

    def __call__(self, images):
        answer = super().__call__(images)
        for name, value in self.fields.items():
            setattr(answer, name, np.stack([np.float32(value)] * len(images)))
        return answer


@pytest.mark.parametrize('fields, changes, reason', [
    ({'translation': (2.0, 0.0, 0.0)}, {},
     'translation: expected what a roughly aligned face has'),
    ({'translation': (0.0, 0.0, -4.0)}, {'min_face': 250.0},
     'small face: its square has 245 pixels, expected 250 or more'),
    ({'translation': (-0.4, 0.0, 0.0)}, {'max_border': 0.0}, "border: 0.01 of the face's square"),
    ({'landmarks': np.zeros((68, 2))}, {}, 'misfit: reconstruction 2.40 eye distances from the '
     'points, expected at most 0.5'),
])
def test_faces_that_are_not_written(tmp_path, fields, changes, reason):
    records, rows = finish(finisher(Answer(**fields), **changes), found(tmp_path, x=250))
    assert records == [] and rows['0.png'].faces == 0
    (given,) = rows['0.png'].reasons
    assert given.startswith(reason)


@pytest.mark.parametrize('fields, message', [
    ({'coefficients': np.zeros(3)}, r'reconstruct: coefficients: expected shape \[1, '),
    ({'translation': np.zeros(2)}, r'reconstruct: translation: expected shape \[1, 3\]'),
    ({'landmarks': np.zeros((5, 2))}, r'reconstruct: landmarks: expected shape \[1, 68, 2\]'),
    ({'coefficients': COEFFICIENTS * np.nan}, 'reconstruct: coefficients: expected finite'),
])
def test_answers_that_are_none(tmp_path, fields, message):
    with pytest.raises(ValueError, match=message):
        finish(finisher(Answer(**fields)), found(tmp_path))
