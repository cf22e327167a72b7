"""The endless stream of real images that a GAN trains on.

The image at a place of the stream is a function of the seed and the place alone: training
that goes on at some number of images sees what it would have seen, and workers that share
a batch need to agree on nothing.
"""

import numpy as np
import tensorflow as tf

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
        self._decode(0)  # a wrong resolution shows at once
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
        shape = [part, self.resolution, self.resolution, COLORS]

        def load(step):
            first = start + step * batch + index * part
            images = tf.numpy_function(self._load, [first, part], tf.uint8)
            return tf.ensure_shape(images, shape)

        return tf.data.Dataset.range(2 ** 62).map(
            load, num_parallel_calls=2, deterministic=True).prefetch(2)

    def _load(self, first, count):
        images = []
        for place in range(int(first), int(first) + int(count)):
            epoch, within = divmod(place, len(self))
            order, mirrored = self._epoch(epoch)
            image = self._image(order[within])
            images.append(image[:, ::-1] if mirrored[within] else image)
        return np.stack(images)

    def _image(self, number):
        if not self.cached:
            return self._decode(number)
        if not self._decoded[number]:
            self._images[number] = self._decode(number)
            self._decoded[number] = True  # last: other threads read it first
        return self._images[number]

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

    def _decode(self, number):
        """Image `number` of the folder, [R, R, 3] uint8."""
        try:
            feature = tf.train.Example.FromString(self._index.read(number)).features.feature
            image = tf.io.decode_png(feature['image'].bytes_list.value[0], COLORS).numpy()
        except Exception as error:
            raise ValueError(f'{self._index.name(number)}: expected an image, got a record that '
                             f'holds none ({error}); delete the file and start the command that '
                             'makes the records again') from error
        height, width, _ = image.shape
        if height != width or height % self.resolution:
            raise ValueError(f'resolution: expected a divisor of the stored pictures\' side, got '
                             f'{self.resolution} for {height} x {width}; among '
                             + ', '.join(str(height // factor) for factor in (1, 2, 4, 8)
                                         if height % factor == 0) + ' are such')
        factor = height // self.resolution
        if factor == 1:
            return image
        blocks = image.reshape(self.resolution, factor, self.resolution, factor, COLORS)
        return np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
