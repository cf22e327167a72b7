"""Converts a published morphable model into a model file of this project.

    python scripts/import_morphable_model.py --kind=ict \\
        --source=ICT-FaceKit/FaceXModel --out=ict.npz
    python scripts/import_morphable_model.py --kind=bfm09 \\
        --source=BFM --out=bfm09.npz
    python scripts/import_morphable_model.py --kind=bfm_front \\
        --source=Deep3DFaceReconstruction/BFM/BFM_model_front.mat --out=bfm09.npz
"""

import sys

from absl import app, flags

from tfdisco.face3d import importers

FLAGS = flags.FLAGS
flags.DEFINE_enum('kind', None, sorted(importers.IMPORTERS), 'The published model.')
flags.DEFINE_string(
    'source', None,
    'bfm09: the folder with 01_MorphableModel.mat, Exp_Pca.bin and the index tables. bfm_front: '
    'BFM_model_front.mat or BFM_model_front_gan.mat, which the code of Deep3D and DiscoFaceGAN '
    "makes of them. ict: ICT-FaceKit's folder FaceXModel, or an .npz of the same data.")
flags.DEFINE_string('out', None, 'The model file to write, .npz.')
flags.mark_flags_as_required(['kind', 'source', 'out'])


def main(argv):
    """Converts, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        importers.import_model(FLAGS.kind, FLAGS.source, FLAGS.out)
    except (ValueError, OSError) as error:
        sys.exit(f'import_morphable_model: {error}')


if __name__ == '__main__':
    app.run(main)
