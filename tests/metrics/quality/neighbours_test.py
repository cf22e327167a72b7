"""Precision and recall against a loop over all pairs, and on sets whose overlap is known."""

import numpy as np
import pytest

from tfdisco.metrics.quality import neighbours


def by_loop(points, centres, neighbour):
    radii = [np.sort(np.linalg.norm(centres - centre, axis=1))[neighbour] for centre in centres]
    return np.array([any(np.linalg.norm(point - centre) <= radius
                         for centre, radius in zip(centres, radii)) for point in points])


@pytest.mark.parametrize('rows', [7, 512])
def test_as_by_a_loop_over_pairs(monkeypatch, rows):
    monkeypatch.setattr(neighbours, 'ROWS', rows)
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(40, 4)), 0.8 * rng.normal(size=(31, 4)) + 0.7
    precision, recall = neighbours.precision_recall(real, generated)
    np.testing.assert_array_equal(precision, by_loop(generated, real, 3))
    np.testing.assert_array_equal(recall, by_loop(real, generated, 3))
    assert 0 < precision.mean() < 1 and 0 < recall.mean() < 1


def test_known_sets():
    real = np.arange(10.0)[:, np.newaxis]  # balls of radius 2 inside, 3 at the ends
    precision, recall = neighbours.precision_recall(real, np.array([[-3.0], [-3.1], [4.5], [12.0],
                                                                    [30.0]]))
    assert precision.tolist() == [True, False, True, True, False]
    # One mode left out: all that is generated is real, and half of what is real is generated.
    left, right = np.random.default_rng(0).uniform(size=(2, 60, 2)) + [[[0, 0]], [[50, 0]]]
    precision, recall = neighbours.precision_recall(np.concatenate([left, right]), left)
    assert precision.mean() == 1 and recall.mean() == 0.5 and not recall[60:].any()


def test_far_from_the_origin():
    points = np.random.default_rng(0).normal(size=(30, 3))
    near, far = (neighbours.precision_recall(points + shift, points[::-1] + shift + 0.3)
                 for shift in (0.0, 1000.0))
    np.testing.assert_array_equal(near[0], far[0])
    np.testing.assert_array_equal(near[1], far[1])


def test_bad_features_are_refused():
    good = np.random.default_rng(0).normal(size=(10, 3))
    with pytest.raises(ValueError, match='generated: expected more than 3 pictures.*got 3'):
        neighbours.precision_recall(good, good[:3])
    with pytest.raises(ValueError, match='real: expected finite features, got NaN'):
        neighbours.precision_recall(good * np.nan, good)
    with pytest.raises(ValueError, match=r'generated: expected shape \[M, 3\], got \[10, 2\]'):
        neighbours.precision_recall(good, good[:, :2])
