"""The real images of a package, in the order of `data.records.stream`; without TensorFlow.

images/NAME.npz hold encoded pictures: data, [bytes] uint8, one after the other, and ends,
[n] int64, where each ends. Or images/all.npy holds all, [N, R, R, 3] uint8.
"""

import collections
import concurrent.futures
import io
import os

import numpy as np
from PIL import Image

from tfdisco import files

ARRAY, SHARD = 'all.npy', '{:05d}.npz'
AHEAD = 4  # batches
MIRRORED = 1  # as in `stream`


class Feed:
    """Batches of the endless stream of images.

    Example:
      feed = Feed('package/images', count=5000, seed=0, mirror=True)
      for images in feed.batches(0, 8, resolution=64, last=800):  # [8, 64, 64, 3] uint8
          ...
    """

    def __init__(self, folder, count, seed, mirror, threads=None):
        """See the class.

        Args:
          folder: of images.
          count: how many there are.
          seed, mirror: of `stream.ImageStream`.
          threads: that decode; None for as many as there are processors.

        Raises:
          FileNotFoundError: if there are none.
          ValueError: if they are damaged, or others than said.
        """
        self._seed, self._mirror, self._epochs = seed, mirror, {}
        self._pool = concurrent.futures.ThreadPoolExecutor(threads or os.cpu_count())
        path = os.path.join(folder, ARRAY)
        self._array, self._encoded = None, []
        if os.path.exists(path):
            self._array = _open_array(path)
        else:
            for name in sorted(os.listdir(folder)):
                self._encoded += _read_shard(os.path.join(folder, name))
        self._count = count
        if len(self) != count:
            raise ValueError(f'{folder}: expected {count} images, got {len(self)}; copy the '
                             'package again')

    def __len__(self):
        """Images of an epoch."""
        return len(self._encoded if self._array is None else self._array)

    def batches(self, start, count, resolution, last):
        """Yields the batches of `count` images from the place `start` to `last`."""
        queue = collections.deque()
        for place in range(start, last, count):
            queue.append([self._pool.submit(self.image, place + index, resolution)
                          for index in range(count)])
            if len(queue) > AHEAD:
                yield np.stack([image.result() for image in queue.popleft()])
        for images in queue:
            yield np.stack([image.result() for image in images])

    def image(self, place, resolution):
        """[R, R, 3] uint8: the image at a place of the stream."""
        epoch, within = divmod(place, self._count)
        order, mirrored = self._epoch(epoch)
        image = reduced(self._stored(order[within]), resolution)
        return image[:, ::-1] if mirrored[within] else image

    def _stored(self, number):
        if self._array is not None:
            return self._array[number]
        try:
            return np.asarray(Image.open(io.BytesIO(self._encoded[number])).convert('RGB'))
        except (OSError, SyntaxError, ValueError) as error:
            raise ValueError(f'images: expected a picture, got number {number} that cannot be '
                             f'read ({error}); copy the package again') from error

    def _epoch(self, epoch):
        """[N] order of an epoch and [N] which of its images are mirrored."""
        found = self._epochs.get(epoch)
        if found is None:
            order = np.random.default_rng([self._seed, epoch]).permutation(self._count)
            coins = np.random.default_rng([self._seed, epoch, MIRRORED]).random(self._count)
            found = order, coins < (0.5 if self._mirror else 0.0)
            # Threads are in this epoch, the one before or the next one.
            self._epochs = {**{key: value for key, value in self._epochs.items()
                               if abs(key - epoch) < 3}, epoch: found}
        return found


def reduced(image, resolution):
    """[S, S, 3] uint8 to [R, R, 3]: means of pixels, halves to even, as `stream` has them."""
    factor = len(image) // resolution
    if factor == 1:
        return image
    blocks = image.reshape(resolution, factor, resolution, factor, 3)
    sums = blocks.sum(axis=(1, 3), dtype=np.int64).astype(np.float32)
    return np.rint(sums / np.float32(factor * factor)).astype(np.uint8)


def write_shards(folder, pictures, size):
    """Writes encoded pictures, an iterable of bytes, in files of about `size` bytes."""
    gathered, number = [], 0

    def flush():
        files.write_npz(os.path.join(folder, SHARD.format(number)), {
            'data': np.frombuffer(b''.join(gathered), np.uint8),
            'ends': np.cumsum([len(picture) for picture in gathered], dtype=np.int64)},
            compression=0)

    total = 0
    for picture in pictures:
        if gathered and total + len(picture) > size:
            flush()
            gathered, number, total = [], number + 1, 0
        gathered.append(picture)
        total += len(picture)
    flush()


def _read_shard(path):
    stored = files.read_npz(path, 'pictures', advice='copy the package again', arrays={
        'data': files.Array(files.INTEGERS, [None], np.uint8),
        'ends': files.Array(files.INTEGERS, [None], np.int64)})
    data, ends = stored['data'].tobytes(), stored['ends']
    starts = np.concatenate([[0], ends[:-1]])
    if len(ends) == 0 or (ends <= starts).any() or ends[-1] != len(data):
        raise ValueError(f'{path}: expected ends of pictures in {len(data)} bytes, got others; '
                         'copy the package again')
    return [data[start:end] for start, end in zip(starts, ends)]


def _open_array(path):
    try:
        array = np.load(path, mmap_mode='r', allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f'{path}: expected an array of images, got a file that cannot be read '
                         f'({error}); copy the package again') from error
    if array.ndim != 4 or array.dtype != np.uint8:
        raise ValueError(f'{path}: expected [N, R, R, 3] uint8, got {array.dtype} '
                         f'{list(array.shape)}; copy the package again')
    return array
