"""The average of a network's weights over the images it has seen."""

import tensorflow as tf

RAMP_UP = 0.05  # of the images seen: early on, the half-life is this much


def decay(batch, images_seen, half_life_kimg, ramp_up=RAMP_UP):
    """The weight of the old average in a step (Karras et al. 2020, their implementation).

    Args:
      batch: images of the step.
      images_seen: images before it; early on the half-life is `ramp_up` times that.
      half_life_kimg: thousands of images after which weights count half.
      ramp_up: see above; None for none.

    Returns:
      [] float32 from 0 (take the new weights) to below 1.
    """
    half_life = tf.cast(1000.0 * half_life_kimg, tf.float32)
    if ramp_up is not None:
        half_life = tf.minimum(half_life, ramp_up * tf.cast(images_seen, tf.float32))
    return tf.pow(0.5, tf.cast(batch, tf.float32) / tf.maximum(half_life, 1e-8))


def update(average, network, weight):
    """Moves weights towards those of `network`; to be called on each replica alike.

    Args:
      average, network: of one make. Weights that do not train are copied.
      weight: [] of the old average, see `decay`.
    """
    trained = {id(variable) for variable in network.trainable_variables}
    for ours, theirs in zip(average.weights, network.weights):
        new = tf.convert_to_tensor(theirs)
        if id(theirs) in trained:
            new += weight * (tf.convert_to_tensor(ours) - new)
        ours.assign(new)
