"""Converts published weights into a weights file of this project.

    python scripts/import_weights.py vae --source=DiscoFaceGAN/vae/weights/exp \\
        --factor=expression --out=published_vae.npz

Run it once a factor with the same --out to collect several.
"""

import sys

from absl import app
from absl import flags

from tfdisco.networks import importers

FLAGS = flags.FLAGS
flags.DEFINE_string('source', None, "vae: the folder of one TensorFlow 1 checkpoint of the "
                    "authors', or its path without .index.")
flags.DEFINE_enum('factor', None, sorted(importers.PUBLISHED_FACTORS), 'Which VAE it is.')
flags.DEFINE_string('out', None, 'The file to write, .npz; other factors in it stay.')
flags.mark_flags_as_required(['source', 'factor', 'out'])


def main(argv):
    """Converts, or ends with one line that says what is wrong and status 1."""
    if len(argv) != 2 or argv[1] not in importers.IMPORTERS:
        raise app.UsageError(f'expected one of {sorted(importers.IMPORTERS)} and flags, got '
                             f'{argv[1:]}')
    try:
        importers.IMPORTERS[argv[1]](FLAGS.source, FLAGS.factor, FLAGS.out)
    except (ValueError, OSError) as error:
        sys.exit(f'import_weights: {error}')


if __name__ == '__main__':
    app.run(main)
