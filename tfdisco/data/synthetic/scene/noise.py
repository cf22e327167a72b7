"""Tables of smooth random numbers, made once and read at random places."""

import numpy as np
from scipy import ndimage

EDGE = 512


class NoiseTables:
    """Periodic textures in [0, 1], the same in every process.

    Attributes:
      fine: [512, 512], independent from one texel to the next.
      soft: [512, 512], smooth over about five texels.
      strands: [512, 512], smooth along the second axis: lines, as hairs are.
    """

    def __init__(self):
        """Draws the tables from a fixed seed."""
        rng = np.random.default_rng(20200414)
        white = rng.random((EDGE, EDGE))
        self.fine = white.astype(np.float32)
        self.soft = _spread(ndimage.gaussian_filter(white, 2.5, mode='wrap'))
        self.strands = _spread(ndimage.gaussian_filter(white.T, (0.6, 14), mode='wrap'))


def lookup(table, first, second):
    """Values of a table at coordinates [N] in periods of the table, to the nearest texel."""
    i = np.floor(first * EDGE).astype(np.int32) & (EDGE - 1)
    j = np.floor(second * EDGE).astype(np.int32) & (EDGE - 1)
    return table[i, j]


def _spread(values):
    """Ranks in [0, 1]: every value is as frequent as any other."""
    order = np.argsort(values, axis=None)
    result = np.empty(values.size, np.float32)
    result[order] = np.linspace(0.0, 1.0, values.size, dtype=np.float32)
    return result.reshape(values.shape)
