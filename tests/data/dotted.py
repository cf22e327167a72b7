"""Photographs of five white discs at the five points of a face, and a network that sees them."""

import io
import types

import numpy as np
from PIL import Image

from tfdisco.face3d import framing

WHERE = np.array(framing.STANDARD_POINTS)


def placed(scale, degrees, shift):
    """The five points [5, 2] of an average frontal face, its square's centre at `shift`."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * (WHERE - 128) @ turn.T + shift


def photograph(points, height=700, width=800, radius=9.0, kind='PNG'):
    """A file's bytes: black, with a white disc at each of the points [5, 2]."""
    y, x = np.mgrid[:height, :width] + 0.5
    image = np.zeros((height, width))
    for centre_x, centre_y in points:
        # Smooth edges, about as if each pixel were the share of it that the disc covers.
        image += np.clip(radius + 0.5 - np.hypot(x - centre_x, y - centre_y), 0.0, 1.0)
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * np.minimum(image, 1.0)).astype(np.uint8)).save(file, kind)
    return file.getvalue()


def dots(image):
    """Centres [5, 2] of the discs in an aligned picture, each the only one in its part of it."""
    size = image.shape[0]
    y, x = np.mgrid[:size, :size] + 0.5
    nearest = np.linalg.norm(np.stack([x, y], -1)[..., np.newaxis, :] * 256 / size - WHERE,
                             axis=-1).argmin(axis=-1)
    weights = [image[..., 0] * (nearest == index) for index in range(5)]
    return np.array([((x * weight).sum(), (y * weight).sum()) / weight.sum()
                     for weight in weights])


class Reconstruction:
    """Stands in for the network: measures discs, and explains by a translation where they are.

    Attributes:
      coefficients: [K], what it answers for each face.
      batches: sizes of the batches it was asked.
    """

    def __init__(self, coefficients):
        """See the class."""
        self.coefficients, self.batches = np.asarray(coefficients, np.float32), []

    def __call__(self, images):
        """The answer for float32 [B, size, size, 3] in [-1, 1]."""
        self.batches.append(len(images))
        assert images.dtype == np.float32 and images.min() >= -1 and images.max() <= 1
        found = [self.face((image + 1) * 127.5) for image in images]
        return types.SimpleNamespace(
            coefficients=np.tile(self.coefficients, (len(images), 1)),
            translation=np.array([translation for translation, _ in found], np.float32),
            landmarks=np.array([landmarks for _, landmarks in found], np.float32))

    @staticmethod
    def face(image):
        """Translation [3] and landmarks [68, 2] of one picture."""
        size = image.shape[0]
        seen = dots(image)
        standard = WHERE * size / 256
        # seen = W/2 + scale (standard - W/2) + shift, as a camera sees what lies in one plane.
        scale = (np.ptp(seen, axis=0) / np.ptp(standard, axis=0)).mean()
        shift = (seen - size / 2 - scale * (standard - size / 2)).mean(axis=0)
        distance = 10.0 - framing.POINT_DEPTH
        depth = distance * (1.0 - 1.0 / scale)
        unit = (distance - depth) / (1238.3 * size / 256)
        landmarks = np.zeros((68, 2))
        landmarks[36:42], landmarks[42:48], landmarks[[30, 48, 54]] = seen[0], seen[1], seen[2:]
        return (shift[0] * unit, -shift[1] * unit, depth), landmarks
