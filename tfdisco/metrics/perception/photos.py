"""Perception on photographs whose landmarks and people's names are given."""

import numpy as np

from tfdisco.metrics import face_errors, statistics
from tfdisco.metrics.batches import batches
from tfdisco.metrics.perception.verification import verification
from tfdisco.metrics.perception.worst import Worst

BATCH = 32
MOST_PAIRS = 3000  # of one person; as many of two


def measure(observe, faces, seed):
    """All figures of a perception on aligned photographs.

    Args:
      observe: takes float32 [B, H, W, 3] in [-1, 1]; returns an object with identity
        [B, D] and landmarks [B, 68, 2] pixels.
      faces: yields `photo_set.GivenAligned`.
      seed: of pairs, folds and intervals.

    Returns:
      {field: `Estimate`} and the `Worst` of them by landmarks. The fields:
        landmark_percent: the inner 51, see `face_errors.landmark_percent`.
        recognition_auc, recognition_accuracy: see `verification`.

    Raises:
      ValueError: if there is no face.
    """
    errors, features, persons, worst = [], [], [], Worst()
    for batch, images in batches(faces, BATCH):
        seen = observe(images)
        points = np.asarray(seen.landmarks)
        errors.append(face_errors.landmark_percent(
            points, np.stack([face.landmarks for face in batch]), face_errors.INNER))
        features.append(np.asarray(seen.identity))
        persons += [face.person for face in batch]
        for face, error, estimated in zip(batch, errors[-1], points):
            worst.add(error, face.image, face.landmarks, estimated, f'{face.name}: {error:.1f} %')
    if not errors:
        raise ValueError('faces: expected photographs that can be opened and aligned, got none')
    fields = {'landmark_percent': statistics.mean(np.concatenate(errors), persons, seed),
              **verification(np.concatenate(features), persons, MOST_PAIRS, seed)}
    return fields, worst
