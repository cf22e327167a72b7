"""Times tfdisco beside its peers.

  python scripts/benchmark.py --suite=render --json
  python scripts/benchmark.py --suite=ops
"""

import json

from absl import app, flags

from tfdisco import benchmarks

_SUITE = flags.DEFINE_enum('suite', 'render', sorted(benchmarks.SUITES), 'What to time.')
_JSON = flags.DEFINE_bool('json', False, 'Print JSON, for programs.')
_ROUNDS = flags.DEFINE_integer('rounds', 15, 'Timed runs of each; medians are printed.',
                               lower_bound=1)


def main(_):
    """Runs the suite and prints its rows."""
    rows = benchmarks.run(_SUITE.value, _ROUNDS.value)
    print(json.dumps(rows, indent=1) if _JSON.value else benchmarks.table(rows))


if __name__ == '__main__':
    app.run(main)
