"""Coefficients of many people on disk: an .npz with one array, `coefficients`."""

import numpy as np

from tfdisco import files


def read(path):
    """Reads `coefficients` [N, K] of an .npz, without pickle.

    Args:
      path: a path.

    Returns:
      float32 array [N, K], finite, N > 0.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file.
    """
    values = files.read_npz(
        path, 'coefficient', advice='make one with an array coefficients, floats [N, K]',
        arrays={'coefficients': files.Array(files.FLOATS, ['N', 'K'], np.float32)})['coefficients']
    if not len(values):
        raise ValueError(f'{path}: coefficients: expected floats [N, K], N > 0, got '
                         f'{list(values.shape)}')
    return values
