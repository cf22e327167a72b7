"""Rendered people whom no network has been trained on."""

import itertools

from tfdisco.data import coefficients
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.data.synthetic import dataset as synthetic_set
from tfdisco.shapes import check_positive

PICTURES, SIZE = 4, 128  # of a person, and their edge in pixels
RENDERED = 'rendered'  # kind of a card
HELD_OUT = 0x68656C64  # added to the seed: nobody trains on data of so large a one


def drawn(model, count, seed):
    """People whom training does not draw, `PICTURES` of each, made on the way.

    Args:
      model: the `MorphableModel`, one that `data.synthetic` can make pictures of.
      count: people.
      seed: of everything drawn.

    Returns:
      Yields `FaceRecord`s.

    Raises:
      ValueError: if `count` is not positive; once asked for a face, if the model lacks what
        pictures need.
    """
    check_positive('count', count)
    people = synthetic_set.stream(model, SIZE, HELD_OUT + seed, PICTURES)
    return itertools.islice(people, count * PICTURES)


def stored(folder, model, count):
    """The pictures of the first `count` people in a folder of rendered records.

    Args:
      folder: see `data.records`.
      model: the `MorphableModel` of their coefficients.
      count: people, at most.

    Returns:
      Yields `FaceRecord`s.

    Raises:
      FileNotFoundError: if there is no such folder.
      ValueError: if it holds photographs, or people of another model.
    """
    card = coefficients.check_model(folder, model)
    if card.get('kind') != RENDERED:
        raise ValueError(f'{folder}: expected rendered faces, of which all is known, got '
                         f'{card.get("kind")}')
    return _first(records.shards(folder), count)


def _first(paths, count):
    people = set()
    for data in records.serialized(paths):
        record = face_record.read(data)
        if record.identity in people or len(people) < count:
            people.add(record.identity)
            yield record
