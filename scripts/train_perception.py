"""Trains a perception network on rendered faces.

    python scripts/train_perception.py --network=reconstruction --data=data/rendered \
        --logdir=runs/reconstruction
    python scripts/train_perception.py --network=reconstruction --data=data/rendered \
        --photos=data/photos --recognition=dlib --logdir=runs/with_photos

The same command goes on with a run that was interrupted. NETWORK.npz and NETWORK.json in the
folder of the run are the result; a file of that name in tfdisco/pretrained is the built-in.
"""

import dataclasses

from absl import app, flags

from tfdisco.training.perception.run import PerceptionRun, train
from tfdisco.training.run import console

FLAGS = flags.FLAGS
DEFAULTS = PerceptionRun('reconstruction', '')
flags.DEFINE_string('network', None, 'reconstruction, recognition or parsing.')
flags.DEFINE_string('data', None, 'A folder of rendered faces.')
flags.DEFINE_string('logdir', None, 'The folder of the run; made if need be.')
flags.DEFINE_string('model', DEFAULTS.model, f'{DEFAULTS.model}, or a morphable model (.npz).')
flags.DEFINE_integer('steps', DEFAULTS.steps, 'Steps of the whole training.')
flags.DEFINE_integer('batch', DEFAULTS.batch, 'Faces in a step.')
flags.DEFINE_float('learning_rate', DEFAULTS.learning_rate, 'The highest.')
flags.DEFINE_float('weight_decay', DEFAULTS.weight_decay, 'Of kernels, a step and learning rate.')
flags.DEFINE_float('scale', DEFAULTS.scale, 'Of the cosines of recognition.')
flags.DEFINE_float('margin', DEFAULTS.margin, 'By which cosines of recognition have to be ahead.')
flags.DEFINE_float('augmentation', DEFAULTS.augmentation,
                   'How strongly pictures are changed; 1 is what the network is made for.')
flags.DEFINE_string('start', None, 'The folder of a run of the same network to begin from.')
flags.DEFINE_string('photos', None, 'Prepared photographs among which reconstruction trains too.')
flags.DEFINE_string('recognition', None, 'A recognition network that compares photographs with '
                    'what is rendered of them: built-in, dlib or a file.')
flags.DEFINE_integer('seed', DEFAULTS.seed, 'Of everything random.', lower_bound=0)
flags.DEFINE_integer('log_every', DEFAULTS.log_every, 'Steps between points of the curves.')
flags.DEFINE_integer('snapshot_every', DEFAULTS.snapshot_every,
                     'Steps between snapshots, a multiple of --log_every.')
flags.mark_flags_as_required(['network', 'data', 'logdir'])


def main(argv):
    """Trains, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    console.train('train_perception', lambda: PerceptionRun(**{
        field.name: FLAGS[field.name].value for field in dataclasses.fields(PerceptionRun)}),
        train, FLAGS.logdir)


if __name__ == '__main__':
    app.run(main)
