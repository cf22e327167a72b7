"""Adam for the weights of one network, on many replicas."""

import contextlib

import tensorflow as tf

EPSILON = 1e-8  # beside the root of Adam's second moment


class NetworkOptimizer:
    """Adam, shortened where lazy regularisation adds steps (Karras et al. 2020, App. B).

    Keras' optimisers sum over replicas by themselves, and show nobody the sum; for its norm,
    everything would be reduced twice. Here it is reduced once, and each replica makes the
    same step of its own copy, by the kernel that TensorFlow has for it.

    Attributes:
      weights: those that train, `tf.Variable`s.
      learning_rate: [] variable.
      beta1, beta2: of the moments.
      first, second: moments, one variable for each weight.
      steps: [] int64 variable, since the moments were forgotten.
      state: what a checkpoint keeps.
    """

    def __init__(self, network, schedule, every=0):
        """See the class; to be made in the scope of the strategy.

        Args:
          network: whose weights train.
          schedule: `config.ScheduleConfig`.
          every: steps from one regularisation to the next that is a step of its own; 0 for
            none.
        """
        self._share = every / (every + 1) if every > 1 else 1.0
        self.beta1, self.beta2 = (beta ** self._share for beta in (schedule.beta1, schedule.beta2))
        # Keras 3 has variables of its own, with TensorFlow's inside.
        self.weights = [variable if isinstance(variable, tf.Variable) else variable.value
                        for variable in network.trainable_variables]
        self.first, self.second = ([
            tf.Variable(tf.zeros(weight.shape, weight.dtype), trainable=False, name=name)
            for weight in self.weights] for name in ('first', 'second'))
        # Each replica comes to the same value by itself.
        self.steps = tf.Variable(tf.zeros([], tf.int64), trainable=False, name='steps',
                                 aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
        self._rate = schedule.learning_rate
        self.learning_rate = tf.Variable(self.shortened(self._rate), trainable=False,
                                         dtype=tf.float32, name='learning_rate')
        self.state = {'first': self.first, 'second': self.second, 'steps': self.steps}

    def shortened(self, rate):
        """The rate here for one of a training without regularisation."""
        return rate * self._share

    def set_learning_rate(self, rate):
        """Sets the rate of a training without regularisation."""
        if rate != self._rate:  # of all steps, few change it
            self._rate = rate
            self.learning_rate.assign(self.shortened(rate))

    def forget_moments(self):
        """What Adam knows of gradients is worth nothing where a network grows."""
        for variable in (*self.first, *self.second, self.steps):
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    @contextlib.contextmanager
    def watching(self):
        """A tape of what depends on the network's weights, and on no other's."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.weights)
            yield tape

    def apply(self, tape, total):
        """One step, in the context of a replica (Kingma & Ba 2015, Algorithm 1).

        Args:
          tape: of `watching`.
          total: [] the loss, a mean over the replica's part of the batch.

        Returns:
          [] the norm of the gradient of all replicas.
        """
        gradients = [tf.zeros_like(weight) if gradient is None else gradient
                     for gradient, weight in zip(tape.gradient(total, self.weights),
                                                 self.weights)]
        # The batch's mean is the mean of the replicas' means: taken here, and nowhere else.
        gradients = replica_mean(gradients)
        done = tf.cast(self.steps + 1, tf.float32)
        powers = [tf.pow(beta, done) for beta in (self.beta1, self.beta2)]
        for weight, first, second, gradient in zip(self.weights, self.first, self.second,
                                                   gradients):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=first.handle, v=second.handle, beta1_power=powers[0],
                beta2_power=powers[1], lr=tf.convert_to_tensor(self.learning_rate),
                beta1=self.beta1, beta2=self.beta2, epsilon=EPSILON, grad=gradient)
        self.steps.assign_add(1)
        return tf.linalg.global_norm(gradients)


def replica_mean(values):
    """The mean over replicas of what each has; on each."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)
