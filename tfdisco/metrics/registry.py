"""The suites that scripts/evaluate.py knows."""

import inspect
from collections.abc import Callable
from typing import NamedTuple

from tfdisco.metrics import directions, generator, vae
from tfdisco.metrics.disentanglement import suite as disentanglement
from tfdisco.metrics.perception import suite as perception
from tfdisco.shapes import check_choice


class Suite(NamedTuple):
    """A set of figures.

    evaluate: measures; its keyword arguments are the suite's options, its result is what
      JSON can hold.
    table: that result as text, for people.
    pictures: None, or that result as {name: uint8 [H, W, 3]}.
    """

    evaluate: Callable
    table: Callable
    pictures: Callable = None


SUITES = {
    'control': Suite(generator.evaluate, generator.table),
    'directions': Suite(directions.evaluate, directions.table, directions.pictures),
    'disentanglement': Suite(disentanglement.evaluate, disentanglement.table,
                             disentanglement.pictures),
    'perception': Suite(perception.evaluate, perception.table),
    'vae': Suite(vae.evaluate, vae.table),
}


def run(suite, **options):
    """Runs a suite of `SUITES`; returns its result.

    Raises:
      ValueError: if there is no such suite, it has no such option, or of the suite itself.
    """
    known = known_options(suite)
    for name in options:
        if name not in known:
            raise ValueError(f'{name}: expected an option of suite {suite} '
                             f'({", ".join(known)}), got one of another')
    return SUITES[suite].evaluate(**options)


def known_options(suite):
    """Names of what `run` takes for a suite; ValueError if there is none of that name."""
    check_choice('suite', suite, SUITES)
    return list(inspect.signature(SUITES[suite].evaluate).parameters)


def table(suite, result):
    """What `run` returned as text, for people."""
    return SUITES[suite].table(result)
