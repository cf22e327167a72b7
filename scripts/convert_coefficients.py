"""Converts coefficients of faces to Deep3D's MATLAB files and back.

    python scripts/convert_coefficients.py --source=generated/faces.npz --out=faces.mat
    python scripts/convert_coefficients.py --source=coeff --out=people.npz

--source is an .npz with coefficients [N, 254], a .mat, or a folder of .mat files, as
Deep3DFaceReconstruction, Deep3DFaceRecon_pytorch and DiscoFaceGAN's preprocess_data.py write
them; the ending of --out says into what. The numbers are those of the Basel Face Model.
"""

import sys

from absl import app, flags

from tfdisco.face3d import deep3d_file

FLAGS = flags.FLAGS
flags.DEFINE_string('source', None, 'An .npz, a .mat or a folder of .mat files.')
flags.DEFINE_string('out', None, 'The file to write, .mat or .npz.')
flags.DEFINE_enum('order', deep3d_file.DEEP3D, [*deep3d_file.ORDERS, deep3d_file.PYTORCH],
                  'Whose .mat to write.')
flags.mark_flags_as_required(['source', 'out'])


def main(argv):
    """Converts, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        count = deep3d_file.convert(FLAGS.source, FLAGS.out, FLAGS.order)
    except (ValueError, OSError) as error:
        sys.exit(f'convert_coefficients: {error}')
    print(f'wrote {count} faces to {FLAGS.out}')


if __name__ == '__main__':
    app.run(main)
