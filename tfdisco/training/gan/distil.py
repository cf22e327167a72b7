"""A mapping network that learns to say what another one says (Hinton et al. 2015).

So a run can go on from a generator whose mapping was of another kind: synthesis keeps what it
has learned, and gets about the same w.
"""

import tensorflow as tf

from tfdisco.factors import NOISE
from tfdisco.networks.factor_mapping import FactorMapping

STEPS, BATCH = 2000, 256
RATE = 0.01  # of Adam at first; falls to 0
NOISE_SHARE = 0.5  # of the noise's variance of w at first, beside the teacher's


def distil(mapping, teacher, inputs, seed=0):
    """Trains a mapping network until it says what another says of random faces.

    Of a sum over factors the noise's part stays as it is, made loud enough: joint mappings hardly
    hear the noise, and what it ought to rule, such as the background, is written by others. From
    silence it would not learn to speak.

    Args:
      mapping: trains; [B, inputs.size] -> [B, w_size].
      teacher: such a network.
      inputs: `GeneratorInputs`.
      seed: of the faces.

    Returns:
      Share of the variance of w that is not explained in the end, the noise's part left out; a
      sum over factors cannot say what depends on several at once.
    """
    variables = mapping.trainable_variables
    if isinstance(mapping, FactorMapping):
        variables = [weight for factor in mapping.sizes if factor != NOISE
                     for layer in mapping.part_layers(factor)
                     for weight in layer.trainable_variables]
    optimizer = tf.keras.optimizers.Adam(
        tf.keras.optimizers.schedules.CosineDecay(RATE, STEPS))
    optimizer.build(variables)

    @tf.function(autograph=False)
    def learn(step):
        values = inputs(_latents(inputs, seed, step))
        wanted = teacher(values)
        with tf.GradientTape() as tape:
            found = mapping(values) if not isinstance(mapping, FactorMapping) else tf.add_n(
                [part for factor, part in mapping.parts(values).items() if factor != NOISE])
            error = tf.reduce_mean(tf.square(found - wanted))
        optimizer.apply_gradients(zip(tape.gradient(error, variables), variables))
        return error / tf.reduce_mean(tf.math.reduce_variance(wanted, axis=0))

    left = [learn(tf.constant(step)) for step in range(STEPS)]
    if isinstance(mapping, FactorMapping):
        values = inputs(_latents(inputs, seed, STEPS))
        noise, wanted = (tf.reduce_mean(tf.math.reduce_variance(ws, axis=0)) for ws in (
            mapping.parts(values)[NOISE], teacher(values)))
        mapping.scale_part(NOISE, tf.sqrt(NOISE_SHARE * wanted / noise))
    return float(tf.reduce_mean(left[-max(STEPS // 20, 1):]))


def _latents(inputs, seed, step):
    return tf.random.stateless_normal([BATCH, inputs.latents], tf.stack([seed, step]))
