"""Files of landmarks as people have them, read as five points a face.

| file | content |
| --- | --- |
| NAME.txt | five lines `x y`; or one line of ten numbers, x y in turn |
| NAME.txt | 68 lines `x y` in iBUG order, of which the five are derived |
| NAME.json | what the package mtcnn returns: a list of faces with `keypoints` |

Numbers are set apart by blanks, tabs, commas or semicolons; lines end as on any system, and
byte-order marks are passed over.
"""

import json
import pathlib
import re
import unicodedata

import numpy as np

from tfdisco.face3d import framing

ENDINGS = ('.txt', '.json')
DETECTIONS = 'detections'  # Deep3D's folder beside the photographs
# mtcnn's names, in the order of `alignment.POINTS`.
KEYPOINTS = ('left_eye', 'right_eye', 'nose', 'mouth_left', 'mouth_right')
LANDMARKS = 68
WANTED = 'five lines "x y", one line of ten numbers, or 68 lines'
_MARKS = {b'\xff\xfe': 'utf-16', b'\xfe\xff': 'utf-16'}


def find(folder, name):
    """The file of landmarks of a photograph, or None.

    Args:
      folder: where such files are, or the photographs with a folder `detections`.
      name: of the photograph in its folder, 'people/ann.jpg'; letters with accents may be
        stored as one or as two characters, as systems differ in it.
    """
    place = pathlib.PurePosixPath(name)
    for form in (None, 'NFC', 'NFD'):
        for inside in (place, place.parent / DETECTIONS / place.name):
            for ending in ENDINGS:
                wanted = inside.with_suffix(ending).as_posix()
                path = pathlib.Path(folder) / (
                    unicodedata.normalize(form, wanted) if form else wanted)
                if path.is_file():
                    return path
    return None


def read(path):
    """The points [F, 5, 2] float64 of the faces in a file of `find`.

    Raises:
      ValueError: if it is not such a file; names it.
    """
    data = path.read_bytes()
    try:
        text = data.decode(_MARKS.get(data[:2], 'utf-8-sig'))
        points = _of_json(text) if path.suffix == '.json' else _of_text(text)[np.newaxis]
        if not np.isfinite(points).all():
            raise ValueError('NaN or infinity')
    # Of other texts, of numbers of other shapes, and of JSON of anything else.
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        wanted = f'a list of faces with keypoints {", ".join(KEYPOINTS)}'
        raise ValueError(f'{path.name}: expected {wanted if path.suffix == ".json" else WANTED}, '
                         'got another text') from error
    return points


def _of_text(text):
    rows = [[float(number) for number in re.split(r'[\s,;]+', line.strip(' \t,;'))]
            for line in text.splitlines() if line.strip()]
    points = np.array(rows, np.float64)
    if points.shape == (1, 10):
        return points.reshape(5, 2)
    if points.shape == (LANDMARKS, 2):
        return framing.five_points(points)
    if points.shape != (5, 2):
        raise ValueError('another shape')
    return points


def _of_json(text):
    faces = json.loads(text)
    faces = faces if isinstance(faces, list) else [faces]
    points = [[face['keypoints'][name] for name in KEYPOINTS] for face in faces]
    return np.array(points, np.float64).reshape(len(faces), 5, 2)
