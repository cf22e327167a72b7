"""Perception on rendered people, of whom everything is known."""

import collections

import numpy as np

from tfdisco.metrics import face_errors, statistics
from tfdisco.metrics.batches import batches
from tfdisco.metrics.perception.verification import verification
from tfdisco.metrics.perception.worst import Worst

BATCH = 32
MOST_PAIRS = 3000  # of one person; as many of two


def measure(observe, model, faces, seed):
    """All figures of a perception on rendered faces.

    Args:
      observe: takes float32 [B, H, W, 3] in [-1, 1]; returns an object with identity
        [B, D], coefficients [B, K], landmarks [B, 68, 2] pixels and hair [B, H, W, 1]
        probability.
      model: the `MorphableModel` of the coefficients.
      faces: yields `FaceRecord`s with hair masks, pictures of one size.
      seed: of pairs, folds and intervals.

    Returns:
      {field: `Estimate`} and the `Worst` of them by landmarks. The fields:
        landmark_percent: all 68, see `face_errors.landmark_percent`.
        pose_degrees, pose_degrees_95: mean, and what 95 % of pictures do not exceed.
        illumination_l1, expression_mm: means, see `face_errors`.
        recognition_auc, recognition_accuracy: see `verification`.
        hair_iou: intersection over union of the hair of all pictures together.

    Raises:
      ValueError: if there is no face, or one without a hair mask.
    """
    found, worst = collections.defaultdict(list), Worst()
    for records, images in batches(faces, BATCH):
        seen = observe(images)
        for name, values in _errors(model, seen, records).items():
            found[name].append(values)
        found['identity'].append(np.asarray(seen.identity))
        found['person'].append(np.array([record.identity for record in records]))
        for record, error, points in zip(records, found['landmark_percent'][-1],
                                         np.asarray(seen.landmarks)):
            worst.add(error, record.image, record.landmarks, points,
                      f'person {record.identity}: {error:.1f} %')
    if not found:
        raise ValueError('faces: expected rendered people, got none')
    found = {name: np.concatenate(parts) for name, parts in found.items()}
    persons = found['person']
    fields = {name: statistics.mean(found[name], persons, seed)
              for name in ('landmark_percent', 'pose_degrees')}
    fields['pose_degrees_95'] = statistics.quantile(found['pose_degrees'], 0.95, persons, seed)
    fields.update({name: statistics.mean(found[name], persons, seed)
                   for name in ('illumination_l1', 'expression_mm')})
    fields.update(verification(found['identity'], persons, MOST_PAIRS, seed))
    fields['hair_iou'] = statistics.ratio(found['hair_both'], found['hair_either'], persons, seed)
    return fields, worst


def _errors(model, seen, records):
    """{name: [B]} of a batch."""
    for record in records:
        if record.hair_mask is None:
            raise ValueError('faces: expected rendered people, whose hair is known, got '
                             f'{record.name or "one without a hair mask"}')
    true = model.layout.split(np.stack([record.coefficients for record in records]))
    estimated = model.layout.split(np.asarray(seen.coefficients))
    hair = np.stack([record.hair_mask for record in records]) / 255.0
    both, either = face_errors.overlap(np.asarray(seen.hair)[..., 0], hair)
    landmarks = np.stack([record.landmarks for record in records])
    return {
        'landmark_percent': face_errors.landmark_percent(np.asarray(seen.landmarks), landmarks),
        'pose_degrees': face_errors.pose_degrees(estimated.pose, true.pose),
        'illumination_l1': face_errors.illumination_l1(estimated.illumination,
                                                       true.illumination),
        'expression_mm': face_errors.expression_mm(model, estimated.expression,
                                                   true.expression),
        'hair_both': both, 'hair_either': either,
    }
