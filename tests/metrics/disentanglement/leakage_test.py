"""Leakage in a world where every leak is known, and of pictures whose difference is known."""

import numpy as np
import pytest

from tests.metrics import plain
from tfdisco import factors
from tfdisco.metrics import statistics
from tfdisco.metrics.disentanglement import leakage, view

LEAKS = {(factors.POSE, factors.EXPRESSION): 0.5}
COUNT = 40  # more than a batch


@pytest.fixture(scope='module')
def world():
    faces = plain.faces(LEAKS)
    return faces, leakage.measure(view.View(faces), COUNT, seed=3)


def pairs(faces, row):
    z, other = (faces.latents(COUNT, 3, stream) for stream in leakage.STREAMS)
    return z, other if row == leakage.EVERYTHING else faces.replace(z, other, [row])


def test_only_what_leaks_changes(world):
    _, result = world
    changes = result['changes']
    moved = {row: {column for column, found in changes[row].items() if found['value'] > 1e-6}
             for row in factors.FACTORS}
    assert moved == {
        factors.IDENTITY: {factors.IDENTITY}, factors.EXPRESSION: {factors.EXPRESSION},
        factors.ILLUMINATION: {factors.ILLUMINATION}, factors.NOISE: {view.HAIR},
        factors.POSE: {factors.POSE, factors.EXPRESSION, view.BACKGROUND}}
    for factor, column in ((factors.IDENTITY,) * 2, (factors.ILLUMINATION,) * 2,
                           (factors.POSE,) * 2, (factors.NOISE, view.HAIR),
                           (factors.POSE, view.BACKGROUND)):
        assert result['leakage'][factor][column] == pytest.approx(1, abs=1e-6)
    leaked = result['leakage'][factors.POSE][factors.EXPRESSION]
    own = result['leakage'][factors.EXPRESSION][factors.EXPRESSION]
    # The first of two coefficients moves half as far by the pose as by itself.
    assert 0.2 < leaked < 0.6 and 0.75 < own < 1


def test_figures_are_means_over_pairs(world):
    faces, result = world
    model = faces.model
    for row in leakage.ROWS:
        seen = [plain.coefficients(faces, z, LEAKS) for z in pairs(faces, row)]
        parts = [model.layout.split(values) for values in seen]
        unit = [values[:, model.layout.factor_slice(factors.IDENTITY)] for values in seen]
        unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in unit]
        basis = model.arrays['expression_basis'][:, model.face_mask].astype(np.float64)
        moved = np.tensordot(parts[1].expression - parts[0].expression, basis, 1)
        noise = [np.rint((z[:, -plain.NOISE] / plain.SPAN + 1) * 127.5).clip(0, 255)
                 for z in pairs(faces, row)]
        expected = {
            factors.IDENTITY: 1 - (unit[0] * unit[1]).sum(axis=1),
            factors.EXPRESSION: 100 * np.linalg.norm(moved, axis=-1).mean(axis=1),
            view.HAIR: np.abs(noise[1] - noise[0]) / 255 / 4,  # a quarter of the rows
            view.BACKGROUND: np.abs(parts[1].pose - parts[0].pose)[:, 0] / plain.SPAN * 127.5}
        for column, values in expected.items():
            found = result['changes'][row][column]
            assert found['value'] == pytest.approx(values.mean(), rel=1e-4, abs=1e-6), (row, column)
            interval = statistics.mean(values, np.arange(COUNT), 3)
            assert found['low'] == pytest.approx(interval.low, rel=1e-3, abs=1e-6)
            assert found['high'] == pytest.approx(interval.high, rel=1e-3, abs=1e-6)


def test_a_share_is_that_of_everything(world):
    _, result = world
    for row in factors.FACTORS:
        for column, share in result['leakage'][row].items():
            entry = result['shares'][row][column]
            assert share == entry['value'] and entry['low'] <= share <= entry['high']
            assert share * result['changes'][leakage.EVERYTHING][column]['value'] == pytest.approx(
                result['changes'][row][column]['value'], rel=1e-6, abs=1e-9)


def test_background_is_that_of_both_pictures():
    look = view.View(plain.faces())
    before, after = np.zeros([3, 2, 2, 4], np.float32), np.zeros([3, 2, 2, 4], np.float32)
    before[0, 0, :, 3] = after[0, :, 0, 3] = 1  # they share one pixel
    after[0, 0, 0, :3] = 30, 60, 90
    after[0, 0, 1, :3] = 200  # not background there
    before[1, ..., 3] = after[1, ..., 3] = 1
    after[1, 1, 1, :3] = 40
    before[2, 0, 0, 3] = after[2, 1, 1, 3] = 1  # nothing in common
    np.testing.assert_array_equal(look.change(view.BACKGROUND, before, after), [60, 10, np.nan])


def test_shown_as_text_and_as_a_picture(world):
    _, result = world
    lines = leakage.table(result).splitlines()
    row, = (line.split() for line in lines[3:8] if line.startswith('pose'))
    moved = result['changes'][factors.POSE][view.BACKGROUND]['value']
    assert float(row[6]) == pytest.approx(moved, abs=1e-3)
    row, = (line.split() for line in lines[10:] if line.startswith('noise'))
    assert row[1:] == ['0.00', '0.00', '0.00', '0.00', '1.00', '0.00']
    picture = leakage.picture(result)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    dark = (picture < 60).all(axis=2).sum()
    assert 0 < dark < picture.size
    nothing = {**result, 'leakage': {row: dict.fromkeys(columns, 0.0)
                                     for row, columns in result['leakage'].items()}}
    assert (leakage.picture(nothing) < 200).sum() < 0.5 * (picture < 200).sum()
    with pytest.raises(ValueError, match='count: expected a positive integer, got 0'):
        leakage.changes(view.View(plain.faces()), 0, seed=0)


class _Judge:
    """Sees a pose that turns with the identity, and loses the first face of each batch."""

    def __init__(self, faces):
        self._faces = faces

    def __call__(self, images):
        layout = self._faces.model.layout
        seen = self._faces.look(images, ('coefficients',)).coefficients
        pose = seen[:, layout.factor_slice(factors.POSE)].copy()
        pose += seen[:, [layout.factor_slice(factors.IDENTITY).start]]
        pose[0] = np.nan
        return {factors.POSE: pose}


def test_where_the_judge_disagrees_is_said():
    faces = plain.faces()
    result = leakage.measure(view.View(faces, _Judge(faces)), COUNT, seed=3)
    assert list(result['units']) == ['identity', 'expression', 'illumination', 'pose',
                                     'pose_judge', 'hair', 'background']
    assert result['leakage'][factors.IDENTITY]['pose'] == 0
    assert result['leakage'][factors.IDENTITY]['pose_judge'] > 0.3
    assert set(result['disagreements']) == {'identity in pose', 'pose in pose'}
    assert result['disagreements']['identity in pose'].startswith('share of 0.00 (0.00 .. 0.00), ')
    assert 'identity in pose: share of' in leakage.table(result)
