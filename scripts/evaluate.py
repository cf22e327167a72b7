"""Measures trained networks.

    python scripts/evaluate.py --suite=vae
    python scripts/evaluate.py --suite=vae --weights=runs/vae/coefficient_vae.npz --json
"""

import json
import sys

from absl import app
from absl import flags

from tfdisco.face3d import coefficient_file
from tfdisco.face3d.morphable_model import BUILT_IN
from tfdisco.metrics import registry

FLAGS = flags.FLAGS
flags.DEFINE_enum('suite', 'vae', sorted(registry.SUITES), 'What to measure.')
flags.DEFINE_string('weights', 'built-in', 'vae: built-in, or a weights file (.npz).')
flags.DEFINE_string('model', BUILT_IN, f'{BUILT_IN}, or a morphable model file (.npz).')
flags.DEFINE_string('data', None, 'An .npz with coefficients [N, K]; without it, people drawn '
                    'from the morphable model.')
flags.DEFINE_integer('count', 20000, 'People in each sample, at most.', lower_bound=2)
flags.DEFINE_integer('seed', 0, 'Of everything random.', lower_bound=0)
flags.DEFINE_bool('json', False, 'Print JSON, for programs.')


def main(argv):
    """Prints rows, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        data = coefficient_file.read(FLAGS.data) if FLAGS.data else None
        rows = registry.run(FLAGS.suite, weights=FLAGS.weights, model=FLAGS.model, data=data,
                            count=FLAGS.count, seed=FLAGS.seed)
    except (ValueError, OSError) as error:
        sys.exit(f'evaluate: {error}')
    print(json.dumps(rows, indent=1) if FLAGS.json else registry.table(rows))


if __name__ == '__main__':
    app.run(main)
