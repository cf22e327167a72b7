"""Data sets of rendered people: same files whatever the processes, resume, card, errors."""

import itertools

import numpy as np
import pytest

from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.data.synthetic import dataset
from tfdisco.face3d.morphable_model import MorphableModel

SETTINGS = dataset.SyntheticSet(identities=3, per_identity=2, size=32, seed=4,
                                      shard_identities=1)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('faces') / 'set'
    dataset.make(SETTINGS, path, processes=2)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in records.shards(folder)}


def test_number_of_processes_changes_nothing_and_a_killed_run_resumes(folder, tmp_path):
    before = contents(folder)
    assert len(before) == 3
    again = tmp_path / 'again'
    dataset.make(SETTINGS, again, processes=1)
    assert contents(again) == before
    # As a kill in the middle of the second shard leaves it.
    records.shard_path(again, 1, 3).unlink()
    records.shard_path(again, 1, 3).with_suffix('.part').write_bytes(b'half')
    (again / records.CARD).unlink()
    with pytest.raises(ValueError, match='expected 00003 shards, got 2'):
        records.shards(again)
    calls = []
    dataset.make(SETTINGS, again, progress=lambda *counts: calls.append(counts))
    assert contents(again) == before and calls == [(6, 6)]


def test_card_and_records(folder):
    card = records.read_card(folder)
    model = MorphableModel.load('open_head')
    assert (card['kind'], card['count'], card['size'], card['model'], card['shards']) == (
        'rendered', 6, 32, model.name, 3)
    assert card['layout'] == records.layout_fields(model.layout)
    faces = list(records.dataset(folder, model.layout).as_numpy_iterator())
    assert [int(face['identity']) for face in faces] == [0, 0, 1, 1, 2, 2]
    assert all(face['has_hair'] and face['image'].shape == (32, 32, 3) for face in faces)
    np.testing.assert_array_equal(records.coefficients(folder),
                                  np.stack([face['coefficients'] for face in faces]))
    assert (folder / dataset.SHEET).stat().st_size > 1000


def test_labels_are_drawn(folder):
    import tensorflow as tf
    serialized = next(tf.data.TFRecordDataset(
        str(records.shards(folder)[0])).as_numpy_iterator())
    record = face_record.read(serialized)
    drawn = dataset.labels(record)
    inside = (record.face_mask == 255)
    assert (drawn[inside] != record.image[inside]).any(axis=-1).mean() > 0.9
    outside = (record.face_mask == 0) & (record.hair_mask == 0)
    assert (drawn[outside] == record.image[outside]).all(axis=-1).mean() > 0.9


def test_another_set_is_refused(folder):
    with pytest.raises(ValueError, match='seed=4'):
        dataset.make(dataset.dataclasses.replace(SETTINGS, seed=5), folder)
    with pytest.raises(ValueError, match='identities: expected a positive integer'):
        dataset.SyntheticSet(identities=0)


def test_a_stream_has_no_end_and_no_repetition():
    model = MorphableModel.load('open_head')
    faces = list(itertools.islice(dataset.stream(model, 32, seed=1, per_identity=2), 5))
    assert [face.identity for face in faces] == [0, 0, 1, 1, 2]
    images = [face.image for face in faces]
    assert all((a != b).any() for a, b in itertools.combinations(images, 2))
