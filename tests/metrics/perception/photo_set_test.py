"""Photographs with given landmarks: which are chosen, and how they are aligned."""

import tarfile

import numpy as np
import pytest

from tests.data.dotted import dots, photograph, placed
from tests.face3d import toy
from tfdisco.data import alignment
from tfdisco.metrics.perception import photo_set

PATTERN = '(.*)_[0-9]+'
PICTURES = {'ann': 6, 'bob': 2, 'cy': 1, 'dan': 3, 'eve': 1}
NAMES = [f'{person}_{index}.png' for person, count in PICTURES.items() for index in range(count)]


def points_of(index):
    return placed(0.6 + 0.02 * index, 3.0 * index, (160 + index, 150))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('photos')
    five, all_points = [], []
    for index, name in enumerate(NAMES):
        five.append(points_of(index))
        (folder / name).write_bytes(photograph(five[-1], 300, 320, 6.0))
        # Where the discs are, so that alignment can be seen.
        all_points.append(np.resize(five[-1], (68, 2)))
    (folder / 'nameless.png').write_bytes((folder / NAMES[0]).read_bytes())
    (folder / 'unlisted_1.png').write_bytes((folder / NAMES[0]).read_bytes())
    np.savez(folder / 'landmarks.npz', filename=np.array(NAMES + ['nameless.png', 'gone_1.png']),
             points5=np.array(five + five[:2]), points68=np.array(all_points + all_points[:2]))
    return folder


def chosen(source, count=100, seed=0):
    return [face.photo.name for face in photo_set.choose(str(source), count, PATTERN, seed)]


def test_several_of_one_person_come_first_but_not_too_many(folder):
    names = chosen(folder)
    assert names == sorted(names) and set(names) < set(NAMES)
    assert sum(name.startswith('ann') for name in names) == 4
    assert len(names) == 4 + 2 + 1 + 3 + 1
    few = chosen(folder, 9)
    assert len(few) == 9 and not any(name.startswith(('cy', 'eve')) for name in few)
    assert chosen(folder, 9) == few
    assert len({tuple(chosen(folder, 9, seed)) for seed in range(8)}) > 1
    faces = photo_set.choose(str(folder), 100, PATTERN, 0)
    assert len({face.person for face in faces}) == 5
    assert all(face.person == other.person for face, other in zip(faces[:4], faces[1:4]))


def test_pictures_may_be_in_a_tar(folder, tmp_path):
    with tarfile.open(tmp_path / 'all.tar', 'w') as archive:
        for name in NAMES:
            archive.add(folder / name, name)
    (tmp_path / 'landmarks.npz').write_bytes((folder / 'landmarks.npz').read_bytes())
    assert chosen(tmp_path) == chosen(tmp_path / 'all.tar') == chosen(folder)
    (tmp_path / 'other.tar').write_bytes(b'')
    with pytest.raises(ValueError, match=r"expected one .tar at most, got \['all.tar', 'other"):
        chosen(tmp_path)


def test_pictures_and_points_are_aligned_together(folder):
    model, skipped = toy.model(), {}
    faces = photo_set.choose(str(folder), 100, PATTERN, 0)
    aligned = list(photo_set.align(faces, model, skipped))
    assert len(aligned) == len(faces) and not skipped
    standard = alignment.standard_points(model)
    for face, given in zip(aligned, faces):
        assert (face.name, face.person) == (given.photo.name, given.person)
        assert face.image.shape == (256, 256, 3)
        transform = alignment.aligned(given.points5, standard, 256)
        np.testing.assert_allclose(face.landmarks[:5],
                                   alignment.apply(transform, given.points5), atol=1e-6)
        np.testing.assert_allclose(dots(face.image), face.landmarks[:5], atol=0.3)


def test_what_cannot_be_opened_is_told(folder, tmp_path):
    for name in NAMES[:3]:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / NAMES[1]).write_bytes(b'no picture')
    (tmp_path / 'landmarks.npz').write_bytes((folder / 'landmarks.npz').read_bytes())
    skipped = {}
    faces = photo_set.choose(str(tmp_path), 100, PATTERN, 0)
    names = [face.name for face in photo_set.align(faces, toy.model(), skipped)]
    assert names == [NAMES[0], NAMES[2]]
    assert skipped == {NAMES[1]: 'not a picture of a known format'}


def test_errors(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='landmarks.npz'):
        chosen(tmp_path)
    with pytest.raises(FileNotFoundError, match='folder or .tar of photographs, got .*nowhere.tar'):
        chosen(tmp_path / 'nowhere.tar')
    (tmp_path / 'a_1.png').write_bytes(b'')
    for arrays, message in (
            ({'filename': np.array(['a_1.png'])}, 'points5'),
            ({'filename': np.array(['a_1.png']), 'points5': np.zeros((1, 5, 2)),
              'points68': np.zeros((1, 51, 2))},
             r'points68: expected numbers \[1, 68, 2\], got float64 \[1, 51'),
            ({'filename': np.array(['a_1.png']), 'points5': np.full((1, 5, 2), np.nan),
              'points68': np.zeros((1, 68, 2))}, 'NaN or infinity'),
            ({'filename': np.array(['b_1.png']), 'points5': np.zeros((1, 5, 2)),
              'points68': np.zeros((1, 68, 2))}, r'photographs that its landmarks.npz names')):
        np.savez(tmp_path / 'landmarks.npz', **arrays)
        with pytest.raises(ValueError, match=message):
            chosen(tmp_path)
    with pytest.raises(ValueError, match='identity_pattern: expected one that fits names'):
        photo_set.choose(str(folder), 10, '(x+)', 0)
    with pytest.raises(ValueError, match='identity_pattern: expected one group'):
        photo_set.choose(str(folder), 10, '.*', 0)
    with pytest.raises(ValueError, match='count: expected a positive integer, got 0'):
        photo_set.choose(str(folder), 0, PATTERN, 0)
