"""The generator as a TensorFlow Lite file, for phones and other small machines."""

import tempfile

import tensorflow as tf

from tfdisco import files
from tfdisco.export import saved_model
from tfdisco.ops import native

ENDING, NETWORK = '.tflite', 'network'


def write(path, faces):
    """Writes `faces.network`: coefficients, noise and psi to values [B, R, R, 3].

    The file holds TensorFlow Lite's own ops only and one signature, `saved_model.DEFAULT`. The
    batch is free; psi is [B] or [1], and has to be there, as TensorFlow Lite knows no defaults.

    Args:
      path: of the file, which ends in .tflite and appears whole or not at all.
      faces: `functions.Faces`.

    Raises:
      FileNotFoundError: if its folder does not exist.
      ValueError: if it ends otherwise.
    """
    files.check_target(path, ENDING)
    with tempfile.TemporaryDirectory() as folder, native.standard_ops():
        saved_model.save(folder, {NETWORK: saved_model.signature(faces.network)}, NETWORK)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[saved_model.DEFAULT])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        data = converter.convert()
    with files.replacing(path) as file:
        file.write(data)
