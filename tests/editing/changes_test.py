"""Changes together, worn from photographs, and in steps."""

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco import factors
from tfdisco.editing import changes
from tfdisco.editing.attributes import Attributes

MODEL = toy.model()


def test_changes_follow_each_other():
    one, shown = toy.people(MODEL, 1), toy.people(MODEL, 1, seed=1)[0]
    light = changes.Worn(factors.ILLUMINATION, shown, MODEL.layout)
    pose = changes.Worn(factors.POSE, shown, MODEL.layout)
    both = changes.Together([pose, light, Attributes('yaw=+10deg', MODEL)])
    assert both.factors == [factors.ILLUMINATION, factors.POSE]
    expected = one.copy()
    for name in ('illumination', 'pose'):
        expected[:, MODEL.layout.slices[name]] = shown[MODEL.layout.slices[name]]
    expected[:, MODEL.layout.slices['pose'].start + 1] += np.radians(10)
    np.testing.assert_allclose(both(one), expected, atol=1e-6)
    with pytest.raises(ValueError, match="worn|factor: expected one of .*, got 'identity'"):
        changes.Worn(factors.IDENTITY, shown, MODEL.layout)


def test_a_sweep_goes_in_equal_steps():
    steps = changes.sweep('yaw:-30:30:5', MODEL)
    assert [label for label, _ in steps] == ['-30deg', '-15deg', '0deg', '15deg', '30deg']
    people = toy.people(MODEL, 1)
    yaw = MODEL.layout.slices['pose'].start + 1
    np.testing.assert_allclose([np.degrees(change(people)[0, yaw]) for _, change in steps],
                               [-30, -15, 0, 15, 30], atol=1e-4)
    assert [label for label, _ in changes.sweep('open:0:1:3', MODEL)] == ['0', '0.5', '1']


@pytest.mark.parametrize('text, message', [
    ('yaw:1:2', 'expected NAME:FROM:TO:COUNT'), ('yaw:a:2:3', 'expected NAME:FROM:TO:COUNT'),
    ('yaw:nan:2:3', 'expected NAME:FROM:TO:COUNT'), ('yaw:0:9:1', 'expected 2 to 61 steps, got 1'),
    ('light:0:1:3', 'got light'), ('opn:0:1:3', 'did you mean open')])
def test_what_is_no_sweep_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        changes.sweep(text, MODEL)
