"""A picture of the faces that networks are worst at."""

import heapq
import itertools

import numpy as np
from PIL import Image, ImageDraw

from tfdisco import images

COUNT, COLUMNS = 32, 8
TRUE, ESTIMATED = (40, 200, 60), (230, 40, 40)
RADIUS = 1 / 170  # of a landmark, as a share of the picture's width
LEGEND = 'landmarks: true green, estimated red'


class Worst:
    """Keeps the faces of the largest errors among any number."""

    def __init__(self, count=COUNT):
        """Takes how many to keep."""
        self._count, self._kept, self._number = count, [], itertools.count()

    def add(self, error, image, true, estimated, label):
        """Looks at one face.

        Args:
          error: a float.
          image: uint8 [H, W, 3].
          true, estimated: [68, 2] landmarks, pixels.
          label: text below it.
        """
        # Of equal errors the first face counts as worse; its number also keeps faces from
        # being compared.
        entry = (error, -next(self._number), image, true, estimated, label)
        if len(self._kept) < self._count:
            heapq.heappush(self._kept, entry)
        else:
            heapq.heappushpop(self._kept, entry)

    def labels(self):
        """The labels of the faces kept, the worst first."""
        return [entry[-1] for entry in self._in_order()]

    def write(self, path, title):
        """Writes the faces kept to a PNG, the worst first, with both sets of landmarks."""
        kept = self._in_order()
        tiles = [_dotted(image, (true, TRUE), (estimated, ESTIMATED))
                 for _, _, image, true, estimated, _ in kept]
        images.write_png(path, images.contact_sheet(
            tiles, COLUMNS, [entry[-1] for entry in kept], f'{title}; {LEGEND}'))

    def _in_order(self):
        return sorted(self._kept, key=lambda entry: entry[:2], reverse=True)


def _dotted(image, *sets):
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    radius = max(1.0, RADIUS * image.shape[1])
    for points, color in sets:
        for x, y in np.asarray(points, np.float64).tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return np.asarray(picture)
