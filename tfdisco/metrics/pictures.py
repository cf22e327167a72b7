"""Sets of pictures, batch by batch: people drawn from the face model, records, a folder."""

import itertools
from typing import Iterable, NamedTuple

import numpy as np

from tfdisco import images
from tfdisco.data import coefficients as coefficient_sets
from tfdisco.data.photographs import files as photo_files
from tfdisco.data.records import folder as records
from tfdisco.data.synthetic import dataset as synthetic_set
from tfdisco.metrics.perception.rendered_set import HELD_OUT
from tfdisco.shapes import check_positive

BATCH = 32


class PictureSet(NamedTuple):
    """Pictures that something is compared with.

    source: what they are, for people.
    count: how many.
    batches: to go through once: float32 [B, H, W, 3] in [-1, 1].
    """

    source: str
    count: int
    batches: Iterable


def real(data, model, size, count, seed):
    """What generated faces shall look like.

    Args:
      data: None, for people drawn from the model as training draws them, but none of those;
        or a folder of records.
      model: the `MorphableModel`.
      size: pixels of a side.
      count: of pictures, at most.
      seed: of people drawn.

    Returns:
      `PictureSet`.

    Raises:
      FileNotFoundError: if there is no such folder.
      ValueError: if it holds faces of another model, or of a size that cannot be reduced.
    """
    check_positive('count', count)
    if data is None:
        people = synthetic_set.stream(model, size, HELD_OUT + seed, 1)
        drawn = (person.image for person in itertools.islice(people, count))
        return PictureSet('people drawn from the face model', count, stacked(drawn))
    card = coefficient_sets.check_model(data, model)
    if card.get('size', size) % size:
        raise ValueError(f'data: expected pictures whose side is a multiple of {size}, that of '
                         f'what is measured, got {card["size"]} in {data}; make records of such '
                         'a size')
    count = min(count, int(card['count']))
    whole, rest = divmod(count, BATCH)
    batches = (batch['image'] for batch in records.batches(data, model.layout, BATCH, size))
    cut = (batch if index < whole else batch[:rest] for index, batch in enumerate(
        itertools.islice(batches, whole + bool(rest))))
    return PictureSet(f'{card.get("kind", "faces")} of {data}', count, cut)


def folder(path, count=None):
    """Pictures of a folder or .tar, sorted by name.

    Args:
      path: see `photographs.files.photographs`.
      count: None, or how many at most.

    Returns:
      `PictureSet`.

    Raises:
      FileNotFoundError: if there is no such folder.
      ValueError: if there is no file; while it is gone through, naming the file, if one
        cannot be opened or is of another size than the first.
    """
    found = photo_files.photographs(path)[:count]
    return PictureSet(f'pictures of {path}', len(found), stacked(_opened(found)))


def stacked(pictures):
    """uint8 pictures [H, W, 3] one by one -> batches of `BATCH`, float32 in [-1, 1]."""
    pictures = iter(pictures)
    while batch := list(itertools.islice(pictures, BATCH)):
        yield as_floats(np.stack(batch))


def as_floats(values):
    """uint8 to float32 in [-1, 1]."""
    return np.asarray(values, np.float32) / 127.5 - 1.0


def in_levels(values):
    """Pictures in [-1, 1] as a file would hold them: in 256 levels."""
    return as_floats(images.to_uint8(values))


def _opened(photos):
    wanted = None
    for photo in photos:
        try:
            image = photo_files.decode(photo.read()).image
        except photo_files.UnusablePhotoError as error:
            raise ValueError(f'images: {photo.name}: {error}; take it out of the folder') from error
        wanted = wanted or image.shape
        if image.shape != wanted:
            raise ValueError(f'images: expected pictures of one size, that of the first, '
                             f'{wanted[0]} x {wanted[1]}, got {photo.name} of {image.shape[0]} x '
                             f'{image.shape[1]}; bring them to one size')
        yield image
