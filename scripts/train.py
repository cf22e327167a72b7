"""Trains a face generator: DiscoFaceGAN, all stages.

    python scripts/train.py --flagfile=configs/quickstart.cfg
    python scripts/train.py --logdir=runs/mine --data=data/faces --resolution=64

The same command goes on with a run that was interrupted. Several GPUs of one machine are
used together; several machines by the environment variable TF_CONFIG. With --portable=DIR
it writes a package that trains elsewhere instead, see docs/portable.md.
"""

import os
import sys

from absl import app, flags

from tfdisco import progress
from tfdisco.portable.write import PICTURES, write
from tfdisco.training.gan.config import GanConfig
from tfdisco.training.gan.run import train
from tfdisco.training.run import distribution
from tfdisco.training.run.loop import Interrupted

FLAGS = flags.FLAGS
DEFINE = {str: flags.DEFINE_string, int: flags.DEFINE_integer, float: flags.DEFINE_float,
          bool: flags.DEFINE_bool}
for field in GanConfig.flags():
    DEFINE[field.type](field.name, field.default, field.metadata['help'])
flags.DEFINE_string('logdir', None, 'The folder of the run; made if need be.')
flags.DEFINE_string('portable', None, 'Instead of training in logdir, writes this folder: a '
                    'package that trains where TensorFlow does not run, see docs/portable.md.')
flags.register_multi_flags_validator(['logdir', 'portable'], lambda values: any(values.values()),
                                     'expected --logdir or --portable, got neither')
flags.DEFINE_enum('portable_images', 'jpeg', PICTURES, 'How a package keeps images.')
flags.DEFINE_integer('virtual_cpus', 0, 'Replicas on the CPU, to try things out; 0 for none.')
flags.DEFINE_integer('processes', os.cpu_count(), 'Processes that make faces.', lower_bound=1)
flags.DEFINE_integer('profile_steps', 0, 'Steps that TensorBoard\'s profile in logdir is of.',
                     lower_bound=0)


def main(argv):
    """Trains, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        config = GanConfig.of(**{field.name: FLAGS[field.name].value
                                 for field in GanConfig.flags()})
        if FLAGS.portable:
            write(config, FLAGS.portable, FLAGS.portable_images, FLAGS.processes,
                  lambda text: print(f'{FLAGS.portable}: {text}', flush=True))
            print(f'wrote {FLAGS.portable}; python -m tfdisco.portable.run {FLAGS.portable}')
            return
        strategy = distribution.make_strategy(FLAGS.virtual_cpus)
        with progress.bar(unit='image', unit_scale=True) as bar:
            def advance(seen, total, state, terms):
                bar.total = total
                bar.initial = bar.initial or seen - state.batch
                bar.n = bar.n or bar.initial
                bar.update(seen - bar.n)
                bar.set_description(state.stage, refresh=False)
                bar.set_postfix(real=f'{terms["discriminator/real"]:.2f}',
                                fake=f'{terms["discriminator/fake"]:.2f}', refresh=False)

            train(config, FLAGS.logdir, strategy, FLAGS.processes, advance,
                  FLAGS.profile_steps)
    except Interrupted as message:
        print(f'train: {message}')
        return
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f'train: {error}')
    print(f'wrote {FLAGS.logdir}')


if __name__ == '__main__':
    app.run(main)
