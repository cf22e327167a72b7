"""The Frechet distance of two sets of features, accumulated in a stream (Heusel et al. 2017)."""

import numpy as np

from tfdisco.metrics import statistics
from tfdisco.shapes import check_positive, check_shape

GROUPS = 10  # parts of a set that are left out in turn, for the interval


class Moments:
    """Number, mean and covariance of rows that come in batches.

    Memory does not grow with their number. Batches are merged by the formula of Chan et al.
    (1979), which does not lose digits where the mean is large beside the deviation.

    Attributes:
      count: rows.
      mean: [D] float64.
      scatter: [D, D] float64, the sum of outer products of differences from the mean.
    """

    def __init__(self, size):
        """Takes D; ValueError unless it is positive."""
        check_positive('size', size)
        self.count, self.mean, self.scatter = 0, np.zeros(size), np.zeros((size, size))

    def add(self, features):
        """Takes features [N, D].

        Raises:
          ValueError: on another shape, or on NaN and infinity.
        """
        features = np.asarray(features, np.float64)
        check_shape('features', features, ['N', len(self.mean)])
        if not np.isfinite(features).all():
            raise ValueError('features: expected finite numbers, got NaN or infinity; a picture '
                             'or a weight that makes them is broken')
        if len(features):
            mean = features.mean(axis=0)
            apart = features - mean
            self._join(len(features), mean, apart.T @ apart)

    def _join(self, count, mean, scatter):
        total, shift = self.count + count, mean - self.mean
        self.scatter += scatter + np.outer(shift, shift) * (self.count * count / total)
        self.mean += shift * (count / total)
        self.count = total

    @property
    def covariance(self):
        """[D, D], unbiased.

        Raises:
          ValueError: if there are not more rows than features: it would have no full rank.
        """
        size = len(self.mean)
        if self.count <= size:
            raise ValueError(f'count: expected more pictures than the {size} features, for their '
                             f'covariance, got {self.count}')
        return self.scatter / (self.count - 1)

    @classmethod
    def merged(cls, parts):
        """The `Moments` of all rows of several."""
        parts = list(parts)
        result = cls(len(parts[0].mean))
        for part in parts:
            if part.count:
                result._join(part.count, part.mean, part.scatter)
        return result


class GroupedMoments:
    """`Moments` of a set of known size, in `GROUPS` parts one after the other.

    Attributes:
      total: rows that will come.
      groups: list of `Moments`.
    """

    def __init__(self, size, total):
        """Takes D and the number of rows."""
        check_positive('total', total)
        self.total, self.groups, self._seen = int(total), [Moments(size) for _ in range(GROUPS)], 0

    def add(self, features):
        """Takes features [N, D], see `Moments.add`; ValueError if more come than were said."""
        if self._seen + len(features) > self.total:
            raise ValueError(f'features: expected {self.total} rows, got more')
        group = (self._seen + np.arange(len(features))) * GROUPS // self.total
        for index in np.unique(group):
            self.groups[index].add(np.asarray(features)[group == index])
        self._seen += len(features)

    def all(self):
        """`Moments` of everything."""
        return Moments.merged(self.groups)

    def halves(self):
        """`Moments` of the first and of the second half."""
        half = GROUPS // 2
        return Moments.merged(self.groups[:half]), Moments.merged(self.groups[half:])

    def without_each(self):
        """Yields the `Moments` without one group, for each that has rows."""
        for left_out in self.groups:
            if left_out.count:
                yield Moments.merged(group for group in self.groups if group is not left_out)


def distance(first, second):
    """|m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two `Moments`, a float.

    Raises:
      ValueError: see `Moments.covariance`; and if features differ in number.
    """
    check_shape('second', second.mean, [len(first.mean)])
    return _distance(_square_root(first.covariance), first, second)


def estimate(first, second):
    """The `statistics.Estimate` of the distance of two `GroupedMoments`.

    Its interval is that of the grouped jackknife, over the groups of both sets. (Rows drawn
    again, as in the bootstrap, would be fewer different ones, which by itself moves the
    distance up.)

    Raises:
      ValueError: see `distance`; each set without a group must suffice as well.
    """
    whole, other = first.all(), second.all()
    root = _square_root(whole.covariance)
    return statistics.jackknife(
        _distance(root, whole, other),
        [[distance(part, other) for part in first.without_each()],
         [_distance(root, whole, part) for part in second.without_each()]], other.count)


def _distance(root, first, second):
    """The distance, with the square root of the first covariance at hand."""
    covariance = second.covariance
    # Eigenvalues of the symmetric C1^(1/2) C2 C1^(1/2), which are those of C1 C2.
    values = np.linalg.eigvalsh(root @ covariance @ root)
    traces = np.trace(first.covariance) + np.trace(covariance)
    apart = np.square(first.mean - second.mean).sum()
    return float(apart + traces - 2.0 * np.sqrt(np.maximum(values, 0.0)).sum())


def _square_root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
