"""Measures trained networks.

    python scripts/evaluate.py --suite=vae
    python scripts/evaluate.py --suite=vae --weights=runs/vae/coefficient_vae.npz --json
    python scripts/evaluate.py --suite=perception --photos=lfw --sheets=report
    python scripts/evaluate.py --suite=control --snapshot=runs/mine/generator.npz
    python scripts/evaluate.py --suite=disentanglement --judge=dlib
    python scripts/evaluate.py --suite=editing --photos=photos --count=26
    python scripts/evaluate.py --suite=report --out=report \\
        --snapshot=built-in,runs/mine/generator.npz

What is measured of a generator is also kept beside its file, in evaluations.jsonl. report: all
suites of generators, into a folder; the same command goes on where it was interrupted.

Each suite has its own options; a flag that a suite does not know is an error.
"""

import json
import sys

from absl import app, flags

from tfdisco import progress
from tfdisco.face3d.morphable_model import BUILT_IN
from tfdisco.metrics import registry

FLAGS = flags.FLAGS
flags.DEFINE_enum('suite', 'vae', sorted(registry.SUITES), 'What to measure.')
flags.DEFINE_bool('json', False, 'Print JSON, for programs.')
# Without a value here: defaults are those of the suites.
flags.DEFINE_string('model', None, f'{BUILT_IN} (default), or a morphable model file (.npz).')
flags.DEFINE_string('data', None, 'A folder of TFRecords; vae: or an .npz with coefficients '
                    "[N, K], or Deep3D's, a .mat or a folder of them; disentanglement: the "
                    'training data, whose variance counts as one. Without it, people drawn from '
                    'the morphable model.')
flags.DEFINE_integer('count', None, 'vae: people in each sample, at most (20000); perception: '
                     'rendered people, at most (300); control: generated faces (1024); '
                     'quality: faces of each kind (10000); disentanglement: sets of the factors '
                     'that are held, and pairs (1000); directions: pairs of values (50); report: '
                     'the count of all suites.', lower_bound=2)
flags.DEFINE_integer('seed', None, 'Of everything random (0).', lower_bound=0)
flags.DEFINE_string('weights', None, 'vae: built-in (default), or a weights file (.npz).')
flags.DEFINE_string('judge', None, 'disentanglement: networks that no loss has seen, beside the '
                    'own ones: dlib, mobilefacenet or a weights file for identity, mediapipe for '
                    'pose and expression, or both with a comma between.')
flags.DEFINE_integer('contexts', None, 'directions: choices of the other factors for each pair '
                     '(100).', lower_bound=2)
flags.DEFINE_integer('values', None, 'disentanglement: of the factor that varies, in each set '
                     '(10).', lower_bound=2)
flags.DEFINE_string('snapshot', None, 'Suites of generators: built-in (default), or a '
                    'generator.npz of scripts/train.py; report: one or more with commas between.')
flags.DEFINE_string('reconstruction', None, 'Suites of generators, perception: built-in (default), '
                    'or a weights file.')
flags.DEFINE_string('recognition', None, 'Suites of generators, perception: built-in (default), '
                    'dlib, or a weights file.')
flags.DEFINE_string('parsing', None, 'Suites of generators, perception: built-in (default), '
                    'or a weights file.')
flags.DEFINE_string('photos', None, 'perception, editing: a folder of photographs (or of one .tar, '
                    'or that .tar), with landmarks.npz beside them: filename [N], points5 '
                    '[N, 5, 2], points68 [N, 68, 2] pixels; editing needs points5 alone, or a '
                    'folder detections in it, or mtcnn.')
flags.DEFINE_string('methods', None, 'editing: how photographs are found in the generator: '
                    'coefficients, encoder, optimised, tuned, with commas between.')
flags.DEFINE_string('encoder', None, 'editing: an encoder.npz of scripts/train_encoder.py.')
flags.DEFINE_integer('edited', None, 'editing: photographs that get every edit (26).',
                     lower_bound=1)
flags.DEFINE_integer('steps', None, 'editing: of each search (200).', lower_bound=1)
flags.DEFINE_integer('photo_count', None, 'perception: photographs, at most (2400).',
                     lower_bound=2)
flags.DEFINE_string('identity_pattern', None, 'perception: a regular expression for the '
                    "photographs' names without ending, whose one group is the person; default "
                    '(.*)_[0-9]+.')
flags.DEFINE_string('sheets', None, 'perception: a folder for pictures of the worst 32.')
flags.DEFINE_integer('slopes', None, 'control: faces that are asked for poses, expressions and '
                     'lights in steps (16); 0 for none.', lower_bound=0)
flags.DEFINE_string('features', None, 'quality: what pictures are compared by, names with commas '
                    'between: recognition (default), parsing, dlib, inception, vgg16.')
flags.DEFINE_string('inception', None, 'quality: the file of the features inception, see '
                    'tfdisco/metrics/quality/inception.py.')
flags.DEFINE_string('vgg16', None, "quality: the file of the features vgg16, Keras' published "
                    'weights without top.')
flags.DEFINE_string('images', None, 'images: a folder or .tar of pictures of one size, framed as '
                    'prepare_photos.py frames photographs, such as those of another system.')
flags.DEFINE_string('coefficients', None, 'images: an .npz with coefficients [N, K] of --model '
                    'that the pictures, sorted by name, were made of.')
flags.DEFINE_string('out', None, 'report: the folder to write to, or to go on in.')
flags.DEFINE_string('suites', None, 'report: names with commas between; all by default.')
OPTIONS = ('model', 'data', 'count', 'seed', 'weights', 'snapshot', 'reconstruction', 'recognition',
           'parsing', 'judge', 'contexts', 'values', 'photos', 'photo_count', 'identity_pattern',
           'sheets', 'slopes', 'methods', 'encoder', 'edited', 'steps', 'features',
           'inception', 'vgg16', 'images', 'coefficients', 'out', 'suites')


def main(argv):
    """Prints figures, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    options = {name: FLAGS[name].value for name in OPTIONS if FLAGS[name].value is not None}
    if 'progress' in registry.known_options(FLAGS.suite):
        options['progress'] = progress.bar
    try:
        result = registry.run(FLAGS.suite, **options)
    except (ValueError, OSError) as error:
        sys.exit(f'evaluate: {error}')
    print(json.dumps(result, indent=1) if FLAGS.json else registry.table(FLAGS.suite, result))


if __name__ == '__main__':
    app.run(main)
