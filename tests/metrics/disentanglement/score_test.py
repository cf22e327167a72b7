"""Eq. 9 where factors are apart, and where a known share of one leaks into another."""

import numpy as np
import pytest

from tests.metrics import plain
from tfdisco import factors
from tfdisco.metrics import statistics
from tfdisco.metrics.disentanglement import score, suite, view

SETS, VALUES, SEED = 32, 6, 5
# Each factor reaches each other: a score needs something to divide by.
SHARE = 0.5
LEAKS = {(changed, seen): SHARE for changed in score.VARIED for seen in score.VARIED
         if changed != seen}


def sizes(faces):
    layout = faces.model.layout
    return {factor: len(range(*layout.factor_slice(factor).indices(layout.size)))
            for factor in score.VARIED}


def real(faces):
    """Training data: numbers of unit variance, as pictures."""
    z = faces.latents(256, SEED, stream=99)
    return [faces.draw(z[start:start + 32]) for start in range(0, 256, 32)]


@pytest.fixture(scope='module')
def world():
    faces = plain.faces(LEAKS)
    return faces, suite.measure(view.View(faces), real(faces), SETS, VALUES, SEED)


def numbers(faces, varied):
    """[SETS, VALUES, size] coefficients seen while `varied` varies, in NumPy."""
    held, drawn = score.STREAMS[varied]
    z = np.repeat(faces.latents(SETS, SEED, held), VALUES, axis=0)
    other = faces.latents(SETS * VALUES, SEED, drawn)
    seen = plain.coefficients(faces, np.asarray(faces.inputs.replace(z, other, [varied])), LEAKS)
    return seen.reshape(SETS, VALUES, -1)


def test_scores_equal_eq_9(world):
    faces, result = world
    layout = faces.model.layout
    data = plain.coefficients(faces, faces.latents(256, SEED, stream=99), LEAKS)
    for varied in score.VARIED:
        seen = numbers(faces, varied)
        sigma = {}
        for factor in score.VARIED:
            part = layout.factor_slice(factor)
            sigma[factor] = (seen[..., part].var(axis=1, ddof=1).sum(axis=1)
                             / data[:, part].var(axis=0, ddof=1).sum())
        expected = np.prod([sigma[varied].mean() / sigma[other].mean() for other in score.VARIED
                            if other != varied])
        found = result['ds_coefficients'][varied]
        assert found['value'] == pytest.approx(expected, rel=1e-3)
        assert found['low'] < found['value'] < found['high']

        def again(weights, sigma=sigma, varied=varied):
            return np.prod([weights @ sigma[varied] / (weights @ sigma[other])
                            for other in score.VARIED if other != varied])

        interval = statistics.bootstrap(again, SETS, SETS, SEED)
        assert (found['low'], found['high']) == pytest.approx(interval[1:3], rel=1e-3)
        for factor in (factors.EXPRESSION, factors.ILLUMINATION, factors.POSE):
            assert result['sigma'][varied][factor] == pytest.approx(sigma[factor].mean(), rel=1e-3)


def test_scores_are_those_worked_out_by_hand(world):
    """The first number of each other factor moves by half of what the varied one does."""
    faces, result = world
    size = sizes(faces)
    for varied in score.VARIED:
        total = {factor: size[factor] + 3 * SHARE ** 2 for factor in score.VARIED}  # of data
        sigma = {factor: (size[factor] if factor == varied else SHARE ** 2) / total[factor]
                 for factor in score.VARIED}
        expected = np.prod([sigma[varied] / sigma[other] for other in score.VARIED
                            if other != varied])
        found = result['ds_coefficients'][varied]
        assert found['value'] == pytest.approx(expected, rel=0.6)


def test_identity_is_told_by_the_recognition_feature(world):
    faces, result = world
    part = faces.model.layout.factor_slice(factors.IDENTITY)

    def unit(values):
        return values[..., part] / np.linalg.norm(values[..., part], axis=-1, keepdims=True)

    data = unit(plain.coefficients(faces, faces.latents(256, SEED, stream=99), LEAKS))
    drawn = unit(np.concatenate([numbers(faces, varied).reshape(SETS * VALUES, -1)
                                 for varied in score.VARIED]))
    within = unit(numbers(faces, factors.POSE)).var(axis=1, ddof=1).sum(axis=1).mean()
    assert result['sigma'][factors.POSE][factors.IDENTITY] == pytest.approx(
        within / data.var(axis=0, ddof=1).sum(), rel=1e-3)
    # With the variance of generated faces instead, all scores change by known factors.
    for varied, found in result['ds_generated'].items():
        layout = faces.model.layout
        every = np.concatenate([numbers(faces, factor).reshape(SETS * VALUES, -1)
                                for factor in score.VARIED])
        people = plain.coefficients(faces, faces.latents(256, SEED, stream=99), LEAKS)
        change = {factor: (people[:, layout.factor_slice(factor)].var(axis=0, ddof=1).sum()
                           / every[:, layout.factor_slice(factor)].var(axis=0, ddof=1).sum())
                  for factor in score.VARIED}
        change[factors.IDENTITY] = (data.var(axis=0, ddof=1).sum()
                                    / drawn.var(axis=0, ddof=1).sum())
        expected = np.prod([change[varied] / change[other] for other in score.VARIED
                            if other != varied])
        assert found['value'] / result['ds'][varied]['value'] == pytest.approx(expected, rel=1e-3)


def test_perfectly_separate_factors_have_no_finite_score():
    faces = plain.faces()
    result = suite.measure(view.View(faces), real(faces), 3, 4, SEED)
    for varied in score.VARIED:
        assert result['ds'][varied] == {'value': None, 'low': None, 'high': None}
        for factor in score.VARIED:
            assert (result['sigma'][varied][factor] > 1e-3) == (factor == varied)
    assert '- (- .. -)' in suite.table(result)


def test_groups_without_two_faces_do_not_count():
    values = np.arange(12, dtype=float).reshape(6, 2)
    values[3] = np.nan  # one of the second group's two
    np.testing.assert_allclose(score.within(values, 3), [4, np.nan, 4])
    found = {factor: {name: np.array([1.0, np.nan if name == factors.POSE else 1.0])
                      for name in score.VARIED} for factor in score.VARIED}
    found[factors.POSE][factors.POSE] = np.array([6.0, np.nan])
    scores, sigma = score.scores(found, dict.fromkeys(score.VARIED, 2.0), {}, 0)
    assert scores[factors.POSE]['value'] == pytest.approx(6 ** 3)
    assert sigma[factors.POSE][factors.POSE] == 3.0


def test_data_without_variance_are_refused():
    spread = score.Spread()
    spread.add({'pose': np.ones([1, 3])})
    with pytest.raises(ValueError, match='pose: expected a variance over 2 pictures'):
        spread.variance()
    spread.add({'pose': np.ones([1, 3])})
    with pytest.raises(ValueError, match='pose: expected pictures that differ'):
        spread.variance()
