"""One face, rendered or photographed, and its form as a tf.train.Example."""

import io
from typing import NamedTuple, Optional

import numpy as np
import tensorflow as tf
from PIL import Image

from tfdisco.shapes import check_positive, check_shape

LANDMARKS = 68


class FaceRecord(NamedTuple):
    """One face.

    Attributes:
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


def _png(values):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format='PNG', compress_level=3)
    return stream.getvalue()


def _box(picture, size, factor):
    """[H, W, C] -> [size, size, C], means over factor x factor pixels."""
    blocks = tf.reshape(picture, [size, factor, size, factor, picture.shape[-1]])
    return tf.reduce_mean(blocks, axis=[1, 3])
