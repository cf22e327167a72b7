"""The random numbers of one step of GAN training.

Every one is a function of the seed and of the images seen, and is drawn for the global
batch, of which each replica takes its part. So a run that goes on from a snapshot draws
what it would have drawn, and how a batch is split over replicas changes nothing.
"""

import tensorflow as tf

from tfdisco.shapes import check_choice

# What a random number is for; keeps the streams of one step apart.
STREAMS = ('faces', 'pairs', 'faces_noise', 'fakes', 'fakes_noise', 'path', 'path_noise',
           'direction')


class Draws:
    """What a replica draws in one step; to be made where the replica runs.

    Attributes:
      batch: of all replicas.
    """

    def __init__(self, seed, images_seen, batch, replicas):
        """Takes the seed, a [] int64 tensor, and numbers of images and replicas."""
        self._images_seen = tf.cast(images_seen, tf.int64)
        self._seed = tf.stack([tf.constant(seed, tf.int64), tf.identity(images_seen)])
        self.batch, self._replicas = batch, replicas
        self._replica = tf.distribute.get_replica_context().replica_id_in_sync_group

    def normal(self, stream, shape):
        """This replica's part [batch / replicas, *shape] of N(0, 1) for the whole batch.

        Raises:
          ValueError: if there is no such stream.
        """
        check_choice('stream', stream, STREAMS)
        seed = tf.random.experimental.stateless_fold_in(self._seed, STREAMS.index(stream))
        values = tf.random.stateless_normal([self.batch, *shape], seed)
        parts = tf.reshape(values, [self._replicas, self.batch // self._replicas, *shape])
        return parts[self._replica]

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
        first = (self._images_seen // self.batch * int(count)
                 + tf.cast(self._replica, tf.int64) * own)
        return first + tf.range(own, dtype=tf.int64)
