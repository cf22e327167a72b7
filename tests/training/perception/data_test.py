"""Rendered faces in memory: what was written, held-out people, the order of training."""

import collections

import numpy as np
import pytest

from tests.face3d import toy
from tests.training.perception import rendered
from tfdisco.data.records import folder as records
from tfdisco.training.perception import data as perception_data


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(perception_data, 'SIZE', rendered.SIZE)
    monkeypatch.setattr(perception_data, 'READ_AT_ONCE', 7)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data')
    return folder, rendered.write(folder)


def test_what_was_written_is_read(data):
    folder, written = data
    faces = perception_data.load(folder, toy.model().layout, masks=True)
    assert len(faces) == len(written)
    for index, face in enumerate(written):
        np.testing.assert_array_equal(faces.image[index], face.image)
        np.testing.assert_array_equal(faces.masks[index], np.stack([face.face_mask,
                                                                    face.hair_mask], -1))
        np.testing.assert_array_equal(faces.coefficients[index], face.coefficients)
        np.testing.assert_array_equal(faces.translation[index], face.translation)
        np.testing.assert_allclose(faces.landmarks[index], face.landmarks / rendered.SIZE)
        assert faces.identity[index] == face.identity
    assert perception_data.load(folder, toy.model().layout, masks=False).masks is None


def test_batches_and_held_out_people(data):
    faces = perception_data.load(data[0], toy.model().layout, masks=False)
    seen, held_out = perception_data.hold_out(faces)
    assert set(held_out.identity) == {rendered.PEOPLE - 2, rendered.PEOPLE - 1}
    assert set(seen.identity) == set(range(rendered.PEOPLE - 2))
    batch = seen.batch(np.array([3, 1]), ('image', 'identity'))
    assert set(batch) == {'image', 'identity'}
    np.testing.assert_array_equal(batch['image'], seen.image[[3, 1]])
    with pytest.raises(ValueError, match='expected faces of three people at least, got 2'):
        perception_data.hold_out(held_out)


def test_every_face_comes_once_in_an_epoch():
    steps = [perception_data.order(10, 4, step, 3) for step in range(1, 6)]
    both = np.concatenate(steps)
    for epoch in (both[:10], both[10:]):
        assert collections.Counter(epoch) == collections.Counter(range(10))
    assert both[:10].tolist() != both[10:].tolist() != list(range(10))
    np.testing.assert_array_equal(perception_data.order(10, 4, 3, 3), steps[2])
    assert perception_data.order(10, 4, 1, 4).tolist() != steps[0].tolist()
    assert len(perception_data.order(3, 8, 2, 0)) == 8  # an epoch may be shorter than a batch


def test_hair_masks_are_needed_for_masks(tmp_path):
    rendered.write(tmp_path, hair=False)
    with pytest.raises(ValueError, match='data: expected hair masks, got faces without in'):
        perception_data.load(tmp_path, toy.model().layout, masks=True)
    assert perception_data.load(tmp_path, toy.model().layout, masks=False).masks is None


@pytest.mark.parametrize('count', [20, 30])
def test_a_card_that_says_another_number(tmp_path, count):
    rendered.write(tmp_path)
    records.write_card(tmp_path, {**records.read_card(tmp_path), 'count': count})
    with pytest.raises(ValueError, match=f'data: expected {count} faces, .* got 24; make'):
        perception_data.load(tmp_path, toy.model().layout, masks=False)


def test_pictures_of_another_size(tmp_path):
    rendered.write(tmp_path, size=48)
    with pytest.raises(ValueError, match='data: expected pictures of 32 pixels or a multiple, '
                                         'got 48'):
        perception_data.load(tmp_path, toy.model().layout, masks=False)
