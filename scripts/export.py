"""Exports a trained generator for programs without tfdisco.

    python scripts/export.py --out=models/faces/1
    python scripts/export.py --out=models/faces/2 --snapshot=runs/mine/generator.npz
    python scripts/export.py --out=models/faces/3 --precision=bfloat16
    python scripts/export.py --out=faces.onnx --format=onnx
    python scripts/export.py --out=faces.tflite --format=tflite

A SavedModel is a folder for TensorFlow Serving and every other TensorFlow, which holds
TensorFlow's own ops only; assets/card.json in it says what it can be asked. See docs/export.md.
"""

import sys

from absl import app, flags

from tfdisco.export import onnx, saved_model, tflite
from tfdisco.export.functions import Faces
from tfdisco.networks import trained
from tfdisco.networks.config import PRECISIONS
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction

FLAGS = flags.FLAGS
flags.DEFINE_string('out', None, 'Where to: a folder whose name is a number, or for ONNX and '
                    'TensorFlow Lite a path that ends in .onnx or .tflite.', required=True)
flags.DEFINE_string('snapshot', trained.BUILT_IN, 'built-in, or a generator.npz of '
                    'scripts/train.py.')
flags.DEFINE_enum('format', 'savedmodel', ['savedmodel', 'onnx', 'tflite'], 'Of what is written.')
flags.DEFINE_enum('precision', None, PRECISIONS, 'Of activations in the highest resolutions of a '
                  'SavedModel; as it was trained unless given.')
flags.DEFINE_string('reconstruction', 'built-in', 'The network that reads coefficients off '
                    'photographs: built-in or a file; none to leave photographs out.')
flags.DEFINE_string('recognition', 'built-in', 'The network that knows faces again: built-in, dlib '
                    'or a file.')


def main(argv):
    """Exports, or ends with one line that says what is wrong and status 1."""
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        generator = trained.load(FLAGS.snapshot)
        if FLAGS.precision and FLAGS.format != 'savedmodel':
            raise ValueError(f'precision: expected with --format=savedmodel, got {FLAGS.format}')
        if FLAGS.precision:
            generator = trained.in_precision(generator, FLAGS.precision)
        if FLAGS.format != 'savedmodel':
            {'onnx': onnx, 'tflite': tflite}[FLAGS.format].write(FLAGS.out, Faces(generator))
        else:
            looks = () if FLAGS.reconstruction == 'none' else (
                Reconstruction.load(FLAGS.reconstruction, generator.model),
                Recognition.load(FLAGS.recognition))
            saved_model.write(FLAGS.out, Faces(generator, *looks),
                              trained.licence(FLAGS.snapshot))
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'export: {error}')
    print(f'wrote {FLAGS.out}')


if __name__ == '__main__':
    app.run(main)
