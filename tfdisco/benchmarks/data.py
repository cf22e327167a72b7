"""How many real images a second come from a folder of records, without a cache.

Ours beside what it took the place of, which decoded image after image in Python, two
batches side by side. How many threads there are is for the caller to say:
taskset -c 0,1 python scripts/benchmark.py --suite=data
"""

import os
import tempfile

import numpy as np
import tensorflow as tf

from tfdisco.benchmarks import timing
from tfdisco.data.records.index import RecordIndex
from tfdisco.data.records.stream import COLORS, ImageStream
from tfdisco.data.synthetic import dataset as synthetic_set

SIZE, PEOPLE = 256, 32  # pixels of the stored pictures' sides, and how many there are
RESOLUTIONS = (256, 64)  # of the stream
BATCH, BATCHES, SEED = 8, 8, 0
PEER = 'decoded one by one in Python'


def run(rounds=15, folder=None):
    """Times the stream at each of `RESOLUTIONS`.

    Args:
      rounds: timed runs of each, of `BATCHES` batches from the first to the last.
      folder: of records of `SIZE` pixels; None makes one.

    Returns:
      A list of {'name', 'ours_ms', 'peer_ms', 'ratio', 'peer', 'images_per_second',
      'peer_images_per_second', 'size', 'batch', 'threads'}; times are of a batch.
    """
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = made
            synthetic_set.make(synthetic_set.SyntheticSet(
                model='open_head', identities=PEOPLE, per_identity=1, size=SIZE, seed=SEED),
                folder, 1)
        rows = []
        for resolution in RESOLUTIONS:
            ours = ImageStream(folder, resolution, SEED, mirror=False, cache_bytes=0)
            times = timing.paired(_batches(ours.dataset(0, BATCH)),
                                  _batches(one_by_one(folder, resolution)), rounds)
            times.update({name: times[name] / BATCHES for name in ('ours_ms', 'peer_ms')})
            rows.append({
                'name': f'images_{SIZE}_as_{resolution}', **times, 'peer': PEER,
                'images_per_second': 1e3 * BATCH / times['ours_ms'],
                'peer_images_per_second': 1e3 * BATCH / times['peer_ms'],
                'size': SIZE, 'batch': BATCH, 'threads': len(os.sched_getaffinity(0))})
    return rows


def one_by_one(folder, resolution):
    """The peer: the images of a folder in order, again and again, a `tf.data.Dataset`."""
    index = RecordIndex(folder)

    def decode(number):
        feature = tf.train.Example.FromString(index.read(number)).features.feature
        image = tf.io.decode_png(feature['image'].bytes_list.value[0], COLORS).numpy()
        factor = image.shape[0] // resolution
        if factor == 1:
            return image
        blocks = image.reshape(resolution, factor, resolution, factor, COLORS)
        return np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)

    def load(step):
        return tf.numpy_function(
            lambda step: np.stack([decode((BATCH * step + place) % len(index))
                                   for place in range(BATCH)]), [step], tf.uint8)

    return tf.data.Dataset.range(2 ** 62).map(
        load, num_parallel_calls=2, deterministic=True).prefetch(2)


def _batches(dataset):
    """A function that takes `BATCHES` batches with a new iterator."""
    dataset = dataset.take(BATCHES)

    def take():
        for _ in dataset:
            pass

    return take
