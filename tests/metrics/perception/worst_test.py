"""The worst faces are found and drawn."""

import numpy as np
from PIL import Image

from tfdisco.metrics.perception.worst import Worst


def test_keeps_the_largest_errors_in_order():
    worst = Worst(4)
    for error in (1.0, 9.0, 3.0, 9.0, 2.0, 5.0):
        worst.add(error, np.zeros((8, 8, 3), np.uint8), np.zeros((68, 2)), np.zeros((68, 2)),
                  f'{error} after {len(worst.labels())}')
    assert worst.labels() == ['9.0 after 1', '9.0 after 3', '5.0 after 4', '3.0 after 2']


def test_draws_both_sets_of_landmarks(tmp_path):
    worst = Worst(2)
    for row in (20, 40):
        worst.add(float(row), np.full((64, 64, 3), 9, np.uint8), np.full((68, 2), row),
                  np.full((68, 2), row + 10), f'row {row}')
    worst.write(tmp_path / 'deep' / 'worst.png', 'Worst')
    sheet = np.asarray(Image.open(tmp_path / 'deep' / 'worst.png')).astype(int)
    for color, at in (((40, 200, 60), (40, 20)), ((230, 40, 40), (50, 30))):
        y, x = np.nonzero((sheet == color).all(axis=-1))
        first = x < sheet.shape[1] // 2
        # Pixels of the tile, whose corner is the first that is not paper.
        left = np.argmax((sheet == 9).all(axis=-1).any(axis=0))
        top = np.argmax((sheet == 9).all(axis=-1).any(axis=1))
        assert abs(x[first].mean() + 0.5 - left - at[0]) < 1
        assert abs(y[first].mean() + 0.5 - top - at[0]) < 1
        assert abs(y[~first].mean() + 0.5 - top - at[1]) < 1
