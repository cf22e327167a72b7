"""Photographs of people whose landmarks and names are given, to measure networks on."""

import glob
import os
from typing import NamedTuple

import numpy as np

from tfdisco import files
from tfdisco.data import alignment
from tfdisco.data.photographs import files as photo_files
from tfdisco.data.photographs import step as photo_step
from tfdisco.data.photographs.run import PhotoRun
from tfdisco.shapes import check_positive

LANDMARKS = 'landmarks.npz'
MOST_OF_ONE = 4  # photographs of one person, so that the famous do not decide


class GivenFace(NamedTuple):
    """A photograph with its labels.

    photo: the `photo_files.Photograph`.
    person: number.
    points5: [5, 2], in the order of `alignment.POINTS`; points68: [68, 2]. Pixels of the
      photograph as a viewer shows it.
    """

    photo: photo_files.Photograph
    person: int
    points5: np.ndarray
    points68: np.ndarray


class GivenAligned(NamedTuple):
    """Such a photograph aligned by its five points.

    image: uint8 [size, size, 3].
    landmarks: [68, 2] pixels of `image`.
    name: of the photograph.
    person: number.
    """

    image: np.ndarray
    landmarks: np.ndarray
    name: str
    person: int


def choose(source, count, identity_pattern, seed):
    """Chooses photographs: first people with several, `MOST_OF_ONE` of each at most.

    Args:
      source: a folder of photographs or of one .tar of them, or that .tar; beside them
        landmarks.npz with filename [N], points5 [N, 5, 2] and points68 [N, 68, 2], see
        `GivenFace`. Photographs without landmarks are left out.
      count: at most.
      identity_pattern: a regular expression for a name without its ending, whose one
        group names the person.
      seed: of the choice.

    Returns:
      A list of `GivenFace`, sorted by name.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if one is not as expected, or the pattern fits no name.
    """
    check_positive('count', count)
    pictures, landmarks = _files(source)
    rows = _read_landmarks(landmarks)
    photos = [photo for photo in photo_files.photographs(pictures) if photo.name in rows]
    if not photos:
        raise ValueError(f'{source}: expected photographs that its {LANDMARKS} names, got none')
    run = PhotoRun(photos=pictures, identity_pattern=identity_pattern)
    identities = run.identities([photo.name for photo in photos])
    by_person = {}
    for photo in photos:
        person = identities[photo.name]
        if person is not None:
            by_person.setdefault(person, []).append(GivenFace(photo, person, *rows[photo.name]))
    rng = np.random.default_rng(seed)
    people = [by_person[person] for person in rng.permutation(sorted(by_person))]
    people.sort(key=lambda faces: len(faces) == 1)
    chosen = [faces[index] for faces in people
              for index in rng.permutation(len(faces))[:MOST_OF_ONE]]
    return sorted(chosen[:count], key=lambda face: face.photo.name)


def align(faces, model, skipped):
    """Yields a `GivenAligned` of each `GivenFace` that can be opened and aligned.

    Args:
      faces: `GivenFace`s.
      model: the `MorphableModel` whose framing they get.
      skipped: a dict; takes {name: reason} of the others.
    """
    # However small or cut off: what is measured shall not depend on what is easy.
    settings = PhotoRun(photos='', min_face=0.0, max_border=1.0).settings(model)
    for face in faces:
        result = photo_step.align_file(face.photo, face.points5[np.newaxis], settings)
        if not result.faces:
            skipped[face.photo.name] = result.note
            continue
        found = result.faces[0]
        yield GivenAligned(found.image, alignment.apply(found.transform, face.points68),
                           face.photo.name, face.person)


def _files(source):
    """(folder or .tar of pictures, path of the landmarks)."""
    if not os.path.exists(source):
        raise FileNotFoundError(f'expected a folder or .tar of photographs, got {source!r}')
    if not os.path.isdir(source):
        return source, os.path.join(os.path.dirname(source), LANDMARKS)
    archives = sorted(glob.glob(os.path.join(glob.escape(source), '*.tar')))
    if len(archives) > 1:
        raise ValueError(f'{source}: expected one .tar at most, got '
                         f'{[os.path.basename(path) for path in archives]}; name one of them')
    return (archives or [source])[0], os.path.join(source, LANDMARKS)


def _read_landmarks(path):
    """{file name: (points5, points68)}."""
    arrays = files.read_npz(
        path, 'landmark', advice='it lists photographs: filename [N], points5 [N, 5, 2] and '
        'points68 [N, 68, 2]', arrays={
            'filename': files.Array(files.TEXT, ['N']),
            'points5': files.Array(files.NUMBERS, ['N', 5, 2], np.float64),
            'points68': files.Array(files.NUMBERS, ['N', 68, 2], np.float64)})
    return {str(name): (five, every)
            for name, five, every in zip(*(arrays[name]
                                           for name in ('filename', 'points5', 'points68')))}
