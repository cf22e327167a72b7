"""The adversarial game: logistic or relativistic losses, and their regularisers."""

import math

import tensorflow as tf

from tfdisco.shapes import check_shape


def generator_term(fake_logits):
    """-log sigmoid(D(x)) of generated images (Goodfellow et al. 2014), logits [B, 1]: []."""
    check_shape('fake_logits', fake_logits, ['B', 1])
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def discriminator_terms(real_logits, fake_logits):
    """-log D(y) of real images and -log(1 - D(x)) of generated ones.

    Args:
      real_logits, fake_logits: [B, 1].

    Returns:
      {'real', 'fake': []}; their sum is the loss.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('real_logits', real_logits, ['B', 1])
    check_shape('fake_logits', fake_logits, ['B', 1])
    return {'real': tf.reduce_mean(tf.nn.softplus(-real_logits)),
            'fake': tf.reduce_mean(tf.nn.softplus(fake_logits))}


def relativistic_term(logits, others):
    """-log sigmoid(D(a) - D(b)), each image against one of the other kind.

    Of the discriminator a are real and b generated images, of the generator the other way round
    (Jolicoeur-Martineau 2018; Huang et al. 2024, "The GAN is dead; long live the GAN!", Eq. 2).

    Args:
      logits, others: [B, 1], of a and of b.

    Returns:
      [] mean over the pairs.

    Raises:
      ValueError: on wrong shapes.
    """
    check_shape('logits', logits, ['B', 1])
    check_shape('others', others, list(logits.shape))
    return tf.reduce_mean(tf.nn.softplus(others - logits))


def gradient_penalty(discriminate, images):
    """|grad D(y)|^2 (R1, of real images: Mescheder et al. 2018, Eq. 9), without gamma / 2.

    Args:
      discriminate: images to logits [B, 1]; must be differentiable twice.
      images: [B, H, W, 3].

    Returns:
      [] mean over the batch, and the logits [B, 1].
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = discriminate(images)
        total = tf.reduce_sum(logits)
    gradient = tape.gradient(total, images)
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3])), logits


def path_lengths(synthesize, ws, direction):
    """|J^T y|, how much images change with w (Karras et al. 2020, Eq. 4).

    Args:
      synthesize: ws to images [B, H, W, 3]; must be differentiable twice.
      ws: [B, N, W].
      direction: [B, H, W, 3] normal numbers y.

    Returns:
      [B]; the root of the mean over the N of |J^T y|^2, with y divided by the root of the
      number of pixels, so that resolutions compare.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(ws)
        images = synthesize(ws)
        check_shape('direction', direction, list(images.shape))
        pixels = images.shape[1] * images.shape[2]
        total = tf.reduce_sum(images * direction) / math.sqrt(pixels)
    gradient = tape.gradient(total, ws)
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=2), axis=1) + 1e-12)
