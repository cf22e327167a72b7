"""Faces in batches, as networks take them."""

import itertools

import numpy as np


def batches(faces, size):
    """Yields (list of faces, float32 [B, H, W, 3] in [-1, 1]) of faces with uint8 `image`s.

    Raises:
      ValueError: if pictures differ in size.
    """
    faces, wanted = iter(faces), None
    while batch := list(itertools.islice(faces, size)):
        for face in batch:
            wanted = wanted or face.image.shape
            if face.image.shape != wanted:
                raise ValueError(f'faces: expected pictures of one size, {list(wanted)}, got '
                                 f'{list(face.image.shape)}')
        yield batch, np.stack([face.image for face in batch]).astype(np.float32) / 127.5 - 1.0
