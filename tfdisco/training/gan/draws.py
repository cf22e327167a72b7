"""The random numbers of one step of GAN training.

Every one is a function of the seed, of the images seen before the step and of its image's
place in the batch. So a run that goes on from a snapshot draws what it would have drawn,
and a replica draws the numbers of its own images alone, which are the same however the
batch is split.
"""

import math

import numpy as np
import tensorflow as tf

from tfdisco.shapes import check_choice

# What a random number is for; keeps the streams of one step apart.
STREAMS = ('faces', 'pairs', 'faces_noise', 'fakes', 'fakes_noise', 'path', 'path_noise',
           'direction', 'augment_real', 'augment_fake', 'augment_face')
PHILOX, BLOCK = 1, 4  # number of the algorithm, and how many values it has for one counter


class Draws:
    """What a replica draws in one step; to be made where the replica runs.

    Attributes:
      images_seen: [] int64 tensor, before the step.
      batch: of all replicas.
    """

    def __init__(self, seed, images_seen, batch, replicas, replica=None):
        """See the class.

        Args:
          seed: an integer.
          images_seen, batch: see the class.
          replicas: how many there are; the batch divides by them.
          replica: number of this one; None for that of the context.
        """
        self.images_seen, self.batch, self._seed = tf.identity(images_seen), batch, seed
        self._images, self._replicas = batch // replicas, replicas
        if replica is None:
            # Known while the graph is made. As a tensor it would be of a kind that TensorFlow's
            # GPU kernels keep in the memory of the host.
            replica = int(tf.get_static_value(
                tf.distribute.get_replica_context().replica_id_in_sync_group))
        self._replica, self._before = replica, replica * self._images

    def normal(self, stream, shape):
        """This replica's part [batch / replicas, *shape] of N(0, 1) for the whole batch.

        Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed by
        seed and stream; its counter holds the images seen and, below, the blocks of values of
        the batch's images before this one.

        Raises:
          ValueError: if there is no such stream.
        """
        check_choice('stream', stream, STREAMS)
        size = math.prod(shape)
        blocks = -(-size // BLOCK)
        key = (int(self._seed) * len(STREAMS) + STREAMS.index(stream)) % 2 ** 64
        # `tf.random.stateless_normal` makes key and counter of its seed on the host.
        counter = tf.stack([tf.constant(self._before * blocks, tf.int64), self.images_seen])
        values = tf.raw_ops.StatelessRandomNormalV2(
            shape=[self._images, blocks * BLOCK], key=np.array([key], np.uint64),
            counter=tf.cast(counter, tf.uint64), alg=PHILOX)
        return tf.reshape(values[:, :size], [self._images, *shape])

    def faces(self, stream, latents, sides):
        """Latents [b, latents], and noise maps [[b, side, side, 1]] of the stream's own."""
        noise = self.normal(f'{stream}_noise', [sum(side * side for side in sides)])
        maps = tf.split(noise, [side * side for side in sides], axis=1)
        return self.normal(stream, [latents]), [
            tf.reshape(part, [-1, side, side, 1]) for side, part in zip(sides, maps)]

    def turns(self, share):
        """The numbers of this replica's pairs in the whole training: [share * batch / replicas].

        Raises:
          ValueError: if that is no whole number of pairs.
        """
        count = share * self.batch
        if count % self._replicas or count < 1:
            raise ValueError(f'pair_share: expected a whole number of pairs on each of '
                             f'{self._replicas} replicas, got {share} of {self.batch} images')
        own = int(count) // self._replicas
        first = self.images_seen // self.batch * int(count) + self._replica * own
        return first + np.arange(own)
