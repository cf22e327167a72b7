"""The closed loop, with generators and eyes whose faults are known; measures and limits."""

import numpy as np
import pytest

from tests.editing import small
from tests.face3d import toy
from tfdisco import factors
from tfdisco.editing.attributes import Attributes
from tfdisco.editing.inversion.optimise import Inverted
from tfdisco.editing.limits import Limits
from tfdisco.editing.loop import ClosedLoop, Tolerance
from tfdisco.editing.measures import MEASURED, Measures
from tfdisco.face3d import lighting
from tfdisco.metrics import face_errors

MODEL = toy.model()
LAYOUT = MODEL.layout
POSE = LAYOUT.slices['pose']


class Straight:
    """Stands for a mapping: w is the coefficients themselves."""

    def delta(self, before, after):
        return after - before


def loop(tolerance=None, limits=None):
    measures = Measures(MODEL)
    return ClosedLoop(Straight(), measures, dict.fromkeys(MEASURED, 1.0),
                      limits or (lambda coefficients, asked: (coefficients, [])), LAYOUT,
                      tolerance)


def edit(closed, change, people, world):
    """Edits with pictures that are w of the first layer; `world` says what is seen in them."""
    count = len(people)
    inverted = Inverted(people, np.repeat(people[:, None], 2, 1), np.ones([count, 3]),
                        np.zeros(count))
    return closed(inverted, world(people), change,
                  lambda ws: ws[:, 0][:, None, None], lambda images: world(images[:, 0, 0]))


def test_a_generator_that_obeys_needs_one_picture():
    people = toy.people(MODEL, 3)
    change = Attributes('yaw=-20deg', MODEL)
    edited, notes = edit(loop(), change, people, lambda seen: seen)
    np.testing.assert_allclose(edited.ws[:, 1], change(people), atol=1e-6)
    assert edited.rounds == 1 and edited.reached.all() and not notes
    assert edited.miss[factors.POSE].max() < 1e-3
    assert set(edited.drift) == {factors.EXPRESSION, factors.ILLUMINATION}


@pytest.mark.parametrize('text', ['yaw=-20deg', 'open=1', 'light=left',
                                  'yaw=+12deg,smile=+0.5,light=right'])
def test_a_lazy_generator_that_leaks_is_corrected(text):
    people, rng = toy.people(MODEL, 2), np.random.default_rng(0)
    leak = 0.03 * rng.normal(size=(LAYOUT.size, LAYOUT.size)).astype(np.float32)

    def world(asked):  # does 0.7 of all, and everything leaks into everything
        return 0.7 * asked + asked @ leak

    once, _ = edit(loop(Tolerance(rounds=1)), Attributes(text, MODEL), people, world)
    edited, _ = edit(loop(Tolerance(rounds=8)), Attributes(text, MODEL), people, world)
    assert not once.reached.all() and edited.reached.all(), (once.miss, edited.miss)
    assert edited.rounds > 1
    for factor, miss in edited.miss.items():
        assert (miss <= (2.0 if factor == factors.POSE else 0.1)).all()


def test_what_is_asked_relatively_is_added_to_what_is_seen():
    people = toy.people(MODEL, 2)
    offset = np.zeros(LAYOUT.size, np.float32)
    offset[POSE.start + 1] = 0.1  # eyes that see every yaw too large
    edited, _ = edit(loop(), Attributes('yaw=+10deg', MODEL), people, lambda seen: seen + offset)
    np.testing.assert_allclose(edited.goal[:, POSE.start + 1],
                               people[:, POSE.start + 1] + 0.1 + np.radians(10), atol=1e-6)
    np.testing.assert_allclose(edited.ws[:, 0, POSE.start + 1],
                               people[:, POSE.start + 1] + np.radians(10), atol=1e-6)


def test_the_lock_brings_back_what_drifted():
    people = toy.people(MODEL, 2)
    expression = LAYOUT.slices['expression']

    def world(asked):  # a turned head smiles
        seen = asked.copy()
        seen[:, expression] += 20.0 * asked[:, POSE.start + 1:POSE.start + 2]
        return seen

    drift = {}
    for lock in (False, True):
        edited, _ = edit(loop(Tolerance(lock=lock, rounds=8)), Attributes('yaw=+20deg', MODEL),
                         people, world)
        assert edited.reached.all()
        drift[lock] = edited.drift[factors.EXPRESSION]
    assert (drift[True] < 0.2 * drift[False]).all()


def test_a_generator_that_cannot_says_how_far_it_got():
    people = toy.people(MODEL, 2)
    people[:, POSE] = 0.0

    def world(asked):  # no farther than 10 degrees
        return np.clip(asked, -np.radians(10), np.radians(10))

    edited, _ = edit(loop(), Attributes('yaw=30deg', MODEL), people, world)
    assert not edited.reached.any() and edited.rounds == Tolerance().rounds
    np.testing.assert_allclose(edited.miss[factors.POSE], 20, atol=1e-3)


def test_the_best_round_counts_and_not_the_last():
    people = toy.people(MODEL, 1)
    calls = []

    def world(asked):  # sees a little wrong at first, and ever more so
        calls.append(1)
        seen = asked.copy()
        seen[:, POSE.start + 1] += 0.01 * len(calls) ** 2
        return seen

    edited, _ = edit(loop(Tolerance(degrees=0.01)), Attributes('yaw=9deg', MODEL), people, world)
    np.testing.assert_allclose(edited.miss[factors.POSE], np.degrees(0.04), rtol=1e-3)
    assert edited.rounds == Tolerance().rounds and not edited.reached.any()


def test_distances_are_those_of_the_reports():
    one, two = toy.people(MODEL, 4), toy.people(MODEL, 4, seed=1)
    measures = Measures(MODEL)
    np.testing.assert_allclose(
        measures.distance(factors.POSE, one, two),
        face_errors.pose_degrees(one[:, POSE], two[:, POSE]), rtol=1e-4)
    part = LAYOUT.slices['expression']
    basis = MODEL.arrays['expression_basis'][:, MODEL.face_mask].astype(float)
    moved = np.einsum('be,evx->bvx', (one - two)[:, part].astype(float), basis)
    np.testing.assert_allclose(measures.distance(factors.EXPRESSION, one, two), 100 * np.sqrt(
        np.square(moved).sum(-1).mean(-1)), rtol=1e-5)
    light = LAYOUT.slices['illumination']
    even, brighter = np.zeros([2, LAYOUT.size]), np.zeros([2, LAYOUT.size])
    even[:, light] = lighting.light_from_direction('front', intensity=0.0, ambient=0.4)
    brighter[:, light] = lighting.light_from_direction('front', intensity=0.0, ambient=0.9)
    np.testing.assert_allclose(
        measures.distance(factors.ILLUMINATION, even, brighter), 0.5, rtol=1e-5)


def test_shares_of_a_way():
    one, two = toy.people(MODEL, 3), toy.people(MODEL, 3, seed=1)
    measures = Measures(MODEL)
    for factor in (factors.EXPRESSION, factors.ILLUMINATION):
        for share in (0.0, 0.5, 1.2):
            np.testing.assert_allclose(
                measures.share(factor, one, two, one + share * (two - one)), share, atol=1e-4)
        np.testing.assert_array_equal(measures.share(factor, one, one, two), 1)


def test_requests_beyond_the_range_are_brought_back_and_named():
    faces = small.faces()
    limits = Limits(faces, count=64)
    inside = small.people(2)
    inside = np.clip(inside, limits.low, limits.high)
    same, notes = limits(inside, MEASURED)
    np.testing.assert_array_equal(same, inside)
    assert not notes
    wild = inside.copy()
    wild[:, POSE.start + 1] = np.radians([80, 0])
    tame, notes = limits(wild, [factors.POSE])
    top = np.degrees(limits.high[POSE.start + 1])
    assert np.degrees(tame[0, POSE.start + 1]) == pytest.approx(top, abs=1e-3)
    assert len(notes) == 1 and notes[0].startswith('yaw: 80 degrees is beyond')
    named = Attributes('open=1,light=left', MODEL)(inside)
    assert limits(named, [factors.EXPRESSION, factors.ILLUMINATION])[1] == []
    assert 'expression: 2 of 2 numbers were beyond' in limits(
        Attributes('open=90,smile=90', MODEL)(inside), [factors.EXPRESSION])[1][0]


def test_wrong_tolerances_are_refused():
    for name, value in (('rounds', 0), ('degrees', 0.0), ('share', -1.0)):
        with pytest.raises(ValueError, match=f'{name}: expected'):
            Tolerance(**{name: value})
