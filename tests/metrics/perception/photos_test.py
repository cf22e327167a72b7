"""All figures of photographs, of an estimator whose errors are known."""

import types

import numpy as np
import pytest

from tfdisco.metrics.perception import photos
from tfdisco.metrics.perception.photo_set import GivenAligned

PEOPLE, PICTURES = 20, 2


def faces():
    rng = np.random.default_rng(0)
    result = []
    for number in range(PEOPLE * PICTURES):
        landmarks = rng.uniform(0, 32, (68, 2))
        landmarks[36], landmarks[45] = [6, 10], [26, 10]  # 20 apart
        result.append(GivenAligned(np.full((32, 32, 3), number, np.uint8), landmarks,
                                   f'{number // PICTURES}_{number % PICTURES}.jpg',
                                   number // PICTURES))
    return result


def estimator(shift, jaw=0.0):
    known = faces()

    def observe(images):
        numbers = np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)
        landmarks = np.stack([known[number].landmarks for number in numbers]) + shift
        landmarks[:, :17] += jaw
        return types.SimpleNamespace(landmarks=landmarks,
                                     identity=np.eye(PEOPLE)[numbers // PICTURES])

    return observe


def test_inner_points_and_people_are_measured():
    fields, worst = photos.measure(estimator([0.6, 0.8], jaw=50.0), faces(), 0)
    assert fields['landmark_percent'] == (pytest.approx(5.0), pytest.approx(5.0),
                                          pytest.approx(5.0), 40)
    assert fields['recognition_auc'] == (1.0, 1.0, 1.0, 40)
    assert fields['recognition_accuracy'] == (1.0, 1.0, 1.0, 40)
    assert set(fields) == {'landmark_percent', 'recognition_auc', 'recognition_accuracy'}
    assert len(worst.labels()) == 32 and worst.labels()[0].endswith('.jpg: 5.0 %')


def test_none_is_an_error():
    with pytest.raises(ValueError, match='faces: expected photographs that can be opened'):
        photos.measure(estimator(0.0), [], 0)
