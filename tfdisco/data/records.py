"""TFRecords of faces, rendered or photographed: one example a face, a card beside them.

A folder holds `faces-00000-of-00012.tfrecord` and so on, and `card.json`, which is
written last: where it is, the set is complete.
"""

import contextlib
import io
import json
import os
import pathlib
import re
from typing import NamedTuple, Optional

import numpy as np
import tensorflow as tf
from PIL import Image

from tfdisco import factors, files
from tfdisco.shapes import check_positive, check_shape

CARD = 'card.json'
LANDMARKS = 68
_SHARD = re.compile(r'faces-(\d{5})-of-(\d{5})\.tfrecord')


class FaceRecord(NamedTuple):
    """One face.

    image: uint8 [H, W, 3].
    coefficients: float32 [layout.size].
    landmarks: float32 [68, 2] pixels of `image`.
    face_mask: uint8 [H, W], 255 times the share of the pixel that shows the morphable
      model's face region; in rendered faces without what hair and glasses hide, which is
      unknown in photographs.
    hair_mask: uint8 [H, W], likewise of hair; None where unknown (photographs).
    identity: number of the person.
    translation: float32 [3] decimetres; zero in rendered faces, small in photographs.
    name: the source's file name; '' for a rendered face.
    transform: float32 [2, 3], pixel of the photograph -> pixel of `image`.
    border: share of `image` that lies outside the photograph and was filled.
    """

    image: np.ndarray
    coefficients: np.ndarray
    landmarks: np.ndarray
    face_mask: np.ndarray
    hair_mask: Optional[np.ndarray]
    identity: int
    translation: np.ndarray = np.zeros(3, np.float32)
    name: str = ''
    transform: np.ndarray = np.eye(2, 3, dtype=np.float32)
    border: float = 0.0


def serialize(record):
    """A `FaceRecord` as the bytes of a tf.train.Example.

    Raises:
      ValueError: if a field's shape or type is wrong, or a number is not finite.
    """
    check_shape('image', record.image, [None, None, 3])
    size = list(record.image.shape[:2])
    masks = {'face_mask': record.face_mask, 'hair_mask': record.hair_mask}
    present = {name: mask for name, mask in masks.items() if mask is not None}
    for name, mask in present.items():
        check_shape(name, mask, size)
    for name, value in {'image': record.image, **present}.items():
        if value.dtype != np.uint8:
            raise ValueError(f'{name}: expected uint8, got {value.dtype}')
    numbers = {'coefficients': [None], 'landmarks': [LANDMARKS, 2], 'translation': [3],
               'transform': [2, 3], 'border': []}
    features = {}
    for name, shape in numbers.items():
        value = np.asarray(getattr(record, name), np.float32)
        check_shape(name, value, shape)
        if not np.isfinite(value).all():
            raise ValueError(f'{name}: expected finite numbers, got NaN or infinity')
        features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value.ravel()))
    texts = {'image': _png(record.image), 'name': record.name.encode('utf-8'),
             **{name: _png(mask) for name, mask in present.items()}}
    features.update({name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                     for name, value in texts.items()})
    features['identity'] = tf.train.Feature(
        int64_list=tf.train.Int64List(value=[int(record.identity)]))
    return tf.train.Example(
        features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def read(serialized):
    """The `FaceRecord` in the bytes of a tf.train.Example."""
    feature = tf.train.Example.FromString(serialized).features.feature

    def floats(name, *shape):
        return np.array(feature[name].float_list.value, np.float32).reshape(shape)

    def picture(name):
        content = feature[name].bytes_list.value if name in feature else ()
        return np.asarray(Image.open(io.BytesIO(content[0]))) if content else None

    return FaceRecord(
        image=picture('image'), coefficients=floats('coefficients', -1),
        landmarks=floats('landmarks', LANDMARKS, 2), face_mask=picture('face_mask'),
        hair_mask=picture('hair_mask'), identity=feature['identity'].int64_list.value[0],
        translation=floats('translation', 3),
        name=feature['name'].bytes_list.value[0].decode('utf-8'),
        transform=floats('transform', 2, 3), border=float(floats('border')))


def parse(serialized, layout, size=None):
    """Takes an example apart inside a graph.

    Args:
      serialized: a scalar string tensor.
      layout: the `CoefficientLayout` of its coefficients.
      size: None, or the edge to reduce square pictures to, a divisor of their own; pixels
        are averaged, landmarks and the photograph's transform are scaled.

    Returns:
      A dict: image [H, W, 3] float32 in [-1, 1]; face_mask and hair_mask [H, W, 1] in
      [0, 1] (zero without hair labels, when `has_hair` is False); coefficients,
      landmarks, translation, transform, border float32; identity int64; name string.

    Raises:
      tf.errors.InvalidArgumentError: if pictures are not square or not divisible by size.
    """
    def numbers(*shape):
        return tf.io.FixedLenFeature(shape, tf.float32)

    text = tf.io.FixedLenFeature([], tf.string)
    found = tf.io.parse_single_example(serialized, {
        'image': text, 'face_mask': text,
        'hair_mask': tf.io.FixedLenFeature([], tf.string, ''),
        'coefficients': numbers(layout.size), 'landmarks': numbers(LANDMARKS, 2),
        'translation': numbers(3), 'transform': numbers(2, 3), 'border': numbers(),
        'identity': tf.io.FixedLenFeature([], tf.int64), 'name': text})
    image = tf.cast(tf.io.decode_png(found['image'], channels=3), tf.float32)
    face = tf.cast(tf.io.decode_png(found['face_mask'], channels=1), tf.float32)
    found['has_hair'] = tf.strings.length(found['hair_mask']) > 0
    hair = tf.cond(found['has_hair'],
                   lambda: tf.cast(tf.io.decode_png(found['hair_mask'], channels=1), tf.float32),
                   lambda: tf.zeros_like(face))
    if size is not None:
        check_positive('size', size)
        edge = tf.shape(image)[0]
        with tf.control_dependencies([
                tf.debugging.assert_equal(edge, tf.shape(image)[1], 'image: expected a square'),
                tf.debugging.assert_equal(edge % size, 0,
                                          f'size: expected a divisor of the edge, got {size}')]):
            factor = edge // size
        image, face, hair = (_box(picture, size, factor) for picture in (image, face, hair))
        scale = 1.0 / tf.cast(factor, tf.float32)
        found['landmarks'] *= scale
        found['transform'] *= scale
    return {**found, 'image': image / 127.5 - 1.0, 'face_mask': face / 255.0,
            'hair_mask': hair / 255.0}


def dataset(folder, layout, size=None):
    """All faces of a complete set in order, as a `tf.data.Dataset` of `parse`d dicts.

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
        lambda data: parse(data, layout, size), num_parallel_calls=tf.data.AUTOTUNE)


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
        feature = tf.train.Example.FromString(data).features.feature
        rows.append(np.array(feature['coefficients'].float_list.value, np.float32))
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
                writer.write(serialize(record))
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
    try:
        card = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path}: expected JSON, got a file that is none ({error})') from error
    if not isinstance(card, dict):
        raise ValueError(f'{path}: expected a JSON object, got {type(card).__name__}')
    return card


def write_card(folder, card):
    """Writes the card; it appears whole or not at all."""
    with files.replacing(os.path.join(folder, CARD)) as file:
        file.write((json.dumps(card, indent=1) + '\n').encode())


def _png(values):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format='PNG', compress_level=3)
    return stream.getvalue()


def _box(picture, size, factor):
    """[H, W, C] -> [size, size, C], means over factor x factor pixels."""
    blocks = tf.reshape(picture, [size, factor, size, factor, picture.shape[-1]])
    return tf.reduce_mean(blocks, axis=[1, 3])


@contextlib.contextmanager
def _reading(source):
    """Makes TensorFlow's error on a broken record a ValueError that names file or folder."""
    try:
        yield
    except tf.errors.DataLossError as error:
        raise ValueError(f'{source}: expected whole records, got {error.message}; delete what is '
                         'broken and start the command that makes the records again') from error
