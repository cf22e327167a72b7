"""Precision and recall of generated pictures by nearest neighbours (Kynkaanniemi et al. 2019)."""

import numpy as np

from tfdisco.shapes import check_positive, check_shape

NEIGHBOUR = 3  # whose distance is the radius, as published
ROWS = 512  # of the matrix of distances at once


def precision_recall(real, generated, neighbour=NEIGHBOUR):
    """Which pictures lie where the others are.

    A set's manifold is the union of balls around its features, each as wide as the way to
    its `neighbour`-th nearest neighbour in the set (Eq. 1 there).

    Args:
      real: [N, D] features.
      generated: [M, D] features.
      neighbour: which one's distance is the radius.

    Returns:
      [M] bool, generated pictures on the manifold of the real ones, whose mean is precision;
      [N] bool, real ones on that of the generated, whose mean is recall.

    Raises:
      ValueError: on wrong shapes, NaN or infinity, or too few pictures for the neighbour.
    """
    check_positive('neighbour', neighbour)
    real, generated = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    check_shape('real', real, ['N', 'D'])
    check_shape('generated', generated, ['M', real.shape[1]])
    for name, values in (('real', real), ('generated', generated)):
        if not np.isfinite(values).all():
            raise ValueError(f'{name}: expected finite features, got NaN or infinity')
        if len(values) <= neighbour:
            raise ValueError(f'{name}: expected more than {neighbour} pictures, for the '
                             f'neighbours, got {len(values)}')
    return (_covered(generated, real, _radii(real, neighbour)),
            _covered(real, generated, _radii(generated, neighbour)))


def _radii(values, neighbour):
    """[N] squared distances to the neighbour."""
    result = []
    for start, squares in _blocks(values, values):
        rows = np.arange(len(squares))
        squares[rows, start + rows] = 0.0  # the way to itself, which rounding makes no zero
        result.append(np.partition(squares, neighbour, axis=1)[:, neighbour])
    return np.concatenate(result)


def _covered(points, centres, radii):
    """[P] bool: points in any ball."""
    return np.concatenate([(squares <= radii).any(axis=1)
                           for _, squares in _blocks(points, centres)])


def _blocks(first, second):
    """Yields (first row, squared distances [rows, N]); memory is that of a block."""
    lengths = np.square(second).sum(axis=1)
    for start in range(0, len(first), ROWS):
        rows = first[start:start + ROWS]
        squares = lengths - 2.0 * rows @ second.T + np.square(rows).sum(axis=1)[:, np.newaxis]
        yield start, np.maximum(squares, 0.0)
