"""Converters from published morphable models to the project's model file."""

import os

import numpy as np

from tfdisco import shapes
from tfdisco.face3d import model_file
from tfdisco.face3d.importers import bfm, bfm_front, ict

# Each takes the path of the published files and returns model_file's arrays.
IMPORTERS = {
    'bfm09': bfm.load,
    'bfm_front': bfm_front.load,
    'ict': ict.load,
}


def import_model(kind, source, out):
    """Reads a published model and writes it as a model file.

    Bases are stored as int16 with one step a mode: at most 1/65534 of the mode's
    largest offset is lost, which is below a micrometre for a face, and the file
    is half as large.

    Args:
      kind: a key of `IMPORTERS`.
      source: the folder or file that holds the published model.
      out: the .npz to write; an existing file is replaced.

    Raises:
      FileNotFoundError: if a file of the published model, or the folder of `out`,
        is missing.
      ValueError: if `kind` is unknown or the published files are not as expected.
    """
    shapes.check_choice('kind', kind, IMPORTERS)
    folder = os.path.dirname(os.path.abspath(out))
    # Checked first: reading the sources takes up to a minute.
    if not str(out).endswith('.npz'):
        raise ValueError(f'out: expected a path that ends in .npz, got {str(out)!r}')
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'out: expected an existing folder, got {folder!r}; create it')
    arrays = IMPORTERS[kind](source)
    model_file.write(out, arrays, steps=int16_steps(arrays))


def int16_steps(arrays):
    """{basis: [K] float32 step} that spreads each mode over the whole int16 range."""
    steps = {}
    for name in model_file.BASES:
        basis = arrays[name]
        if len(basis):
            peak = np.abs(basis).reshape(len(basis), -1).max(axis=1)
            # A mode of zeros takes any step.
            steps[name] = np.where(peak > 0, peak / np.iinfo(np.int16).max, 1).astype(np.float32)
    return steps
