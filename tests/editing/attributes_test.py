"""Attributes in plain units."""

import math

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.editing.attributes import Attributes
from tfdisco.face3d import lighting


@pytest.fixture(scope='module')
def people():
    return toy.people(toy.model(), 3)


def test_angles_replace_those_of_the_pose_and_nothing_else(people):
    model = toy.model()
    found = Attributes('yaw=20deg, roll=-0.3rad,pitch=5', model)(people)
    expected = people.copy()
    expected[:, model.layout.slices['pose']] = [math.radians(5), math.radians(20), -0.3]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    one = Attributes('yaw=-7', model)(people)
    np.testing.assert_array_equal(np.nonzero((one != people).any(axis=0))[0],
                                  [model.layout.slices['pose'].start + 1])


def test_units_make_up_the_whole_expression(people):
    model = toy.model()
    found = Attributes('open=0.5,smile=1', model)(people)
    units = model.arrays['expression_units']
    part = model.layout.slices['expression']
    np.testing.assert_allclose(found[:, part], np.tile(0.5 * units[0] + units[1], (3, 1)),
                               rtol=1e-6)


def test_light_comes_from_a_side(people):
    model = toy.model()
    found = Attributes('light=top left', model)(people)
    np.testing.assert_allclose(found[:, model.layout.slices['illumination']],
                               np.tile(lighting.light_from_direction('top left'), (3, 1)))


def test_no_settings_change_nothing(people):
    found = Attributes('', toy.model())(people)
    np.testing.assert_array_equal(found, people)
    assert found is not people


@pytest.mark.parametrize('text, message', [
    ('yaw', "expected NAME=VALUE with commas between, got 'yaw'"),
    ('yaw=left', "yaw: expected an angle such as 20deg or 0.3rad, got 'left'"),
    ('yaw=3 turns', 'yaw: expected an angle'), ('open=wide', 'open: expected a number'),
    ('open=nan', 'open: expected a number'), ('light=below', 'light: expected one of .*bottom'),
    ('hair=red', "expected one of .*'open', 'smile'.*, got 'hair'")])
def test_what_is_no_setting_is_refused(text, message):
    with pytest.raises(ValueError, match=f'^set: {message}'):
        Attributes(text, toy.model())
