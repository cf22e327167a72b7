"""The faces of a photograph: found, aligned, chosen, and read."""

from typing import NamedTuple

import numpy as np

from tfdisco.data import alignment, warping
from tfdisco.data.photographs import points as photo_points
from tfdisco.data.photographs import step
from tfdisco.shapes import check_positive

ALL, LARGEST = 'all', 'largest'
SMALLEST_FACE = 64.0  # pixels of the photograph that the edge of a face's square needs
STEEPEST = 60.0  # degrees of yaw or pitch: beyond, half of the face is not seen
SIZE = 256  # pixels of the aligned picture that networks look at


class Face(NamedTuple):
    """A face of a photograph.

    number: from 1, as they stand from left to right.
    image: uint8 [S, S, 3], aligned.
    transform: [2, 3], pixel of the photograph to pixel of `image`.
    coefficients: [K] read off it.
    border: share of `image` outside the photograph.
    """

    number: int
    image: np.ndarray
    transform: np.ndarray
    coefficients: np.ndarray
    border: float


class FaceFinder:
    """Finds faces in photographs and reads their coefficients.

    Attributes:
      settings: `step.PictureSettings`.
    """

    def __init__(self, model, reconstruction, size=SIZE, min_face=SMALLEST_FACE):
        """See the class.

        Args:
          model: `MorphableModel`.
          reconstruction: `Reconstruction` or what is called alike.
          size: edge of aligned pictures.
          min_face: edge of a face's square in the photograph, pixels.
        """
        check_positive('size', size)
        self._layout, self._reconstruction = model.layout, reconstruction
        self.settings = step.PictureSettings(
            tuple(map(tuple, alignment.standard_points(model).tolist())), size, True,
            min_face=min_face, max_border=1.0)

    def __call__(self, photo, choice=None, points=None):
        """Finds and chooses.

        Args:
          photo: `photo.Photo`.
          choice: None, if there is but one face; 'all', 'largest', or a number from 1 in the
            order from left to right.
          points: None to detect faces, or [F, 5, 2] pixels, see `alignment.POINTS`.

        Returns:
          A list of `Face`s, and a list of texts about faces of 'all' that cannot be edited.

        Raises:
          ImportError: if faces are to be detected and mtcnn is missing.
          ValueError: if there is no face, or no choice among several, or a chosen one cannot
            be edited, and why.
        """
        points = self.locate(photo, points)
        chosen, reasons, faces = self._chosen(photo.name, points, choice), [], []
        for number in chosen:
            try:
                faces.append(self._face(photo.image, number, points[number - 1]))
            except ValueError as error:
                reasons.append(f'face {number} of {len(points)}: {error}')
        if not faces or (reasons and choice != ALL):
            raise ValueError(f'{photo.name}: {"; ".join(reasons)}')
        return faces, reasons

    def locate(self, photo, points=None):
        """The points [F, 5, 2] of all faces from left to right; see `__call__` for all else."""
        if points is None:
            points = photo_points.detect(photo.image, self.settings.min_confidence)
        points = np.asarray(points, np.float64)
        if not len(points):
            raise ValueError(f'{photo.name}: expected a photograph of a face, got one in which '
                             'none is found; faces need about 20 pixels between the eyes')
        return points[np.argsort(points[:, :, 0].mean(axis=1))]

    def _chosen(self, name, points, choice):
        """Numbers of the faces."""
        count = len(points)
        if choice is None and count > 1:
            centres = ', '.join(f'{number} at ({x:.0f}, {y:.0f})' for number, (x, y) in enumerate(
                points.mean(axis=1), 1))
            raise ValueError(f'{name}: expected a choice among {count} faces, got none: {centres}; '
                             f'pass --face=all, --face=largest or --face=1 to {count}')
        if choice == ALL:
            return list(range(1, count + 1))
        if choice in (None, LARGEST):
            spans = np.ptp(points, axis=1).sum(axis=1)
            return [int(np.argmax(spans)) + 1]
        if not str(choice).isdigit() or not 1 <= int(choice) <= count:
            raise ValueError(f'{name}: face: expected all, largest or a number from 1 to {count}, '
                             f'got {choice}')
        return [int(choice)]

    def _face(self, image, number, points):
        """Aligns twice, the second time without the translation that is read off the first."""
        transform = alignment.aligned(points, np.asarray(self.settings.standard),
                                      self.settings.size)
        once = step.cut(image, transform, points, self.settings)
        seen = self._read(once.image)
        transform = alignment.refined(once.transform, np.asarray(seen.translation)[0],
                                      self.settings.size)
        aligned = warping.warp(image, transform, self.settings.size)
        coefficients = np.asarray(self._read(aligned.image).coefficients, np.float32)[0]
        angles = np.degrees(coefficients[self._layout.slices['pose']])
        if not np.isfinite(coefficients).all():
            raise ValueError('expected coefficients of a face, got NaN; take another '
                             'reconstruction network')
        if np.abs(angles[:2]).max() > STEEPEST:
            raise ValueError(f'expected a face turned by {STEEPEST:.0f} degrees at most, got pitch '
                             f'{angles[0]:.0f} and yaw {angles[1]:.0f}')
        return Face(number, aligned.image, transform, coefficients, aligned.border)

    def _read(self, image):
        return self._reconstruction(image[np.newaxis] / np.float32(127.5) - 1)
