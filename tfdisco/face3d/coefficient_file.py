"""Coefficients of many people on disk: an .npz with one array, `coefficients`."""

import zipfile
import zlib

import numpy as np


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
    try:
        with np.load(path, allow_pickle=False) as archive:
            if 'coefficients' not in archive.files:
                raise ValueError(f'it holds {archive.files}')
            values = archive['coefficients']
    except FileNotFoundError:
        raise
    # A single .npy array is no context manager: AttributeError, or TypeError since 3.11.
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile,
            zlib.error) as error:
        raise ValueError(f"{path}: expected an .npz with an array 'coefficients', got a file "
                         f'that cannot be read so ({error})') from error
    if values.ndim != 2 or not len(values) or not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f'{path}: coefficients: expected floats [N, K], N > 0, got '
                         f'{values.dtype} {list(values.shape)}')
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f'{path}: coefficients: expected finite numbers, got NaN or infinity')
    return values
