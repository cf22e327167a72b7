"""What the discriminators of all architectures have in common: their last layers."""

import tensorflow as tf

from tfdisco.networks.layers import minibatch_stddev
from tfdisco.networks.network import ConfiguredNetwork


class BaseDiscriminator(ConfiguredNetwork):
    """Images to logits that they are real.

    A subclass makes its layers, those of `_judge` among them: `conv`, `dense` and `logit`.
    """

    def call(self, images, fade=1.0):
        """Judges images.

        Args:
          images: [B, R, R, 3] in [-1, 1]; B known, for the statistics of groups. R is the
            config's resolution, or one below it for an architecture that grows.
          fade: see `BaseGenerator.synthesis`; 1 for an architecture that does not grow.

        Returns:
          [B, 1] logits, float32.

        Raises:
          ValueError: on a wrong shape or value.
        """
        raise NotImplementedError

    def _judge(self, values):
        """[B, 4, 4, C] of any type to logits."""
        values = self.conv(minibatch_stddev(tf.cast(values, tf.float32),
                                            self.config.minibatch_group))
        _, height, width, channels = values.shape
        return self.logit(self.dense(tf.reshape(values, [-1, height * width * channels])))
