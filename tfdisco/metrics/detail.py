"""Glints, speckles and smears: detail that no real picture has. The suite `detail`.

A discriminator sees too few pictures to punish every fault, and perception may even be pleased by
one. What stands out is found without a network: the energy of the finest detail in each cell of a
picture, beside that of real pictures in the same cell.
"""

import numpy as np

from tfdisco import images
from tfdisco.metrics import pictures as picture_sets
from tfdisco.metrics import statistics, tables
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.networks import trained
from tfdisco.shapes import check_positive

CELLS = 16  # of a side of the picture
FAINTEST = 1e-4  # energy below which nobody sees any, of differences in [-1, 1]
RARE = 0.99  # share of real pictures that are less extreme than what counts as broken
WORST, COLUMNS = 32, 8


def evaluate(snapshot=trained.BUILT_IN, data=None, count=1024, seed=0, progress=None):
    """Measures how far generated faces are from real ones in their finest detail.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      data: real pictures: None (people drawn from the morphable model) or a folder of records.
      count: of generated faces, and of real pictures at most.
      seed: of everything drawn.
      progress: see `metrics.generated`.

    Returns:
      {'too_sharp', 'too_smooth': `statistics.Estimate` as a dict, the share of generated faces
      whose sharpest (smoothest) cell, beside what is usual there, is beyond that of 99 % of real
      pictures: 0.01 is as it should be; 'sharpness': the mean deviation of cells from real ones,
      in standard deviations; 'worst': indices of the 32 faces of the sharpest cells, the worst
      first; 'snapshot', 'seed' and 'data', of which these are}.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or the count is not positive.
    """
    check_positive('count', count)
    faces = GeneratedFaces(*trained.load(snapshot), perception=None)
    side = faces.generator.config.resolution
    real = picture_sets.real(data, faces.model, side, count, seed)
    drawn = (batch.images for batch in faces.batches(faces.latents(count, seed), ()))
    if progress:
        real = real._replace(batches=progress(real.batches, desc='real pictures'))
        drawn = progress(drawn, desc='faces')
    return {**measure(real.batches, drawn, seed), 'snapshot': snapshot, 'seed': seed,
            'data': real.source}


def measure(real, drawn, seed):
    """The figures of `evaluate`.

    Args:
      real, drawn: yield float32 [B, H, W, 3] in [-1, 1].
      seed: of the intervals.

    Returns:
      {'too_sharp', 'too_smooth', 'sharpness', 'worst'}.

    Raises:
      ValueError: if there are too few real pictures.
    """
    usual = np.concatenate([energies(batch) for batch in real])
    # What is usual, and how extreme one may be, are told by different pictures.
    first, second = usual[::2], usual[1::2]
    if len(second) < 1 / (1 - RARE):
        raise ValueError(f'count: expected {round(2 / (1 - RARE))} real pictures or more, for a '
                         f'share of {1 - RARE:.2f}, got {len(usual)}')
    mean, spread = first.mean(axis=0), first.std(axis=0) + 1e-6
    limits = [np.quantile((sign * (second - mean) / spread).max(axis=1), RARE)
              for sign in (1, -1)]
    deviations = np.concatenate([(energies(batch) - mean) / spread for batch in drawn])
    extremes = deviations.max(axis=1), -deviations.min(axis=1)
    faces = np.arange(len(deviations))
    shares = {name: statistics.mean((values > limit).astype(np.float64), faces, seed)._asdict()
              for name, values, limit in zip(('too_sharp', 'too_smooth'), extremes, limits)}
    return {**shares,
            'sharpness': statistics.mean(deviations.mean(axis=1), faces, seed)._asdict(),
            'worst': np.argsort(-extremes[0])[:WORST].tolist()}


def energies(pictures):
    """The finest detail of pictures, cell by cell.

    Args:
      pictures: float [B, H, W, 3] in [-1, 1]; sides a multiple of `CELLS`.

    Returns:
      [B, CELLS^2] log of the mean square of what is left of grey when the mean of the four
      neighbours is taken away (a discrete Laplacian).
    """
    grey = np.asarray(pictures, np.float64).mean(axis=-1)
    padded = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode='edge')
    around = (padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2]
              + padded[:, 1:-1, 2:]) / 4.0
    batch, height, width = grey.shape
    cells = np.square(grey - around).reshape(
        batch, CELLS, height // CELLS, CELLS, width // CELLS).mean(axis=(2, 4))
    return np.log(cells + FAINTEST).reshape(batch, -1)


def table(result):
    """The shares, one a line."""
    return tables.figures({name: result[name] for name in (
        'too_sharp', 'too_smooth', 'sharpness')})


def pictures(result):
    """{'worst': the faces of the sharpest cells, the worst first}, drawn again."""
    faces = GeneratedFaces(*trained.load(result['snapshot']), perception=None)
    z = faces.latents(max(result['worst']) + 1, result['seed'])[result['worst']]
    return {'worst': images.contact_sheet(
        list(images.to_uint8(faces.draw(z))), COLUMNS,
        [str(index) for index in result['worst']], 'sharpest beside real pictures')}
