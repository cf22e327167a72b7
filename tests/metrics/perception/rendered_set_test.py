"""Which rendered people networks are measured on."""

import itertools

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.data.synthetic import dataset as synthetic_set
from tfdisco.data.synthetic import faces as synthetic
from tfdisco.metrics.perception import rendered_set

SIZE = toy.model().layout.size


def record(row, identity):
    return face_record.FaceRecord(np.full((8, 8, 3), identity, np.uint8), row,
                              np.zeros((68, 2), np.float32), np.zeros((8, 8), np.uint8),
                              np.zeros((8, 8), np.uint8), identity)


def write(folder, identities, **card):
    people = toy.people(toy.model(), len(identities))
    found = [record(row, identity) for row, identity in zip(people, identities)]
    folder.mkdir()
    for index in range(2):
        records.write_shard(records.shard_path(folder, index, 2), found[index::2])
    records.write_card(folder, {'kind': 'rendered', 'model': 'toy', **card})
    return people


def test_the_first_people_of_a_folder_with_all_their_pictures(tmp_path):
    # In two shards: 7 8 9 7 and 7 9 8 5.
    people = write(tmp_path / 'set', [7, 7, 8, 9, 9, 8, 7, 5])
    found = list(rendered_set.stored(tmp_path / 'set', toy.model(), 2))
    assert [face.identity for face in found] == [7, 8, 7, 7, 8]
    np.testing.assert_array_equal([face.coefficients for face in found],
                                  people[[0, 2, 6, 1, 5]])
    assert len(list(rendered_set.stored(tmp_path / 'set', toy.model(), 100))) == 8


@pytest.mark.parametrize('card, message', [
    ({'kind': 'photographs'}, 'set: expected rendered faces, of which all is known, got photogr'),
    ({'model': 'bfm09'}, 'expected faces of the morphable model toy, got those of bfm09')])
def test_other_sets_are_refused_before_anything_is_read(tmp_path, card, message):
    write(tmp_path / 'set', [1, 2], **card)
    with pytest.raises(ValueError, match=message):
        rendered_set.stored(tmp_path / 'set', toy.model(), 2)


class Maker:
    """Stands in for `synthetic.FaceMaker`, whose pictures take long."""

    def __init__(self, model, size):
        self.model = model
        assert model is toy.model() and size == 128

    def __call__(self, coefficients, identities, seeds):
        assert len({tuple(seed) for seed in seeds}) == len(coefficients)
        return [record(row, identity)._replace(name=str(seed))
                for row, identity, seed in zip(coefficients, identities, seeds)]


def test_drawn_people_have_four_pictures_each_and_are_nobody_else(monkeypatch):
    monkeypatch.setattr(synthetic, 'FaceMaker', Maker)
    found = list(rendered_set.drawn(toy.model(), 9, 5))
    assert [face.identity for face in found] == list(np.repeat(np.arange(9), 4))
    people = np.array([face.coefficients for face in found])
    identity = toy.model().layout.factor_slice('identity')
    for person in range(9):
        mine = people[4 * person:4 * person + 4]
        assert (mine[:, identity] == mine[0, identity]).all()
        assert len(np.unique(mine, axis=0)) == 4
    assert len(np.unique(people[:, identity], axis=0)) == 9
    assert len({face.name for face in found}) == 36
    again = list(rendered_set.drawn(toy.model(), 9, 5))
    np.testing.assert_array_equal([face.coefficients for face in again], people)
    assert [face.name for face in again] == [face.name for face in found]
    trained_on = list(itertools.islice(synthetic_set.stream(toy.model(), 128, 5), 36))
    assert not np.isclose(np.array([face.coefficients for face in trained_on]), people).all(
        axis=1).any()
    with pytest.raises(ValueError, match='count: expected a positive integer, got 0'):
        rendered_set.drawn(toy.model(), 0, 5)
