"""What is kept of a set of pictures, and the figures of one set against another."""

import numpy as np

from tfdisco.metrics import statistics
from tfdisco.metrics.quality import frechet, neighbours

KEPT = 10000  # pictures whose features are kept for their neighbours, at most


class FeatureSet:
    """Features of a set of pictures, in a stream: memory does not grow beyond `KEPT`.

    Attributes:
      features: `features.Features`.
      moments: `frechet.GroupedMoments`.
    """

    def __init__(self, features, total):
        """Takes how pictures are described, and how many will come."""
        self.features, self.moments = features, frechet.GroupedMoments(features.size, total)
        self._kept, self._room = [], min(total, KEPT)

    def add(self, pictures):
        """Takes pictures [B, H, W, 3]; ValueError if their features are no numbers."""
        found = np.asarray(self.features.vectors(pictures), np.float32)
        self.moments.add(found)
        if self._room:
            self._kept.append(found[:self._room])
            self._room -= len(self._kept[-1])

    @property
    def vectors(self):
        """[N, D] float32 features of the first pictures, `KEPT` at most."""
        return np.concatenate(self._kept)


def gather(features, total, batches):
    """{name: `FeatureSet`} of pictures.

    Args:
      features: {name: `features.Features`}.
      total: number of pictures.
      batches: of pictures [B, H, W, 3] in [-1, 1].

    Raises:
      ValueError: if more or fewer come, or features are no numbers.
    """
    found = {name: FeatureSet(kind, total) for name, kind in features.items()}
    came = 0
    for pictures in batches:
        for one in found.values():
            one.add(pictures)
        came += len(pictures)
    if came != total:
        raise ValueError(f'count: expected {total} pictures, got {came}')
    return found


def check_count(count, features, what='count'):
    """Raises ValueError unless pictures suffice for covariances, without any group of them."""
    for name, kind in features.items():
        least = -(-(kind.size + 1) * frechet.GROUPS // (frechet.GROUPS - 1)) + 1
        if count < least:
            raise ValueError(f'{what}: expected at least {least} pictures, for the covariance of '
                             f'the {kind.size} features of {name} and its interval, got {count}')


def compare(real, other, seed):
    """Figures of one `FeatureSet` against another of the same features.

    Args:
      real: the reference.
      other: what is measured.
      seed: of the intervals.

    Returns:
      {figure: `statistics.Estimate`}: the Frechet distance, precision and recall; the number
      of pictures stands in their names.
    """
    name, count = real.features.name, label(other.moments.total)
    kept = real.vectors, other.vectors
    precise, recalled = (values.astype(float) for values in neighbours.precision_recall(*kept))
    of_kept = label(len(kept[1]))
    return {
        f'{real.features.distance}{count}': frechet.estimate(real.moments, other.moments),
        f'precision_{name}{of_kept}': statistics.mean(precise, np.arange(len(precise)), seed),
        f'recall_{name}{of_kept}': statistics.mean(recalled, np.arange(len(recalled)), seed)}


def floor(real):
    """{figure: `Estimate`}: the distance of the reference's halves, which is not zero either."""
    first, second = real.moments.halves()
    half = label(second.count)
    if min(first.count, second.count) <= real.features.size:
        return {f'{real.features.distance}{half}': statistics.NOTHING}
    value = frechet.distance(first, second)
    return {f'{real.features.distance}{half}': statistics.Estimate(value, None, None,
                                                                   second.count)}


def label(count):
    """A number of pictures as it stands in a figure's name: 50000 is 50k, 1234 is 1234."""
    return f'{count // 1000}k' if count % 1000 == 0 else str(count)
