"""A mapping network that learns to say what another one says (Hinton et al. 2015).

So a run can go on from a generator whose mapping was of another kind: synthesis keeps what it
has learned, and gets about the same w.
"""

import tensorflow as tf

from tfdisco.factors import NOISE
from tfdisco.networks.factor_mapping import FactorMapping

STEPS, BATCH = 2000, 256
RATE = 0.01  # of Adam at first; falls to 0
NOISE_SHARE = 0.5  # of a face's variance of w that the noise writes at first, see `distil`


def distil(mapping, teacher, inputs, seed=0):
    """Trains a mapping network until it says what another says of random faces.

    Of a sum over factors the noise's part is taught something else. Joint mappings hardly hear
    the noise, and from silence it would not learn to speak: what it ought to rule, such as the
    background, is written by others already. So it begins as another face does, more quietly,
    and training takes away what it must not change.

    Args:
      mapping: trains; [B, inputs.size] -> [B, w_size].
      teacher: such a network.
      inputs: `GeneratorInputs`.
      seed: of the faces.

    Returns:
      Share of the variance of w that is not explained in the end, the noise's part left out; a
      sum over factors cannot say what depends on several at once.
    """
    def faces(step):
        return tf.random.stateless_normal([BATCH, inputs.latents], tf.stack([seed, step]))

    # The latents of the face as which a noise begins.
    others = tf.math.l2_normalize(tf.random.stateless_normal(
        [inputs.noise, inputs.latents], [seed, STEPS]), axis=0)
    middle = tf.reduce_mean(teacher(inputs(faces(STEPS + 1))), axis=0)

    optimizer = tf.keras.optimizers.Adam(
        tf.keras.optimizers.schedules.CosineDecay(RATE, STEPS))
    optimizer.build(mapping.trainable_variables)

    @tf.function(autograph=False)
    def learn(step):
        z = faces(step)
        values = inputs(z)
        wanted = teacher(values)
        with tf.GradientTape() as tape:
            if isinstance(mapping, FactorMapping):
                parts = mapping.parts(values)
                noise = parts.pop(NOISE)
                found = tf.add_n(list(parts.values()))
                other = teacher(inputs(tf.matmul(inputs.split_noise(z)[1], others))) - middle
                total = tf.reduce_mean(tf.square(noise - NOISE_SHARE ** 0.5 * other))
            else:
                found, total = mapping(values), 0.0
            error = tf.reduce_mean(tf.square(found - wanted))
            total += error
        variables = mapping.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables))
        return error / tf.reduce_mean(tf.math.reduce_variance(wanted, axis=0))

    left = [learn(tf.constant(step)) for step in range(STEPS)]
    return float(tf.reduce_mean(left[-max(STEPS // 20, 1):]))
