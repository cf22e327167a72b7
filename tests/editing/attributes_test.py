"""Attributes in plain units."""

import math

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.editing.attributes import Attributes, frontal
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


def test_what_has_a_plus_is_added(people):
    model = toy.model()
    found = Attributes('yaw=+10deg,pitch=+-0.1rad,smile=+0.5', model)(people)
    pose, expression = model.layout.slices['pose'], model.layout.slices['expression']
    np.testing.assert_allclose(found[:, pose], people[:, pose] + [-0.1, math.radians(10), 0],
                               atol=1e-6)
    np.testing.assert_allclose(found[:, expression], people[:, expression]
                               + 0.5 * model.arrays['expression_units'][1], atol=1e-6)
    both = Attributes('open=1,smile=+0.5', model)(people)
    units = model.arrays['expression_units']
    np.testing.assert_allclose(both[:, expression], np.tile(units[0] + 0.5 * units[1], (3, 1)),
                               atol=1e-6)


def test_light_has_a_strength_or_27_numbers(people):
    model = toy.model()
    part = model.layout.slices['illumination']
    np.testing.assert_allclose(
        Attributes('light=left:0.5', model)(people)[0, part],
        lighting.light_from_direction('left', intensity=0.35), atol=1e-6)
    np.testing.assert_allclose(Attributes('light=left:1', model)(people)[0, part],
                               lighting.light_from_direction('left'), atol=1e-6)
    numbers = np.arange(27) / 27
    text = 'light=' + ' '.join(map(str, numbers)) + ',yaw=3'
    np.testing.assert_allclose(Attributes(text, model)(people)[1, part], numbers, atol=1e-6)


def test_it_says_which_factors_are_set():
    model = toy.model()
    assert Attributes('', model).factors == []
    assert Attributes('yaw=+3', model).factors == ['pose']
    assert Attributes('light=left,open=1,roll=2', model).factors == [
        'expression', 'illumination', 'pose']
    assert frontal(model)(np.ones([1, model.layout.size]))[
        0, model.layout.slices['pose']].tolist() == [0, 0, 0]


@pytest.mark.parametrize('text, message', [
    ('Opn=1', "got 'Opn'; did you mean open\\?"), ('smil=1', 'did you mean smile\\?'),
    ('YAW=1', 'did you mean yaw\\?'), ('light=lef', "got 'lef'; did you mean left\\?"),
    ('light=left:strong', "a strength of 0 or more .*, got 'strong'"),
    ('light=left:-1', "a strength of 0 or more .*, got '-1'"),
    ('light=1 2 3', 'expected 27 finite numbers .*, got 3'),
    ('light=' + 'nan ' * 27, 'expected 27 finite numbers')])
def test_what_was_meant_is_guessed(text, message):
    with pytest.raises(ValueError, match=message):
        Attributes(text, toy.model())
