"""Photographs to edit, with their faces: a folder, points beside it, people by their names."""

import os

import numpy as np

from tfdisco.data.photographs import files as photo_files
from tfdisco.data.photographs.points import GivenPoints
from tfdisco.data.photographs.run import PhotoRun
from tfdisco.editing import photo as photos
from tfdisco.editing.found_faces import LARGEST
from tfdisco.metrics.perception.photo_set import LANDMARKS
from tfdisco.shapes import check_positive


def faces(source, editor, count, seed, identity_pattern=None, skipped=None):
    """The largest face of each photograph.

    Args:
      source: a folder of photographs, or of one .tar of them, or that .tar. Points are those of
        landmarks.npz (filename [N], points5 [N, 5, 2]) beside them or of the folder's
        detections, or mtcnn finds them.
      editor: `PhotoEditor`.
      count: at most; chosen at random, but with a pattern people with two photographs first.
      seed: of the choice.
      identity_pattern: None, or a regular expression whose one group is the person.
      skipped: None, or a dict that takes {name: reason} of the others.

    Returns:
      A list of `found_faces.Face`, and [N] numbers of their people.

    Raises:
      FileNotFoundError: if there is no such source.
      ValueError: if it is no source, or no face in it can be used.
    """
    check_positive('count', count)
    if not os.path.exists(source):
        raise FileNotFoundError(f'photos: expected a folder or .tar, got none at {source}')
    folder = source if os.path.isdir(source) else os.path.dirname(source)
    archives = sorted(name for name in os.listdir(folder or '.') if name.endswith('.tar'))
    given, points = os.path.join(folder, LANDMARKS), None
    if os.path.isfile(given):
        points = GivenPoints(given)
    elif os.path.isdir(os.path.join(folder, 'detections')):
        points = GivenPoints(folder)
    where = os.path.join(folder, archives[0]) if os.path.isdir(source) and archives else source
    listed = [photo for photo in photo_files.photographs(where)
              if not photo.name.endswith(('.txt', '.json', '.npz', '.md'))]
    people = PhotoRun(photos=source, identity_pattern=identity_pattern).identities(
        [photo.name for photo in listed])
    listed = [photo for photo in listed if people[photo.name] is not None]
    found, persons = [], []
    for photo in _order(listed, people, seed):
        try:
            known = points(photo.name) if points else None
            if points and known is None:
                raise ValueError('no points given')
            picture = photo_files.decode(photo.read())
            face, _ = editor.find(photos.Photo(photo.name, picture.image, b'', []), LARGEST, known)
        except (ValueError, OSError) as error:
            if skipped is not None:
                skipped[photo.name] = str(error)
            continue
        found += face
        persons.append(people[photo.name])
        if len(found) == count:
            break
    if not found:
        raise ValueError(f'photos: expected faces in {source}, got none that can be used')
    return found, np.array(persons)


def _order(listed, people, seed):
    """Photographs shuffled; those of people with several first, a person's two together."""
    rng = np.random.default_rng(seed)
    by_person = {}
    for photo in listed:
        by_person.setdefault(people[photo.name], []).append(photo)
    groups = [by_person[person] for person in rng.permutation(sorted(by_person))]
    several = [photo for group in groups if len(group) > 1 for photo in group[:2]]
    return several + [group[0] for group in groups if len(group) == 1]
