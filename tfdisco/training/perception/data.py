"""The rendered faces that perception networks train on, decoded once and kept in memory."""

import dataclasses

import numpy as np

from tfdisco.data.records import folder as records
from tfdisco.shapes import check_positive

SIZE = 128  # pixels, larger than any network's input: pictures are cut out of it
HELD_OUT = 0.04  # share of the people that no network sees while it trains
READ_AT_ONCE = 256


@dataclasses.dataclass(frozen=True)
class Faces:
    """N faces.

    Attributes:
      image: [N, S, S, 3] uint8.
      masks: [N, S, S, 2] uint8, shares of face and of hair; or None.
      coefficients: [N, K] float32.
      translation: [N, 3] float32 decimetres.
      landmarks: [N, 68, 2] float32, shares of the edge.
      identity: [N] int64.
    """

    image: np.ndarray
    masks: np.ndarray
    coefficients: np.ndarray
    translation: np.ndarray
    landmarks: np.ndarray
    identity: np.ndarray

    def __len__(self):
        """N."""
        return len(self.image)

    def take(self, which):
        """The faces [len(which)] at some places."""
        return Faces(**{name: None if values is None else values[which]
                        for name, values in vars(self).items()})

    def batch(self, which, names):
        """{name: array} of the faces at some places."""
        return {name: getattr(self, name)[which] for name in names}


def load(folder, layout, masks, hair=True):
    """Reads a data set.

    Args:
      folder: of records, see `data.records`.
      layout: the `CoefficientLayout` of its coefficients.
      masks: whether to keep masks, two thirds more memory.
      hair: whether masks need hair; otherwise it is 0 where it is not known.

    Returns:
      `Faces`.

    Raises:
      FileNotFoundError, ValueError: if the folder is not a complete data set, or lacks
        hair masks that are asked for.
    """
    card = records.read_card(folder)
    count = int(card['count'])
    if card['size'] % SIZE:
        raise ValueError(f'data: expected pictures of {SIZE} pixels or a multiple, got '
                         f'{card["size"]} in {folder}')
    arrays, start = {}, 0
    for part in records.batches(folder, layout, READ_AT_ONCE, SIZE):
        values = {'image': _bytes((part['image'] + 1.0) / 2.0),
                  'coefficients': part['coefficients'], 'translation': part['translation'],
                  'landmarks': part['landmarks'] / SIZE, 'identity': part['identity']}
        if masks:
            if hair and not part['has_hair'].all():
                raise ValueError(f'data: expected hair masks, got faces without in {folder}; '
                                 'train parsing on rendered faces')
            values['masks'] = _bytes(np.concatenate([part['face_mask'], part['hair_mask']], -1))
        stop = start + len(part['identity'])
        for name, value in values.items():
            # Whole arrays from the start: joining parts would need the memory twice.
            array = arrays.setdefault(name, np.empty((count, *value.shape[1:]), value.dtype))
            array[start:stop] = value[:max(count - start, 0)]
        start = stop
    if start != count:
        raise ValueError(f'data: expected {count} faces, as the card of {folder} says, got '
                         f'{start}; make the data set again')
    return Faces(**{'masks': None, **arrays})


def hold_out(faces):
    """Faces to train on and held-out ones, which show the last people of the set.

    Raises:
      ValueError: if there are fewer than three people: two are held out at least, to be
        told apart.
    """
    people = np.unique(faces.identity)
    if len(people) < 3:
        raise ValueError(f'data: expected faces of three people at least, got {len(people)}')
    first = people[-max(2, round(HELD_OUT * len(people)))]
    return faces.take(faces.identity < first), faces.take(faces.identity >= first)


def order(count, batch, step, seed):
    """Which faces step `step` (from 1) trains on: all of them, shuffled, again and again.

    Returns:
      [batch] int64. It depends on nothing but the arguments, so that a run can go on.
    """
    check_positive('step', step)
    places = np.arange((step - 1) * batch, step * batch)
    result = np.empty(batch, np.int64)
    for epoch in np.unique(places // count):
        here = places // count == epoch
        shuffled = np.random.default_rng([seed, epoch]).permutation(count)
        result[here] = shuffled[places[here] % count]
    return result


def _bytes(shares):
    return np.rint(255.0 * shares).astype(np.uint8)
