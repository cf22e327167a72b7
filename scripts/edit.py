"""Edits faces of a photograph, and puts them back.

    python scripts/edit.py --photo=group.jpg --out=edited --face=all --set="yaw=-20deg,light=left"
    python scripts/edit.py --photo=a.jpg --out=edited --frontal --tune
    python scripts/edit.py --photo=a.jpg --out=edited --set="yaw=+10deg,jawOpen=+0.3"
    python scripts/edit.py --photo=a.jpg --out=edited --expression_from=b.jpg --light_from=c.jpg
    python scripts/edit.py --photo=a.jpg --out=edited --sweep=yaw:-30:30:13
    python scripts/edit.py --photo=a.jpg --out=again --known=edited/face-1.npz --set=light=right

Writes edited.png, faces.png, receipt.json and a small file a face; of a sweep sweep.png,
sweep.gif and, with pip install 'tfdisco[video]', sweep.mp4. The photograph is only read.
"""

import sys

from absl import app, flags

from tfdisco import progress
from tfdisco.data.photographs.points import GivenPoints
from tfdisco.editing import receipt
from tfdisco.editing.edit_run import EditRun, run
from tfdisco.editing.inversion.optimise import Search
from tfdisco.editing.inversion.tuning import Tuning
from tfdisco.editing.loop import Tolerance
from tfdisco.editing.photo_editor import PhotoEditor

FLAGS = flags.FLAGS
flags.DEFINE_string('photo', None, 'The photograph.', required=True)
flags.DEFINE_string('out', None, 'The folder to write to; made if need be.', required=True)
flags.DEFINE_string('set', '', 'Attributes in plain units: pitch, yaw, roll (20deg, 0.3rad), light '
                    '(left, left:0.5 or 27 numbers), expressions by name (jawOpen=0.6); with + '
                    'before the value, +10deg, +-10deg or +0.2, it is added.')
flags.DEFINE_bool('frontal', False, 'Turn the face to the camera.')
flags.DEFINE_string('expression_from', None, 'A photograph whose expression the face takes on.')
flags.DEFINE_string('light_from', None, 'A photograph whose light falls on the face.')
flags.DEFINE_string('pose_from', None, 'A photograph whose pose the face takes on.')
flags.DEFINE_string('sweep', None, 'NAME:FROM:TO:COUNT, an angle in degrees or an expression.')
flags.DEFINE_string('face', None, 'Which one, if there are several: all, largest or its number '
                    'from left to right.')
flags.DEFINE_bool('tune', False, "Adapt the generator's weights to each face (pivotal tuning).")
flags.DEFINE_string('known', None, 'face-NUMBER.npz of an earlier edit of the same photograph, in '
                    'place of the search.')
flags.DEFINE_string('snapshot', 'built-in', 'built-in, or a generator.npz of scripts/train.py.')
flags.DEFINE_string('encoder', None, 'built-in, or an encoder.npz of scripts/train_encoder.py, '
                    'that gives the search its start; without it, the coefficients do.')
flags.DEFINE_string('reconstruction', 'built-in', 'The network that reads coefficients.')
flags.DEFINE_string('recognition', 'built-in', 'The network of the identity term: built-in, dlib '
                    'or a file.')
flags.DEFINE_string('parsing', 'built-in', 'The network that finds face and hair.')
flags.DEFINE_string('features', 'built-in', "Of the perceptual term: built-in, or Keras' file of "
                    'VGG16 without top.')
flags.DEFINE_string('landmarks', None, 'Five points a face, for --photo and others by name, see '
                    'scripts/prepare_photos.py; without it, mtcnn finds them.')
flags.DEFINE_integer('steps', Search().steps, 'Of the search; 0 for the start alone.',
                     lower_bound=0)
flags.DEFINE_integer('tuning_steps', Tuning().steps, 'Of --tune.', lower_bound=1)
flags.DEFINE_integer('rounds', Tolerance().rounds, 'Pictures drawn to come near what is asked for; '
                     '1 for no correction.', lower_bound=1)
flags.DEFINE_bool('lock', True, 'Hold what is not asked for.')


def main(argv):
    """Edits, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        wanted = EditRun(
            FLAGS.photo, FLAGS.set, FLAGS.frontal, FLAGS.expression_from, FLAGS.light_from,
            FLAGS.pose_from, FLAGS.sweep, FLAGS.face, FLAGS.tune,
            GivenPoints(FLAGS.landmarks) if FLAGS.landmarks else None, FLAGS.known,
            FLAGS.steps > 0)
        editor = PhotoEditor.load(
            FLAGS.snapshot, FLAGS.reconstruction, FLAGS.recognition, FLAGS.parsing, FLAGS.features,
            search=Search(max(FLAGS.steps, 1)), tuning=Tuning(FLAGS.tuning_steps),
            tolerance=Tolerance(rounds=FLAGS.rounds, lock=FLAGS.lock), encoder=FLAGS.encoder)
        with progress.bar(unit='step') as bar:
            result = run(wanted, editor, FLAGS.out, receipt.load_judges(), bar.update)
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        sys.exit(f'edit: {error}')
    for line in result['lines']:
        print(line)
    print(f'wrote {FLAGS.out} in {result["seconds"]["all"]:.0f} s')


if __name__ == '__main__':
    app.run(main)
