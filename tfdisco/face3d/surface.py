"""Distances over the whole face from few numbers: Gram matrices of a model's bases.

With B a basis [K, 3 V], the mean over V vertices of |d B|^2 is d (B B^T / V) d^T, exactly and
without a vertex.
"""

import numpy as np

MILLIMETRES = 100.0  # a decimetre


def gram(basis, face):
    """The matrix G with d G d^T = the mean over the face of |d B|^2.

    Args:
      basis: [K, V, 3].
      face: [V] bool, the vertices that count.

    Returns:
      [K, K] float64, in the square of the basis' unit.
    """
    flat = np.asarray(basis, np.float64)[:, face].reshape(len(basis), -1)
    return flat @ flat.T / np.count_nonzero(face)


def root(basis, face):
    """The matrix R [K, K] float64 with |d R|^2 = d G d^T; arguments are those of `gram`."""
    squares, axes = np.linalg.eigh(gram(basis, face))
    return axes * np.sqrt(np.maximum(squares, 0.0))
