"""A folder of photographs becomes records: report, card, identities, resume."""

import csv
import json
import os
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.data.dotted import WHERE, Reconstruction, dots, photograph, placed
from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.data.photographs import files, preparation, step
from tfdisco.data.photographs import points as photo_points
from tfdisco.data.photographs.run import PhotoRun
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records

SIZE = 96
COEFFICIENTS = toy.people(toy.model(), 1)[0]
GOOD = ('ann_1.png', 'ann_2.png', 'bob_1.png', 'sub/cy_1.png')


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """A folder with four preparation, their points, and files that cannot be used."""
    folder = tmp_path_factory.mktemp('photos')
    (folder / 'in' / 'sub').mkdir(parents=True)
    names, points = [], []
    for index, name in enumerate(GOOD):
        where = placed(0.6 + 0.1 * index, 15.0 * index, (160 + 5 * index, 150))
        (folder / 'in' / name).write_bytes(photograph(where, 300, 320, 6.0))
        names.append(name)
        points.append(where + [2.0, -1.5])  # as a detector might be off
    (folder / 'in' / 'empty_1.jpg').write_bytes(b'')
    (folder / 'in' / 'text_1.txt').write_text('no photograph')
    (folder / 'in' / 'cut_1.png').write_bytes((folder / 'in' / 'ann_1.png').read_bytes()[:-200])
    Image.new('RGB', (64, 64)).save(folder / 'in' / 'unknown_1.png')
    for name in ('empty_1.jpg', 'text_1.txt', 'cut_1.png'):
        names.append(name)
        points.append(points[0])
    np.savez(folder / 'points.npz', filename=np.array(names), points5=np.array(points))
    return folder


def a_run(source, **changes):
    return PhotoRun(**{'photos': str(source / 'in'), 'size': SIZE, 'shard_size': 3,
                                   'landmarks': str(source / 'points.npz'), **changes})


def prepare(run, out, network=None, **options):
    options = {'batch': 2, 'sheet': 0, **options}
    return preparation.prepare(run, toy.model(), out, network or Reconstruction(COEFFICIENTS),
                               **options)


def report(out):
    with open(out / 'report.csv', newline='', encoding='utf-8') as file:
        return {row['file']: row for row in csv.DictReader(file)}


def read(out):
    return [face_record.read(serialized.numpy()) for path in records.shards(out)
            for serialized in tf.data.TFRecordDataset(str(path))]


def test_photographs_become_records(source, tmp_path):
    calls = []
    card = prepare(a_run(source), tmp_path / 'out', progress=lambda *done: calls.append(done))
    assert calls == [(done, 8) for done in range(1, 9)]
    faces = {record.name: record for record in read(tmp_path / 'out')}
    assert sorted(faces) == sorted(GOOD)
    for record in faces.values():
        np.testing.assert_allclose(dots(record.image), WHERE * SIZE / 256, atol=0.15)
        assert np.abs(record.translation).max() < 0.05
    table = report(tmp_path / 'out')
    reasons = {name: row['reason'] for name, row in table.items() if row['status'] == 'skipped'}
    assert reasons.pop('cut_1.png').startswith('broken PNG file: ')
    assert reasons == {'empty_1.jpg': 'empty file', 'unknown_1.png': 'no points given',
                       'text_1.txt': 'not a picture of a known format'}
    for name in GOOD:
        assert (table[name]['status'], table[name]['faces']) == ('written', '1')
        assert float(table[name]['border']) == pytest.approx(faces[name].border, abs=1e-4)
    assert list(table) == sorted(table)  # as they are in the folder
    assert card == records.read_card(tmp_path / 'out')
    assert (card['kind'], card['count'], card['size'], card['shards']) == (
        'photographs', 4, SIZE, 3)
    assert card['model'] == 'toy' and card['source'] == 'in' and card['points'] == 'points.npz'
    assert card['report'] == {'files': 8, 'written': 4, 'faces': 4, 'skipped': {
        'broken PNG file': 1, 'empty file': 1, 'no points given': 1,
        'not a picture of a known format': 1}}
    batch = next(iter(records.dataset(tmp_path / 'out', toy.model().layout, SIZE // 2).batch(4)))
    assert batch['image'].shape == (4, SIZE // 2, SIZE // 2, 3)
    assert not batch['has_hair'].numpy().any() and batch['face_mask'].numpy().max() == 1.0
    assert str(source) not in json.dumps(card)  # nobody's paths are published
    assert sorted(os.listdir(tmp_path / 'out')) == [
        'card.json', 'config.json', *(f'faces-0000{i}-of-00003.tfrecord' for i in range(3)),
        'report.csv']


def test_several_processes_and_a_sheet_give_the_same(source, tmp_path):
    prepare(a_run(source), tmp_path / 'one')
    prepare(a_run(source), tmp_path / 'two', processes=2, sheet=4)
    for path in records.shards(tmp_path / 'one'):
        with open(path, 'rb') as one, open(tmp_path / 'two' / os.path.basename(path), 'rb') as two:
            assert one.read() == two.read()
    assert (tmp_path / 'one' / 'report.csv').read_text() == (
        tmp_path / 'two' / 'report.csv').read_text()
    assert Image.open(tmp_path / 'two' / 'faces.png').size[0] > 8 * 192


def test_an_interrupted_run_goes_on(source, tmp_path):
    prepare(a_run(source), tmp_path / 'whole')

    class Interrupted(Reconstruction):
        def __call__(self, images):
            if len(self.batches) == 4:  # the first shard took two batches, each seen twice
                raise KeyboardInterrupt
            return super().__call__(images)

    with pytest.raises(KeyboardInterrupt):
        prepare(a_run(source), tmp_path / 'out', Interrupted(COEFFICIENTS))
    assert sorted(os.listdir(tmp_path / 'out')) == [
        'config.json', 'faces-00000-of-00003.tfrecord', 'report-00000.csv']
    first = tmp_path / 'out' / 'faces-00000-of-00003.tfrecord'
    before = first.stat().st_mtime_ns
    network = Reconstruction(COEFFICIENTS)
    prepare(a_run(source), tmp_path / 'out', network)
    assert first.stat().st_mtime_ns == before and network.batches == [1, 1]
    for name in sorted(os.listdir(tmp_path / 'whole')):
        assert (tmp_path / 'whole' / name).read_bytes() == (tmp_path / 'out' / name).read_bytes()
    # And once more: nothing is left to do.
    idle = Reconstruction(COEFFICIENTS)
    assert prepare(a_run(source), tmp_path / 'out', idle)['count'] == 4 and idle.batches == []


def test_a_folder_of_something_else_is_refused(source, tmp_path):
    prepare(a_run(source), tmp_path / 'out')
    with pytest.raises(ValueError, match='out: .* holds what was made with size=96; pass'):
        prepare(a_run(source, size=64), tmp_path / 'out')
    moved = tmp_path / 'moved'
    shutil.copytree(source / 'in', moved)
    idle = Reconstruction(COEFFICIENTS)
    prepare(a_run(source, photos=str(moved)), tmp_path / 'out', idle)
    assert idle.batches == []
    (moved / 'new.png').write_bytes(b'')
    with pytest.raises(ValueError, match='made with files=8, names='):
        prepare(a_run(source, photos=str(moved)), tmp_path / 'out')
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'thesis.tex').write_text('mine')
    with pytest.raises(ValueError, match=r"expected an empty folder.* with \['thesis.tex'\]"):
        prepare(a_run(source), tmp_path / 'full')


@pytest.mark.parametrize('pattern, expected', [
    (None, {'ann_1.png': 0, 'ann_2.png': 1, 'bob_1.png': 2, 'sub/cy_1.png': 5}),
    ('(.*)_[0-9]+', {'ann_1.png': 0, 'ann_2.png': 0, 'bob_1.png': 1, 'sub/cy_1.png': 4}),
    ('(ann)_[0-9]+', {'ann_1.png': 0, 'ann_2.png': 0})])
def test_who_is_who(source, tmp_path, pattern, expected):
    prepare(a_run(source, identity_pattern=pattern, refinements=0), tmp_path / 'out')
    assert {record.name: record.identity for record in read(tmp_path / 'out')} == expected
    left_out = set(GOOD) - set(expected)
    assert {name for name, row in report(tmp_path / 'out').items()
            if row['reason'] == 'name: does not match identity_pattern'} >= left_out


def test_every_face_is_somebody_else(source, tmp_path):
    where = [placed(0.5, 0.0, (100, 100)), placed(0.7, 0.0, (350, 150))]
    (tmp_path / 'in').mkdir()
    for name in ('a.png', 'b.png'):
        (tmp_path / 'in' / name).write_bytes(photograph(np.concatenate(where), 300, 500, 5.0))
    np.savez(tmp_path / 'points.npz', filename=np.repeat(['a.png', 'b.png'], 2),
             points5=np.array(where * 2))
    every = a_run(tmp_path, all_faces=True)
    prepare(every, tmp_path / 'every')
    found = read(tmp_path / 'every')
    assert [record.name for record in found] == ['a.png', 'a.png', 'b.png', 'b.png']
    assert len({record.identity for record in found}) == 4
    assert report(tmp_path / 'every')['a.png']['faces'] == '2'
    prepare(a_run(tmp_path), tmp_path / 'largest')
    (first, _) = read(tmp_path / 'largest')
    np.testing.assert_allclose(first.transform, found[0].transform)
    assert report(tmp_path / 'largest')['a.png']['reason'] == 'largest of 2 faces'


def test_points_are_detected_unless_given(source, tmp_path, monkeypatch):
    monkeypatch.setattr(photo_points, 'require_detector', lambda: None)
    monkeypatch.setattr(photo_points, 'detect', lambda image, confidence: placed(
        0.6, 0.0, (160, 150))[np.newaxis] if image.shape == (300, 320, 3) else np.zeros((0, 5, 2)))
    card = prepare(a_run(source, landmarks=None, max_misfit=9.0), tmp_path / 'out')
    assert card['count'] >= 1 and card['points'] == 'mtcnn 1.0.0'
    assert report(tmp_path / 'out')['unknown_1.png']['reason'] == 'no face found'


def test_without_any_face_the_report_says_why(tmp_path):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'a.png').write_bytes(b'')
    (tmp_path / 'points').mkdir()
    (tmp_path / 'points' / 'a.txt').write_text('1 2\n' * 4)
    run = a_run(tmp_path, landmarks=str(tmp_path / 'points'))
    with pytest.raises(ValueError, match='expected at least one face .*report.csv says why'):
        prepare(run, tmp_path / 'out')
    assert report(tmp_path / 'out')['a.png']['reason'].startswith('a.txt: expected five lines')
    assert not (tmp_path / 'out' / 'card.json').exists()


def test_without_mtcnn_nothing_is_begun(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'mtcnn', None)
    with pytest.raises(ImportError, match=r"pip install 'tfdisco\[photos\]'"):
        prepare(a_run(source, landmarks=None), tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_the_examples_of_a_folder_of_photographs(tmp_path):
    """Real preparation, detected by mtcnn and by the points that come with them."""
    folder = os.environ.get('TFDISCO_TEST_DATA')
    if not folder or not os.path.isdir(os.path.join(folder, 'faces', 'examples')):
        pytest.skip('TFDISCO_TEST_DATA names no folder with faces/examples')
    pytest.importorskip('mtcnn')
    folder = os.path.join(folder, 'faces', 'examples')
    settings = PhotoRun(photos=folder).settings(toy.model())
    given = photo_points.GivenPoints(os.path.join(folder, 'detections'))
    photos = [photo for photo in files.photographs(folder) if given(photo.name) is not None
              and not photo.name.endswith('.txt')]
    assert len(photos) > 20
    shifts = []
    for photo in photos:
        (theirs,) = step.align_file(photo, given(photo.name), settings).faces
        (ours,) = step.align_file(photo, None, settings).faces
        between = alignment.compose(ours.transform, alignment.invert(theirs.transform))
        assert 0.85 < alignment.scale(between) < 1.15, photo.name
        shifts.append(np.linalg.norm(alignment.apply(between, np.array([128.0, 128.0])) - 128))
    assert np.median(shifts) < 6.0
