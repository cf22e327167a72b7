"""Renders contact sheets of a morphable model.

    python scripts/render.py --out=sheets
    python scripts/render.py --out=sheets --model=bfm09.npz --sheet=random --seed=3
"""

import sys

import tqdm
from absl import app, flags

from tfdisco import progress
from tfdisco.face3d import sheets
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel

FLAGS = flags.FLAGS
flags.DEFINE_string('out', None, 'The folder to write PNG pictures to; made if need be.')
flags.DEFINE_string('model', BUILT_IN, f'{BUILT_IN}, or a model file (.npz).')
flags.DEFINE_enum('sheet', 'all', ['all', *sheets.SHEETS], 'What to show.')
flags.DEFINE_integer('size', 256, 'Edge of one picture in pixels.', lower_bound=16)
flags.DEFINE_integer('seed', 0, 'Of everything random.', lower_bound=0)
flags.mark_flag_as_required('out')


def main(argv):
    """Writes the sheets, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    names = list(sheets.SHEETS) if FLAGS.sheet == 'all' else [FLAGS.sheet]
    try:
        studio = sheets.Studio(MorphableModel.load(FLAGS.model), FLAGS.size, FLAGS.seed)
        written = sheets.write_sheets(studio, FLAGS.out, names)
        for path in progress.bar(written, total=len(names), unit='sheet'):
            tqdm.tqdm.write(f'wrote {path}')
    except (ValueError, OSError) as error:
        sys.exit(f'render: {error}')


if __name__ == '__main__':
    app.run(main)
