"""A mapping network that learns to say what another one says (Hinton et al. 2015).

So a run can go on from a generator whose mapping was of another kind: synthesis keeps what it
has learned, and gets about the same w.
"""

import tensorflow as tf

STEPS, BATCH = 2000, 256
RATE = 0.01  # of Adam at first; falls to 0


def distil(mapping, teacher, inputs, seed=0):
    """Trains a mapping network until it says what another says of random faces.

    Args:
      mapping: trains; [B, inputs.size] -> [B, w_size].
      teacher: such a network.
      inputs: `GeneratorInputs`.
      seed: of the faces.

    Returns:
      Share of the variance of w that is not explained in the end; a sum over factors cannot
      say what depends on several at once.
    """
    optimizer = tf.keras.optimizers.Adam(
        tf.keras.optimizers.schedules.CosineDecay(RATE, STEPS))
    optimizer.build(mapping.trainable_variables)

    @tf.function(autograph=False)
    def learn(step):
        z = tf.random.stateless_normal([BATCH, inputs.latents], tf.stack([seed, step]))
        values = inputs(z)
        wanted = teacher(values)
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(mapping(values) - wanted))
        variables = mapping.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(error, variables), variables))
        return error / tf.reduce_mean(tf.math.reduce_variance(wanted, axis=0))

    left = [learn(tf.constant(step)) for step in range(STEPS)]
    return float(tf.reduce_mean(left[-max(STEPS // 20, 1):]))
