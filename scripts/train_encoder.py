"""Trains the encoder that gives scripts/edit.py its start, for one generator.

    python scripts/train_encoder.py --logdir=runs/encoder --photos=data/portraits
    python scripts/train_encoder.py --logdir=runs/encoder --snapshot=runs/mine/generator.npz

The same command goes on with a run that was interrupted. encoder.npz in the folder of the run
is the result, for scripts/edit.py --encoder; encoder.npz in tfdisco/pretrained is the built-in.
"""

import dataclasses

from absl import app, flags

from tfdisco.training.encoder.run import EncoderRun, train
from tfdisco.training.run import console

FLAGS = flags.FLAGS
DEFAULTS = EncoderRun()
flags.DEFINE_string('logdir', None, 'The folder of the run; made if need be.', required=True)
flags.DEFINE_string('snapshot', DEFAULTS.snapshot, 'built-in, or a generator.npz.')
flags.DEFINE_string('photos', None, 'Prepared photographs, half of each batch.')
flags.DEFINE_string('reconstruction', DEFAULTS.reconstruction, 'The network that reads.')
flags.DEFINE_string('recognition', DEFAULTS.recognition, 'Of the identity term: built-in, '
                    'dlib or a file.')
flags.DEFINE_string('features', DEFAULTS.features, "built-in, or Keras' file of VGG16.")
flags.DEFINE_integer('steps', DEFAULTS.steps, 'Steps of the whole training.')
flags.DEFINE_integer('batch', DEFAULTS.batch, 'Pictures in a step.')
flags.DEFINE_float('learning_rate', DEFAULTS.learning_rate, 'The highest.')
flags.DEFINE_float('offset_weight', DEFAULTS.offset_weight, 'Of the known w+ of generated faces.')
flags.DEFINE_integer('seed', DEFAULTS.seed, 'Of everything random.', lower_bound=0)
flags.DEFINE_integer('log_every', DEFAULTS.log_every, 'Steps between points of the curves.')
flags.DEFINE_integer('snapshot_every', DEFAULTS.snapshot_every,
                     'Steps between snapshots, a multiple of --log_every.')


def main(argv):
    """Trains, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    console.train('train_encoder', lambda: EncoderRun(**{
        field.name: FLAGS[field.name].value for field in dataclasses.fields(EncoderRun)}),
        train, FLAGS.logdir)


if __name__ == '__main__':
    app.run(main)
