"""The suites that scripts/evaluate.py knows."""

import inspect
import time
from collections.abc import Callable
from typing import NamedTuple

from tfdisco.metrics import detail, directions, generator, log, outside, stages, vae
from tfdisco.metrics.disentanglement import suite as disentanglement
from tfdisco.metrics.perception import suite as perception
from tfdisco.metrics.quality import suite as quality
from tfdisco.metrics.report.run import Report
from tfdisco.shapes import check_choice


class Suite(NamedTuple):
    """A set of figures.

    Attributes:
      evaluate: measures; its keyword arguments are the suite's options, its result is what
        JSON can hold.
      table: that result as text, for people.
      pictures: None, or that result as {name: uint8 [H, W, 3]}.
      logged: whether what it says of a snapshot is kept beside it, see `log.append`.
    """

    evaluate: Callable
    table: Callable
    pictures: Callable = None
    logged: bool = True

    @property
    def options(self):
        """Names of the options."""
        return list(inspect.signature(self.evaluate).parameters)


SUITES = {
    'control': Suite(generator.evaluate, generator.table, generator.pictures),
    'detail': Suite(detail.evaluate, detail.table, detail.pictures),
    'directions': Suite(directions.evaluate, directions.table, directions.pictures),
    'disentanglement': Suite(disentanglement.evaluate, disentanglement.table,
                             disentanglement.pictures),
    'images': Suite(outside.evaluate, outside.table),
    'perception': Suite(perception.evaluate, perception.table),
    'quality': Suite(quality.evaluate, quality.table),
    'stages': Suite(stages.evaluate, stages.table, stages.pictures),
    'vae': Suite(vae.evaluate, vae.table),
}
_REPORT = Report({name: suite for name, suite in SUITES.items() if 'snapshot' in suite.options})
SUITES['report'] = Suite(_REPORT.evaluate, _REPORT.table, logged=False)  # its suites are


def run(suite, **options):
    """Runs a suite of `SUITES`; returns its result.

    Raises:
      ValueError: if there is no such suite, it has no such option, or of the suite itself.
      OSError: if what was measured of a snapshot cannot be kept beside it.
    """
    known = known_options(suite)
    for name in options:
        if name not in known:
            raise ValueError(f'{name}: expected an option of suite {suite} '
                             f'({", ".join(known)}), got one of another')
    start = time.monotonic()
    result = SUITES[suite].evaluate(**options)
    if SUITES[suite].logged and 'snapshot' in options:
        log.append(options['snapshot'], suite, result, round(time.monotonic() - start, 1))
    return result


def known_options(suite):
    """Names of what `run` takes for a suite; ValueError if there is none of that name."""
    check_choice('suite', suite, SUITES)
    return SUITES[suite].options


def table(suite, result):
    """What `run` returned as text, for people."""
    return SUITES[suite].table(result)
