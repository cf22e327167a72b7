"""The endless stream of real images that a GAN trains on.

The image at a place of the stream is a function of the seed and the place alone: training
that goes on at some number of images sees what it would have seen, and workers that share
a batch need to agree on nothing.
"""

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from tfdisco.data.records import png
from tfdisco.data.records.index import RecordIndex
from tfdisco.shapes import check_positive

CACHE_BYTES = 1 << 30
COLORS = 3
MIRRORED = 1  # beside the order: which of an epoch's random streams


class ImageStream:
    """Images of a folder of records in a random order, some mirrored, forever.

    Example:
      stream = ImageStream('data/faces', resolution=64, seed=0)
      for images in stream.dataset(start=0, batch=8):  # [8, 64, 64, 3] uint8

    Attributes:
      resolution: pixels of a side; images are reduced by averaging pixels.
      cached: whether all images are kept in memory.
    """

    def __init__(self, folder, resolution, seed, mirror=True, cache_bytes=CACHE_BYTES):
        """See the class.

        Args:
          folder: of `data.records`.
          resolution: a divisor of the stored pictures' side.
          seed: of order and mirroring.
          mirror: whether to mirror every other image, by chance.
          cache_bytes: if all images need no more than this, each is decoded once and kept.

        Raises:
          FileNotFoundError: if there is no such folder.
          ValueError: if it holds no records, or the resolution does not divide their side.
        """
        check_positive('resolution', resolution)
        self.resolution, self._seed, self._mirror = int(resolution), int(seed), mirror
        self._index = RecordIndex(folder)
        self.png(0)  # a wrong resolution shows at once
        self.cached = len(self) * self.resolution ** 2 * COLORS <= cache_bytes
        side = self.resolution
        self._images = np.empty([len(self) if self.cached else 0, side, side, COLORS], np.uint8)
        self._decoded = np.zeros(len(self), bool)
        self._epochs = {}

    def __len__(self):
        """Images of an epoch."""
        return len(self._index)

    def dataset(self, start, batch, shard=(0, 1)):
        """Batches from a place of the stream on.

        Args:
          start: images that come before.
          batch: images of a step, on all workers together.
          shard: (index, count): this worker's part of each batch, the index-th of `count`.

        Returns:
          A `tf.data.Dataset` of [batch / count, R, R, 3] uint8.

        Raises:
          ValueError: on a negative start, or a batch that does not divide.
        """
        check_positive('batch', batch)
        index, count = shard
        if start < 0:
            raise ValueError(f'start: expected 0 or more, got {start}')
        if not 0 <= index < count or batch % count:
            raise ValueError(f'shard: expected one of parts that divide a batch of {batch}, got '
                             f'part {index} of {count}')
        part = batch // count

        def fetch(step):
            first = start + step * batch + index * part
            found = tf.numpy_function(self._fetch, [first, part],
                                      [tf.int64, tf.bool, tf.string, tf.uint8])
            return tuple(tf.ensure_shape(values, [part] + [None] * rank)
                         for values, rank in zip(found, (0, 0, 0, 3)))

        # Python only reads files. What takes long is TensorFlow's, an image a thread.
        return (tf.data.Dataset.range(2 ** 62)
                .map(fetch, num_parallel_calls=2, deterministic=True).unbatch()
                .map(self._draw_image, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
                .batch(part, drop_remainder=True).prefetch(2))

    def _fetch(self, first, count):
        """What the images of `count` places from `first` on are made of.

        Returns:
          [count] numbers of the records, [count] whether to mirror, [count] PNGs, which are
          empty for images that are kept, and [count, R, R, 3] those; without any, R is 1.
        """
        places = [divmod(place, len(self)) for place in range(int(first), int(first) + int(count))]
        numbers = np.array([self._epoch(epoch)[0][within] for epoch, within in places], np.int64)
        mirrored = np.array([self._epoch(epoch)[1][within] for epoch, within in places], bool)
        kept = self._decoded[numbers]
        # One pixel where nothing is kept: TensorFlow's unbatch crashes on images of none.
        images = np.zeros([len(numbers), 1, 1, COLORS], np.uint8)
        if kept.any():
            images = self._images[numbers]  # of those that are not kept, whatever is there
        pngs = [b'' if have else self.png(number) for have, number in zip(kept, numbers)]
        return numbers, mirrored, np.array(pngs, object), images

    def _draw_image(self, number, mirrored, data, kept):
        """[R, R, 3] uint8, in a graph, of what `_fetch` found for one place."""
        image = tf.cond(tf.strings.length(data) > 0, lambda: self._decode(number, data),
                        lambda: kept)
        image = tf.ensure_shape(image, [self.resolution, self.resolution, COLORS])
        return tf.cond(mirrored, lambda: tf.reverse(image, [1]), lambda: image)

    def _decode(self, number, data):
        """[R, R, 3] uint8 of a PNG, in a graph; means are rounded, halves to even."""
        image = tf.io.decode_png(data, COLORS)
        side, factor = self.resolution, tf.shape(image)[0] // self.resolution

        def reduced():
            blocks = tf.reshape(tf.cast(image, tf.float32), [side, factor, side, factor, COLORS])
            # A quotient of whole numbers, where a mean may multiply by a rounded 1 / count.
            means = tf.reduce_sum(blocks, [1, 3]) / tf.cast(factor * factor, tf.float32)
            return tf.cast(tf.round(means), tf.uint8)

        image = tf.cond(factor > 1, reduced, lambda: image)
        if not self.cached:
            return image
        with tf.control_dependencies([tf.numpy_function(self._keep, [number, image], tf.bool)]):
            return tf.identity(image)

    def _keep(self, number, image):
        self._images[number] = image
        self._decoded[number] = True  # last: other threads read it first
        return np.True_

    def _epoch(self, epoch):
        """[N] order of an epoch and [N] which of its images are mirrored."""
        found = self._epochs.get(epoch)
        if found is None:
            found = self._draw(epoch)
            # A batch spans two epochs at times, so the one before is kept.
            self._epochs = {epoch: found, epoch - 1: self._epochs.get(epoch - 1)}
        return found

    def _draw(self, epoch):
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self))
        coins = np.random.default_rng([self._seed, epoch, MIRRORED]).random(len(self))
        return order, coins < (0.5 if self._mirror else 0.0)

    def png(self, number):
        """The PNG of record `number`; raises ValueError unless it is one to be reduced."""
        try:
            feature = tf.train.Example.FromString(self._index.read(number)).features.feature
            data = feature['image'].bytes_list.value[0]
            height, width = png.size(data)
        except (DecodeError, IndexError, ValueError) as error:
            raise ValueError(f'{self._index.name(number)}: expected an image, got a record that '
                             f'holds none ({error}); delete the file and start the command that '
                             'makes the records again') from error
        if height != width or not height or height % self.resolution:
            raise ValueError(f'resolution: expected a divisor of the stored pictures\' side, got '
                             f'{self.resolution} for {height} x {width}; among '
                             + ', '.join(str(height // factor) for factor in (1, 2, 4, 8)
                                         if height % factor == 0) + ' are such')
        return data
