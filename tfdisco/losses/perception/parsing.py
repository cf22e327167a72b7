"""How well a picture is taken apart into background, face and hair."""

import tensorflow as tf

from tfdisco.perception.parsing import CLASSES
from tfdisco.shapes import check_shape


def labels(face_mask, hair_mask):
    """[..., 1] shares of face and hair -> [..., 3] shares of `CLASSES`, which add up to 1."""
    face, hair = (tf.clip_by_value(mask, 0.0, 1.0) for mask in (face_mask, hair_mask))
    face = tf.minimum(face, 1.0 - hair)  # both were rounded
    return tf.concat([1.0 - face - hair, face, hair], axis=-1)


def cross_entropy_term(logits, shares, weight):
    """Cross-entropy with soft labels, which is least where softmax(logits) = shares.

    Args:
      logits: [B, H, W, 3].
      shares: [B, H, W, 3] of `labels`.
      weight: [B, H, W, 1], 0 where nothing is known.

    Returns:
      [] weighted mean over the pixels, nats.

    Raises:
      ValueError: on wrong shapes.
    """
    _check(logits, shares, weight)
    entropy = tf.nn.softmax_cross_entropy_with_logits(labels=shares, logits=logits)
    weight = weight[..., 0]
    return tf.reduce_sum(entropy * weight) / tf.maximum(tf.reduce_sum(weight), 1.0)


def overlap_term(logits, shares, weight):
    """1 - the soft intersection over union of hair, of the whole batch.

    With shares p and t that is sum(min(p, t)) / sum(max(p, t)). The batch is one
    picture here, as one without hair has no overlap of its own.

    Args and errors are those of `cross_entropy_term`.

    Returns:
      [], from 0 (equal) to 1.
    """
    _check(logits, shares, weight)
    hair = CLASSES.index('hair')
    found, true = tf.nn.softmax(logits)[..., hair], shares[..., hair]
    weight = weight[..., 0]
    both = tf.reduce_sum(weight * tf.minimum(found, true))
    either = tf.reduce_sum(weight * tf.maximum(found, true))
    return 1.0 - (both + 1.0) / (either + 1.0)


def _check(logits, shares, weight):
    check_shape('logits', logits, ['B', 'H', 'W', len(CLASSES)])
    check_shape('shares', shares, list(logits.shape))
    check_shape('weight', weight, [*logits.shape[:3], 1])
