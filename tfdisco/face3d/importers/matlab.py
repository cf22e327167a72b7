"""Numeric variables of MATLAB files (version 5 to 7), checked."""

import os

import numpy as np
import scipy.io


def names(path, hint):
    """Names of the variables of a file; raises ValueError as `read`."""
    return {name for name, _, _ in _load(path, hint, scipy.io.whosmat)}


def read(path, variable, shape, hint):
    """One matrix.

    Args:
      path: the .mat file.
      variable: its name there.
      shape: the shape it must have, or None for any.
      hint: where to get the right file, for the messages.

    Raises:
      ValueError: if the file cannot be read or the variable is not as expected.
    """
    values = _load(path, hint, scipy.io.loadmat, variable_names=[variable]).get(variable)
    if values is None or values.dtype.kind not in 'iuf':
        raise ValueError(f'{path}: expected a numeric variable {variable!r}, got '
                         f'{"none" if values is None else values.dtype}; {hint}')
    if not np.isfinite(values).all():
        raise ValueError(f'{path}: {variable}: expected finite numbers, got NaN or infinity; '
                         f'{hint}')
    if shape is not None and values.shape != tuple(shape):
        raise ValueError(f'{path}: {variable}: expected shape {list(shape)}, got '
                         f'{list(values.shape)}; {hint}')
    return values


def _load(path, hint, function, **arguments):
    try:
        return function(os.fspath(path), appendmat=False, **arguments)
    except FileNotFoundError:
        raise
    except NotImplementedError as error:  # scipy's answer to HDF5
        raise ValueError(f'{path}: expected a MATLAB file of version 5 to 7, got version 7.3; save '
                         f"it again with save(..., '-v7'), or take the original: {hint}"
                         ) from error
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise ValueError(f'{path}: expected a MATLAB file, got one that cannot be read ({error}); '
                         f'{hint}') from error


def read_indices(path, variable, shape, limit, hint):
    """A table of indices that start at 1, as int32 from 0.

    Args:
      path, variable, hint: see `read`.
      shape: (N,) for a row or a column, or (None, M) for a matrix of any length.
      limit: the largest index, as stored.

    Raises:
      ValueError: as `read`, or if an index is out of range.
    """
    values = read(path, variable, None, hint)
    if len(shape) == 1:
        values = values.reshape(-1)
    if values.ndim != len(shape) or any(size not in (None, got)
                                        for size, got in zip(shape, values.shape)):
        raise ValueError(f'{path}: {variable}: expected shape {list(shape)}, got '
                         f'{list(values.shape)}; {hint}')
    indices = values.astype(np.int64)
    if not indices.size or (indices != values).any() or indices.min() < 1 or indices.max() > limit:
        raise ValueError(f'{path}: {variable}: expected whole numbers from 1 to {limit}, got '
                         + (f'{values.min():g} to {values.max():g}' if values.size else 'none')
                         + f'; {hint}')
    return (indices - 1).astype(np.int32)
