"""Generates faces of people who do not exist.

    python scripts/generate.py --out=faces --vary=all
    python scripts/generate.py --out=faces --snapshot=runs/mine/generator.npz
    python scripts/generate.py --out=faces --set="yaw=20deg,jawOpen=0.6,light=left"
    python scripts/generate.py --out=faces --reference=photo.jpg
    python scripts/generate.py --out=faces --interpolate=pose --count=4

Writes a PNG for each face, sheet.png, and faces.npz, which --faces takes in again.
"""

import sys

from absl import app, flags

from tfdisco import factors
from tfdisco.editing import generation, reference
from tfdisco.editing.attributes import Attributes
from tfdisco.editing.face_generator import FaceGenerator

FLAGS = flags.FLAGS
flags.DEFINE_string('out', None, 'The folder to write to; made if need be.', required=True)
flags.DEFINE_string('snapshot', 'built-in', 'built-in, or a generator.npz of scripts/train.py.')
flags.DEFINE_integer('count', 8, 'Random faces, or rows of --vary.', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'Of everything random.', lower_bound=0)
flags.DEFINE_string('faces', None, 'An .npz with z [N, latents] or coefficients [N, K], instead '
                    "of random faces; or a .json of the demo; or Deep3D's coefficients, a .mat or "
                    'a folder of them.')
flags.DEFINE_enum('vary', None, [*factors.FACTORS, generation.ALL],
                  'Everything is held but this factor; all: one person, a factor a row.')
flags.DEFINE_enum('interpolate', None, factors.FACTORS, 'This factor goes from face to face.')
flags.DEFINE_string('set', None, 'Attributes in plain units: pitch, yaw, roll (20deg or 0.3rad), '
                    'light (left, top, ...), expressions by name (jawOpen=0.6).')
flags.DEFINE_string('reference', None, 'A photograph whose expression, light and pose new '
                    'identities take on.')
flags.DEFINE_string('reconstruction', 'built-in', 'The reconstruction network that reads it: '
                    'built-in or a file.')
flags.DEFINE_float('truncation_psi', 1.0, 'Below 1, identities nearer to the mean; expression, '
                   'light and pose stay.', lower_bound=0.0, upper_bound=1.0)


def main(argv):
    """Generates, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        if FLAGS.vary and FLAGS.interpolate:
            raise ValueError('vary, interpolate: expected one of them, got both')
        faces = FaceGenerator.load(FLAGS.snapshot)
        z, coefficients, beside = faces.latents(FLAGS.count, FLAGS.seed), None, None
        if FLAGS.faces:
            z, coefficients = generation.read_faces(FLAGS.faces, faces, FLAGS.seed)
        if FLAGS.vary:
            what = generation.vary(faces, z, FLAGS.vary, FLAGS.seed)
        elif FLAGS.interpolate:
            what = generation.interpolate(faces, z, FLAGS.interpolate)
        else:
            what = generation.random(faces, z)
            if coefficients is not None:
                what = what._replace(coefficients=coefficients)
        if FLAGS.reference:
            shown, beside = reference.read(FLAGS.reference, faces.model, FLAGS.reconstruction)
            what = what._replace(coefficients=reference.wear(
                what.coefficients, shown, faces.model.layout))
        if FLAGS.set:
            what = what._replace(
                coefficients=Attributes(FLAGS.set, faces.model)(what.coefficients))
        paths = generation.write(FLAGS.out, faces, what, FLAGS.truncation_psi, beside,
                                 gif=bool(FLAGS.interpolate))
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'generate: {error}')
    print(f'wrote {len(paths)} files, the sheet among them, to {FLAGS.out}')


if __name__ == '__main__':
    app.run(main)
