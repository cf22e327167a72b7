"""All figures of rendered people, of an estimator whose errors are known."""

import types

import numpy as np
import pytest
from PIL import Image

from tests.face3d import toy
from tfdisco.data.records.face_record import FaceRecord
from tfdisco.metrics.perception import rendered

PEOPLE, PICTURES, SIZE = 12, 3, 16


def faces():
    """Records whose pictures hold their own number, for `Estimator` to know them by."""
    model, rng = toy.model(), np.random.default_rng(0)
    coefficients = toy.people(model, PEOPLE * PICTURES)
    result = []
    for number, row in enumerate(coefficients):
        landmarks = rng.uniform(0, SIZE, (68, 2)).astype(np.float32)
        landmarks[36], landmarks[45] = [4, 6], [12, 6]  # 8 apart
        hair = np.zeros((SIZE, SIZE), np.uint8)
        hair[:8] = 255
        result.append(FaceRecord(
            image=np.full((SIZE, SIZE, 3), number, np.uint8), coefficients=row,
            landmarks=landmarks, face_mask=np.zeros((SIZE, SIZE), np.uint8), hair_mask=hair,
            identity=100 + number // PICTURES, translation=np.zeros(3, np.float32), name='',
            transform=np.eye(2, 3, dtype=np.float32), border=0.0))
    return result


class Estimator:
    """Answers the truth, plus `errors` {coefficient part or 'landmarks': what is added}."""

    def __init__(self, records, **errors):
        self.records, self.errors, self.batches = records, errors, []

    def __call__(self, images):
        self.batches.append(len(images))
        assert images.dtype == np.float32
        known = [self.records[number] for number in
                 np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)]
        coefficients = np.stack([record.coefficients for record in known]).astype(np.float64)
        slices = toy.model().layout.slices
        for part in slices:
            coefficients[:, slices[part]] += self.errors.get(part, 0.0)
        hair = np.stack([record.hair_mask for record in known])[..., np.newaxis] / 255.0
        identity = np.eye(PEOPLE)[[record.identity - 100 for record in known]]
        return types.SimpleNamespace(
            identity=identity + self.errors.get('identity', 0.0), coefficients=coefficients,
            landmarks=(np.stack([record.landmarks for record in known])
                       + self.errors.get('landmarks', 0.0)),
            hair=np.maximum(hair, self.errors.get('hair', 0.0)))


def measured(**errors):
    records = faces()
    return rendered.measure(Estimator(records, **errors), toy.model(), records, 0)[0]


def test_truth_has_no_error():
    fields = measured()
    for name in ('landmark_percent', 'pose_degrees', 'pose_degrees_95', 'illumination_l1',
                 'expression_mm'):
        assert fields[name][:3] == pytest.approx((0, 0, 0), abs=1e-5), name
        assert fields[name].count == PEOPLE * PICTURES
    for name in ('recognition_auc', 'recognition_accuracy', 'hair_iou'):
        assert fields[name][:3] == (1.0, 1.0, 1.0), name
    assert fields['hair_iou'].count == PEOPLE * PICTURES
    assert fields['recognition_auc'].count == 2 * PEOPLE * 3
    assert set(fields) == {'landmark_percent', 'pose_degrees', 'pose_degrees_95',
                           'illumination_l1', 'expression_mm', 'recognition_auc',
                           'recognition_accuracy', 'hair_iou'}


@pytest.mark.parametrize('errors, name, value', [
    ({'pose': [0, 0, np.radians(7)]}, 'pose_degrees', 7.0),  # roll comes last in R
    ({'pose': [0, 0, np.radians(7)]}, 'pose_degrees_95', 7.0),
    ({'landmarks': [0.3, 0.4]}, 'landmark_percent', 100 * 0.5 / 8),
])
def test_a_known_error_is_found_exactly(errors, name, value):
    found, exact = measured(**errors), measured()
    assert found[name][:3] == pytest.approx((value,) * 3, rel=1e-5)
    for other in set(found) - {'pose_degrees', 'pose_degrees_95', name}:
        assert found[other] == exact[other]


def test_each_field_has_its_own_part():
    model = toy.model()
    assert measured(illumination=0.05)['illumination_l1'].value > 0.01
    step = np.linalg.norm(model.arrays['expression_basis'][1][model.face_mask], axis=1).mean()
    assert measured(expression=[0, 0.5])['expression_mm'].value == pytest.approx(50 * step, 1e-4)
    more_hair = np.zeros((SIZE, SIZE, 1))
    more_hair[8:10] = 0.6
    assert measured(hair=more_hair)['hair_iou'][:3] == pytest.approx((0.8,) * 3)
    assert measured(identity=1e20)['recognition_auc'].value == 0.5


def test_the_worst_are_shown(tmp_path):
    records = faces()
    estimator = Estimator(records)
    # Errors of 0, 1, 2 ... pixels.
    records = [record._replace(landmarks=record.landmarks + [number, 0])
               for number, record in enumerate(records)]
    fields, worst = rendered.measure(estimator, toy.model(), records, 0)
    assert estimator.batches == [32, 4]
    assert worst.labels()[0] == f'person {100 + PEOPLE - 1}: {100 * 35 / 8:.1f} %'
    assert len(worst.labels()) == 32 and worst.labels()[-1].endswith(f' {100 * 4 / 8:.1f} %')
    assert fields['landmark_percent'].value == pytest.approx(100 * 17.5 / 8, rel=1e-5)
    worst.write(tmp_path / 'worst.png', 'Worst')
    assert np.asarray(Image.open(tmp_path / 'worst.png')).std() > 10


def test_errors():
    records = faces()
    estimator = Estimator(records)
    with pytest.raises(ValueError, match='faces: expected rendered people, got none'):
        rendered.measure(estimator, toy.model(), [], 0)
    with pytest.raises(ValueError, match='whose hair is known, got ann.jpg'):
        rendered.measure(
            estimator, toy.model(), [records[0]._replace(hair_mask=None, name='ann.jpg')], 0)
    other = records[1]._replace(image=np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match=r'one size, \[16, 16, 3\], got \[8, 8, 3\]'):
        rendered.measure(estimator, toy.model(), [records[0], other], 0)
