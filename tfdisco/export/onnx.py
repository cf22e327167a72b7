"""The generator as an ONNX file, for runtimes of others."""

from tfdisco import files
from tfdisco.export.saved_model import signature
from tfdisco.ops import native

ENDING = '.onnx'
OPSET = 17


def write(path, faces):
    """Writes `faces.network`: coefficients, noise and psi to values [B, R, R, 3].

    The batch is free; psi is [B] or [1], and has to be there, as ONNX knows no defaults.

    Args:
      path: of the file, which ends in .onnx and appears whole or not at all.
      faces: `functions.Faces`.

    Raises:
      FileNotFoundError: if its folder does not exist.
      ValueError: if it ends otherwise.
      ImportError: if the extra `export` is not installed.
    """
    files.check_target(path, ENDING)
    import tf2onnx  # late: it is an extra, and slow
    function = signature(faces.network)
    with native.standard_ops():
        model, _ = tf2onnx.convert.from_function(
            function, input_signature=function.input_signature, opset=OPSET)
    with files.replacing(path) as file:
        file.write(model.SerializeToString())
