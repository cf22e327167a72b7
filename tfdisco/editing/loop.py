"""Eq. 11 in a closed loop: what the edited picture shows is measured, the request corrected.

What was not asked for is measured, too, and held where it was: the attribute lock.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from tfdisco import factors
from tfdisco.editing.measures import MEASURED
from tfdisco.shapes import check_positive

LOCKED_GAIN = 0.5  # of corrections of what was not asked for
SMALL = 1.0 / 3.0  # of an ordinary difference: drift below it does not count as drift
WORST_SHARE = 1.5  # of the way asked for, to which a request may be stretched, beside the way


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """When an edit is as asked for.

    degrees: of each angle that is asked for.
    share: of an expression or a light that is asked for.
    rounds: pictures drawn at most; 1 for no correction.
    lock: whether what was not asked for is held.
    """

    degrees: float = 2.0
    share: float = 0.1
    rounds: int = 6
    lock: bool = True

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_positive('rounds', self.rounds)
        for name in ('degrees', 'share'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name}: expected above 0, got {getattr(self, name)}')


class Edited(NamedTuple):
    """Edits of B pictures.

    images: [B, R, R, 3] float32.
    ws: [B, num_ws, w_size] that draw them.
    goal: [B, K] coefficients that should be seen.
    seen: [B, K] that are seen.
    miss: {factor asked for: [B] how far from the goal: degrees, or shares}.
    drift: {factor not asked for: [B] how far from before, in the units of `measures.UNITS`}.
    reached: [B] bool, whether every miss is within the tolerance.
    rounds: pictures that were drawn of each.
    """

    images: np.ndarray
    ws: np.ndarray
    goal: np.ndarray
    seen: np.ndarray
    miss: dict
    drift: dict
    reached: np.ndarray
    rounds: int


class ClosedLoop:
    """Edits faces until they show what was asked for, or says how far it got."""

    def __init__(self, mapping, measures, ordinary, limits, layout, tolerance=None):
        """See the class.

        Args:
          mapping: `inversion.start.Mapping`.
          measures: `Measures`.
          ordinary: {factor: distance}, see `Measures.ordinary`.
          limits: called with coefficients and factors, see `Limits`.
          layout: `factors.CoefficientLayout`.
          tolerance: `Tolerance`, or None for its defaults.
        """
        self._mapping, self._measures, self._ordinary = mapping, measures, ordinary
        self._limits, self._layout = limits, layout
        self._tolerance = tolerance or Tolerance()

    def __call__(self, inverted, before, change, draw, read):
        """Edits.

        Args:
          inverted: `inversion.optimise.Inverted` of B faces.
          before: [B, K] coefficients seen in their pictures before the edit.
          change: coefficients [B, K] to [B, K], with `factors`, names of what it sets, such as
            `Attributes`.
          draw: ws [B, num_ws, w_size] to images [B, R, R, 3].
          read: images to the coefficients [B, K] seen in them.

        Returns:
          `Edited` of the best round of each face, and a list of texts, see `Limits`.
        """
        asked = [factor for factor in MEASURED if factor in change.factors]
        locked = [factor for factor in MEASURED if factor not in asked]
        goal, notes = self._limits(change(before), asked)
        request, _ = self._limits(change(inverted.coefficients), asked)
        first, best = request, None
        for number in range(self._tolerance.rounds):
            delta = np.asarray(self._mapping.delta(inverted.coefficients, request))
            ws = inverted.ws + delta[:, np.newaxis]
            images = np.asarray(draw(ws), np.float32)
            seen = np.asarray(read(images), np.float32)
            miss = {factor: self._miss(factor, before, goal, seen) for factor in asked}
            drift = {factor: self._measures.distance(factor, before, seen) for factor in locked}
            found = Edited(images, ws, goal, seen, miss, drift, self._reached(miss), number + 1)
            best = found if best is None else _better(
                best, found, self._score(best), self._score(found))
            settled = best.reached & (np.array([self._settled(best)]).reshape(-1))
            if settled.all() or number + 1 == self._tolerance.rounds:
                break
            request = self._corrected(request, first, inverted.coefficients, before, goal, seen,
                                      asked, locked)
        return best._replace(rounds=number + 1), notes

    def _miss(self, factor, before, goal, seen):
        if factor == factors.POSE:
            part = self._layout.factor_slice(factor)
            return np.degrees(np.abs(goal[:, part] - seen[:, part])).max(axis=1)
        return np.abs(1.0 - self._measures.share(factor, before, goal, seen))

    def _reached(self, miss):
        within = [values <= (self._tolerance.degrees if factor == factors.POSE
                             else self._tolerance.share) for factor, values in miss.items()]
        return np.all(within, axis=0) if within else np.array(True)

    def _settled(self, found):
        """[B] whether nothing that was to stay has drifted."""
        if not self._tolerance.lock or not found.drift:
            return np.ones(len(found.images), bool)
        return np.all([values <= SMALL * self._ordinary[factor]
                       for factor, values in found.drift.items()], axis=0)

    def _score(self, found):
        """[B], less for a better edit: misses in tolerances, then drift in what is ordinary."""
        score = np.zeros(len(found.images))
        for factor, values in found.miss.items():
            limit = (self._tolerance.degrees if factor == factors.POSE
                     else self._tolerance.share)
            score += np.maximum(values / limit, 1.0)
        for factor, values in found.drift.items() if self._tolerance.lock else ():
            score += np.maximum(values / self._ordinary[factor], SMALL)
        return score

    def _corrected(self, request, first, own, before, goal, seen, asked, locked):
        """The next request: what is missing is asked for on top, what drifted is asked back."""
        request = request.copy()
        for factor in asked:
            part = self._layout.factor_slice(factor)
            if factor == factors.POSE:
                request[:, part] += goal[:, part] - seen[:, part]
                continue
            missing = 1.0 - self._measures.share(factor, before, goal, seen)
            way = first[:, part] - own[:, part]
            request[:, part] += np.clip(missing, -WORST_SHARE, WORST_SHARE)[:, None] * way
        for factor in locked if self._tolerance.lock else ():
            part = self._layout.factor_slice(factor)
            request[:, part] += LOCKED_GAIN * (before[:, part] - seen[:, part])
        return self._limits(request, [*asked, *locked])[0]


def _better(best, found, best_score, found_score):
    """Row by row the one with the lower score."""
    take = found_score < best_score

    def chosen(one, two):
        one, two = np.asarray(one), np.asarray(two)
        return np.where(take.reshape([-1] + [1] * (one.ndim - 1)), two, one)

    return found._replace(**{
        name: {factor: chosen(values, getattr(found, name)[factor])
               for factor, values in getattr(best, name).items()} if name in ('miss', 'drift')
        else chosen(getattr(best, name), getattr(found, name))
        for name in Edited._fields if name != 'rounds'})
