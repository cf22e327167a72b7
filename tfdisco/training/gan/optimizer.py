"""Adam for the weights of one network, on many replicas."""

import contextlib

import tensorflow as tf

EPSILON = 1e-8  # beside the root of Adam's second moment


class NetworkOptimizer:
    """Adam, shortened where lazy regularisation adds steps (Karras et al. 2020, App. B).

    Attributes:
      adam: the Keras optimiser, which a checkpoint keeps.
    """

    def __init__(self, network, schedule, every=0):
        """See the class.

        Args:
          network: whose weights train.
          schedule: `config.ScheduleConfig`.
          every: steps from one regularisation to the next that is a step of its own; 0 for
            none.
        """
        self._network, self._share = network, every / (every + 1) if every > 1 else 1.0
        self.adam = tf.keras.optimizers.Adam(
            schedule.learning_rate * self._share, beta_1=schedule.beta1 ** self._share,
            beta_2=schedule.beta2 ** self._share, epsilon=EPSILON)
        self.adam.build(network.trainable_variables)

    def set_learning_rate(self, rate):
        """Sets the rate of a training without regularisation."""
        self.adam.learning_rate = rate * self._share

    def forget_moments(self):
        """What Adam knows of gradients is worth nothing where a network grows."""
        for variable in self.adam.variables:
            if 'learning_rate' not in variable.name:
                variable.assign(tf.zeros(variable.shape, variable.dtype))

    @contextlib.contextmanager
    def watching(self):
        """A tape of what depends on the network's weights, and on no other's."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            # Keras 3 has variables of its own, with TensorFlow's inside, which a tape knows.
            tape.watch([variable if isinstance(variable, tf.Variable) else variable.value
                        for variable in self._network.trainable_variables])
            yield tape

    def apply(self, tape, total):
        """One step, in the context of a replica.

        Args:
          tape: of `watching`.
          total: [] the loss, a mean over the replica's part of the batch.

        Returns:
          [] the norm of the gradient of all replicas.
        """
        variables = self._network.trainable_variables
        gradients = [tf.zeros_like(variable) if gradient is None else gradient
                     for gradient, variable in zip(tape.gradient(total, variables), variables)]
        # The optimiser adds up what replicas hand it: divided once, here.
        gradients = replica_mean(gradients)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self.adam.apply_gradients(
            zip([gradient / replicas for gradient in gradients], variables))
        return tf.linalg.global_norm(gradients)


def replica_mean(values):
    """The mean over replicas of what each has; on each."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)
