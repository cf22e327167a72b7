"""Times tfdisco beside its peers.

  python scripts/benchmark.py --suite=render --json
  python scripts/benchmark.py --suite=ops
  python scripts/benchmark.py --suite=train --resolution=128 --fmap_base=4096 --batch=4
"""

import dataclasses
import json
import sys

from absl import app, flags

from tfdisco import benchmarks
from tfdisco.benchmarks import train

_SUITE = flags.DEFINE_enum('suite', 'render', sorted(benchmarks.SUITES), 'What to time.')
_JSON = flags.DEFINE_bool('json', False, 'Print JSON, for programs.')
_ROUNDS = flags.DEFINE_integer('rounds', 15, 'Timed runs of each; medians are printed.',
                               lower_bound=1)
for _name in train.SIZES:
    flags.DEFINE_integer(_name, getattr(train.NETWORK, _name), 'Of the networks of --suite=train.')
_BATCH = flags.DEFINE_integer('batch', train.BATCH, 'Images of a step of --suite=train.',
                              lower_bound=1)


def main(_):
    """Runs the suite and prints its rows."""
    options = {}
    given = [name for name in (*train.SIZES, 'batch') if flags.FLAGS[name].present]
    if _SUITE.value == 'train':
        try:
            options = {'batch': _BATCH.value, 'network': dataclasses.replace(
                train.NETWORK, **{name: flags.FLAGS[name].value for name in train.SIZES})}
        except ValueError as error:
            sys.exit(f'benchmark: {error}')
    elif given:
        sys.exit(f'benchmark: {given[0]}: expected with --suite=train, got --suite={_SUITE.value}')
    rows = benchmarks.run(_SUITE.value, _ROUNDS.value, **options)
    print(json.dumps(rows, indent=1) if _JSON.value else benchmarks.table(rows))


if __name__ == '__main__':
    app.run(main)
