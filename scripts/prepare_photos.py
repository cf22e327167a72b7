"""Aligns photographs of faces and estimates their coefficients.

    python scripts/prepare_photos.py --photos=photos --out=data/photos --processes=4
    python scripts/prepare_photos.py --photos=lfw.tar --out=data/lfw --landmarks=points.npz \\
        --identity_pattern='(.*)_[0-9]+'

Writes aligned faces with coefficients as TFRecords, report.csv (what became of every file),
faces.png (a sheet to look at) and card.json. The same command goes on with a run that was
interrupted. Finding faces needs `pip install 'tfdisco[photos]'`; points may be given instead.
"""

import sys

from absl import app, flags

from tfdisco import progress
from tfdisco.data.photographs.preparation import prepare
from tfdisco.data.photographs.run import PhotoRun
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.perception.reconstruction import Reconstruction

FLAGS = flags.FLAGS
DEFAULTS = PhotoRun(photos='')
flags.DEFINE_string('photos', None, 'A folder of photographs, with its subfolders, or a .tar.')
flags.DEFINE_string('out', None, 'The folder to write to; made if need be.')
flags.DEFINE_string('model', DEFAULTS.model, f'{DEFAULTS.model}, or a morphable model (.npz).')
flags.DEFINE_string('reconstruction', DEFAULTS.reconstruction, 'Weights of the network that '
                    f'estimates coefficients: {DEFAULTS.reconstruction}, or a file (.npz).')
flags.DEFINE_string('landmarks', DEFAULTS.landmarks, 'Points instead of detection: a folder of '
                    'NAME.txt, five lines x y (eyes, nose tip, mouth corners, left in the '
                    'picture first), ten numbers in a line, or 68 lines; or of NAME.json of '
                    "mtcnn; or with a folder detections, as Deep3D's; or an .npz with filename "
                    '[N] and points5 [N, 5, 2].')
flags.DEFINE_string('identity_pattern', DEFAULTS.identity_pattern, 'A regular expression for '
                    'file names without their ending, whose one group is the person, as '
                    '(.*)_[0-9]+; without it, each file is another person.')
flags.DEFINE_integer('size', DEFAULTS.size, 'Edge of the aligned picture in pixels.')
flags.DEFINE_bool('all_faces', DEFAULTS.all_faces, 'Every face of a photograph, not the largest.')
flags.DEFINE_integer('refinements', DEFAULTS.refinements, 'How often the face is aligned again '
                     'by the reconstruction; 0 leaves it at the five points.')
flags.DEFINE_float('min_confidence', DEFAULTS.min_confidence, 'Of a detected face, 0 to 1.')
flags.DEFINE_float('min_face', DEFAULTS.min_face, "Edge of the face's square in the photograph, "
                   'pixels, at least.')
flags.DEFINE_float('max_border', DEFAULTS.max_border, 'Share of an aligned picture that may lie '
                   'outside the photograph, and is filled.')
flags.DEFINE_float('max_misfit', DEFAULTS.max_misfit, 'Distance of the reconstruction from the '
                   'five points, in eye distances, at most.')
flags.DEFINE_float('megapixels', DEFAULTS.megapixels, 'Of the largest photograph to open.')
flags.DEFINE_integer('shard_size', DEFAULTS.shard_size, 'Files that go into one shard.')
flags.DEFINE_integer('processes', 1, 'That open photographs and find faces.')
flags.DEFINE_integer('batch', 16, 'Faces reconstructed at once.')
flags.DEFINE_integer('sheet', 24, 'Faces shown in faces.png; 0 for none.', lower_bound=0)
flags.mark_flags_as_required(['photos', 'out'])


def main(argv):
    """Prepares, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        run = PhotoRun(**{name: FLAGS[name].value for name in vars(DEFAULTS)})
        model = MorphableModel.load(run.model)
        reconstruction = Reconstruction.load(run.reconstruction, model)
        with progress.bar(unit='file') as bar:
            def advance(done, files):
                bar.total = files
                bar.update(done - bar.n)

            card = prepare(run, model, FLAGS.out, reconstruction, FLAGS.processes, FLAGS.batch,
                           FLAGS.sheet, advance)
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'prepare_photos: {error}')
    print(f'wrote {card["count"]} faces of {card["report"]["files"]} files to {FLAGS.out}')


if __name__ == '__main__':
    app.run(main)
