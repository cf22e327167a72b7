"""Folders of TFRecords of faces: one example a face (see `face_record`), a card beside them.

A folder holds `faces-00000-of-00012.tfrecord` and so on, and `card.json`, which is
written last: where it is, the set is complete.
"""

import contextlib
import os
import pathlib
import re

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from tfdisco import factors, files
from tfdisco.data.records import face_record

CARD = 'card.json'
_SHARD = re.compile(r'faces-(\d{5})-of-(\d{5})\.tfrecord')


def dataset(folder, layout, size=None):
    """All faces of a complete set in order: a `tf.data.Dataset` of `face_record.parse`d dicts.

    Raises:
      FileNotFoundError, ValueError: see `read_card` and `shards`; ValueError also if the
        layout is another.
    """
    card = read_card(folder)
    if card.get('layout', None) not in (None, layout_fields(layout)):
        raise ValueError(f'{folder}: expected coefficients {layout_fields(layout)}, got '
                         f'{card["layout"]}; use the morphable model they were made with')
    paths = [str(path) for path in shards(folder)]
    return tf.data.TFRecordDataset(paths).map(
        lambda data: face_record.parse(data, layout, size), num_parallel_calls=tf.data.AUTOTUNE)


def batches(folder, layout, count, size=None):
    """Yields `dataset` by `count` faces at a time, dicts of arrays.

    Raises:
      FileNotFoundError, ValueError: see `dataset`; ValueError also if a file is broken.
    """
    with _reading(folder):
        yield from dataset(folder, layout, size).batch(count).as_numpy_iterator()


def serialized(paths):
    """Yields the records of shards in order, a serialised tf.train.Example each.

    Raises:
      ValueError: if a file is cut off or broken.
    """
    for path in paths:
        with _reading(path):
            yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()


def coefficients(folder):
    """float32 [N, K] coefficients of all faces of a folder, without decoding pictures.

    Raises:
      FileNotFoundError, ValueError: see `shards` and `serialized`; ValueError also if there
        is no face.
    """
    rows = []
    for data in serialized(shards(folder)):
        try:
            feature = tf.train.Example.FromString(data).features.feature
        except DecodeError as error:
            raise ValueError(f'{folder}: expected faces, got a record {len(rows)} of something '
                             f'else ({error}); make them again') from error
        rows.append(np.array(feature['coefficients'].float_list.value, np.float32))
        if len(rows[-1]) != len(rows[0]) or not np.isfinite(rows[-1]).all():
            raise ValueError(f'{folder}: expected {len(rows[0])} finite coefficients of each face, '
                             f'got {len(rows[-1])} or NaN in record {len(rows) - 1}; make them '
                             'again')
    if not rows:
        raise ValueError(f'{folder}: expected at least one face, got none')
    return np.stack(rows)


def layout_fields(layout):
    """{part: size} of a `CoefficientLayout`, as it stands in a card."""
    return {part: int(getattr(layout, part)) for part in factors.COEFFICIENT_PARTS}


def shard_path(folder, index, count):
    """The path of shard `index` of `count`."""
    return pathlib.Path(folder) / f'faces-{index:05d}-of-{count:05d}.tfrecord'


def write_shard(path, faces):
    """Writes an iterable of `FaceRecord`s; the file appears whole or not at all."""
    path = pathlib.Path(path)
    partial = path.with_suffix('.part')
    try:
        with tf.io.TFRecordWriter(str(partial)) as writer:
            for record in faces:
                writer.write(face_record.serialize(record))
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def shards(folder):
    """The paths of a folder's shards in order.

    Raises:
      FileNotFoundError: if there is no such folder.
      ValueError: if it holds no shards, not all of them, or those of two sets.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'expected a folder of face records, got {os.fspath(folder)!r}')
    matches = [match for name in sorted(os.listdir(folder)) if (match := _SHARD.fullmatch(name))]
    counts = {int(match.group(2)) for match in matches}
    if len(counts) != 1:
        raise ValueError(f'{folder}: expected the shards of one set of faces, got '
                         + (f'those of sets of {sorted(counts)}' if counts else 'none')
                         + '; make one with scripts/make_faces.py or scripts/prepare_photos.py')
    if len(matches) != counts.pop():
        raise ValueError(f'{folder}: expected {matches[0].group(2)} shards, got {len(matches)}; '
                         'start the command that makes them again: it goes on where it ended')
    return [pathlib.Path(folder) / match.group(0) for match in matches]


def read_card(folder):
    """The card of a complete set, a dict.

    Raises:
      FileNotFoundError: if there is no such folder or it has no card.
      ValueError: if the card is no JSON object.
    """
    path = pathlib.Path(folder) / CARD
    if not path.exists():
        raise FileNotFoundError(f'expected a folder of face records with its {CARD}, got '
                                f'{os.fspath(folder)!r}; start the command that makes the '
                                'records again: it writes the card last')
    return files.read_json(path, 'delete it and start the command that makes the records again')


def write_card(folder, card):
    """Writes the card; it appears whole or not at all."""
    files.write_json(os.path.join(folder, CARD), card)


@contextlib.contextmanager
def _reading(source):
    """Makes TensorFlow's error on a broken record a ValueError that names file or folder."""
    try:
        yield
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f'{source}: expected whole records, got {error.message}; delete what is '
                         'broken and start the command that makes the records again') from error
