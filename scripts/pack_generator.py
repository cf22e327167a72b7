"""Packs a trained generator and what belongs to it into small files that move together.

    python scripts/pack_generator.py --snapshot=runs/mine/generator.npz --out=mine/faces.npz

Writes faces.npz in float16, half the size, and beside it the discriminator (to go on training),
the VAEs if they are not those that ship, and cards. scripts/generate.py --snapshot=mine/faces.npz
takes it from anywhere.
"""

import sys

from absl import app, flags

from tfdisco.networks.pack import pack

FLAGS = flags.FLAGS
flags.DEFINE_string('snapshot', 'built-in', 'built-in or a generator.npz of scripts/train.py.')
flags.DEFINE_string('out', None, 'The file to write, FOLDER/NAME.npz.', required=True)
flags.DEFINE_string('licence', None, 'Terms of use; as the files say by default.')


def main(argv):
    """Packs, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        paths = pack(FLAGS.snapshot, FLAGS.out, FLAGS.licence)
    except (ValueError, OSError) as error:
        sys.exit(f'pack_generator: {error}')
    print(f'wrote {", ".join(paths)}')


if __name__ == '__main__':
    app.run(main)
