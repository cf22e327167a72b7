"""Makes a data set of rendered people, with exact labels.

    python scripts/make_faces.py --out=data/faces --identities=500 --per_identity=4 --size=128

Writes TFRecords, faces.png (a sheet to look at, labels beside the pictures) and card.json.
The same command goes on where it was interrupted; the files do not depend on --processes.
"""

import sys
import time

from absl import app, flags

from tfdisco import progress
from tfdisco.data.synthetic import dataset as synthetic_set

FLAGS = flags.FLAGS
DEFAULTS = synthetic_set.SyntheticSet()
flags.DEFINE_string('out', None, 'The folder to write to; made if need be.')
flags.DEFINE_string('model', DEFAULTS.model, f'{DEFAULTS.model}, or a morphable model (.npz) '
                    'with the same regions.')
flags.DEFINE_integer('identities', DEFAULTS.identities, 'Number of people.')
flags.DEFINE_integer('per_identity', DEFAULTS.per_identity, 'Pictures of each.')
flags.DEFINE_integer('size', DEFAULTS.size, 'Edge of a picture in pixels.')
flags.DEFINE_integer('seed', DEFAULTS.seed, 'Of everything random.', lower_bound=0)
flags.DEFINE_integer('shard_identities', DEFAULTS.shard_identities, 'People a shard.')
flags.DEFINE_integer('processes', 2, 'That make shards side by side.')
flags.mark_flag_as_required('out')


def main(argv):
    """Makes the set, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        settings = synthetic_set.SyntheticSet(
            **{name: FLAGS[name].value for name in vars(DEFAULTS)})
        started = time.monotonic()
        with progress.bar(total=settings.identities * settings.per_identity,
                          unit='picture') as bar:
            def advance(done, _):
                bar.update(done - bar.n)

            card = synthetic_set.make(settings, FLAGS.out, FLAGS.processes, advance)
        seconds = time.monotonic() - started
        print(f'wrote {FLAGS.out}: {card["count"]} pictures, {seconds:.1f} s')
    except (ValueError, OSError) as error:
        sys.exit(f'make_faces: {error}')


if __name__ == '__main__':
    app.run(main)
