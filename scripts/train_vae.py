"""Trains the coefficient VAEs of a morphable model.

    python scripts/train_vae.py --logdir=runs/vae
    python scripts/train_vae.py --logdir=runs/photos --data=data/photos
    python scripts/train_vae.py --logdir=runs/pose --factors=pose --data=coefficients.npz

The same command goes on with a run that was interrupted.
"""


from absl import app, flags

from tfdisco.training.run import console
from tfdisco.training.vae.run import VAERun, train

FLAGS = flags.FLAGS
DEFAULTS = VAERun()
flags.DEFINE_string('logdir', None, 'The folder of the run; made if need be.')
flags.DEFINE_string('model', DEFAULTS.model, f'{DEFAULTS.model}, or a morphable model (.npz).')
flags.DEFINE_list('factors', list(DEFAULTS.factors), 'Which VAEs to train.')
flags.DEFINE_string('data', None, 'An .npz with an array coefficients [N, K], or a folder of '
                    'TFRecords; without it, people drawn from the morphable model.')
flags.DEFINE_integer('count', DEFAULTS.count, 'People to draw from the morphable model.')
flags.DEFINE_float('blend', DEFAULTS.blend, 'With --data, share of people drawn from the '
                   'morphable model among all: factors then reach beyond what a few photographs '
                   'show.')
flags.DEFINE_integer('steps', DEFAULTS.steps, 'Steps of the whole training.')
flags.DEFINE_integer('batch', DEFAULTS.batch, 'People in a step.')
flags.DEFINE_float('learning_rate', DEFAULTS.learning_rate, 'The highest.')
flags.DEFINE_float('match_weight', DEFAULTS.match_weight, 'Of the term that has decoded z follow '
                   "the data; 0 is the paper's objective.")
flags.DEFINE_integer('seed', DEFAULTS.seed, 'Of everything random.', lower_bound=0)
flags.DEFINE_integer('log_every', DEFAULTS.log_every, 'Steps between points of the curves.')
flags.DEFINE_integer('snapshot_every', DEFAULTS.snapshot_every,
                     'Steps between snapshots, a multiple of --log_every.')
flags.mark_flag_as_required('logdir')


def main(argv):
    """Trains, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    console.train('train_vae', lambda: VAERun(
        FLAGS.model, tuple(FLAGS.factors), FLAGS.data, FLAGS.count, FLAGS.blend, FLAGS.steps,
        FLAGS.batch, FLAGS.learning_rate, FLAGS.match_weight, FLAGS.seed, FLAGS.log_every,
        FLAGS.snapshot_every), train, FLAGS.logdir)


if __name__ == '__main__':
    app.run(main)
