"""What is done to one photograph: bytes in, aligned faces out.

Pure functions of their arguments, so that any number of processes, or a Beam pipeline,
can run them; they never raise because of what a file holds.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from tfdisco.data import alignment, warping
from tfdisco.data.photographs import files
from tfdisco.data.photographs import points as photo_points
from tfdisco.shapes import check_positive, check_shape

LARGEST_ONLY = 'largest of {} faces'


@dataclasses.dataclass(frozen=True)
class PictureSettings:
    """How faces are cut out of photographs.

    Attributes:
      standard: five points [5, 3], see `alignment.standard_points`, as tuples.
      size: edge of the aligned picture, pixels.
      all_faces: whether to take every face of a photograph, or the largest.
      min_confidence: of a detected face, 0 to 1.
      min_face: of the face's square in the photograph, edge in pixels.
      max_border: of the aligned picture, the share that may lie outside the photograph.
      megapixels: of the largest photograph that is opened.
    """

    standard: tuple
    size: int = 256
    all_faces: bool = False
    min_confidence: float = 0.9
    min_face: float = 64.0
    max_border: float = 0.5
    megapixels: float = files.MEGAPIXELS

    def __post_init__(self):
        """Raises ValueError on values that no photograph can meet."""
        check_shape('standard', np.asarray(self.standard), [5, 3])
        check_positive('size', self.size)
        for name in ('min_confidence', 'max_border'):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f'{name}: expected 0 to 1, got {getattr(self, name)!r}')
        if self.min_face < 0.0:
            raise ValueError(f'min_face: expected 0 or more pixels, got {self.min_face!r}')
        if self.megapixels <= 0.0:
            raise ValueError(f'megapixels: expected above 0, got {self.megapixels!r}')


class AlignedFace(NamedTuple):
    """A face cut out of a photograph.

    image: uint8 [size, size, 3].
    transform: [2, 3], pixel of the photograph to pixel of `image`.
    border: share of `image` outside the photograph.
    points: [5, 2] pixels of the photograph, those it was aligned by.
    """

    image: np.ndarray
    transform: np.ndarray
    border: float
    points: np.ndarray


class PictureResult(NamedTuple):
    """What became of a photograph.

    faces: `AlignedFace`s, the largest first; empty if the photograph is skipped.
    note: why it is skipped, or what may surprise about it.
    """

    faces: tuple
    note: str


def align_picture(data, points, settings):
    """Opens a photograph, finds its faces and aligns them by five points.

    Args:
      data: the file's bytes.
      points: [F, 5, 2] pixels of the photograph, or None to detect them.
      settings: `PictureSettings`.

    Returns:
      `PictureResult`.
    """
    try:
        image, note = files.decode(data, settings.megapixels)
    except files.UnusablePhotoError as error:
        return PictureResult((), str(error))
    if points is None:
        points = photo_points.detect(image, settings.min_confidence)
    if not len(points):
        return PictureResult((), _joined(note, 'no face found'))
    faces, reasons = [], []
    for five in points:
        try:
            faces.append((alignment.aligned(five, settings.standard, settings.size), five))
        except ValueError as error:
            reasons.append(str(error))
    # The fewer aligned pixels a pixel of the photograph becomes, the larger the face.
    faces.sort(key=lambda face: alignment.scale(face[0]))
    if not settings.all_faces and len(faces) > 1:
        note = _joined(note, LARGEST_ONLY.format(len(faces)))
        faces = faces[:1]
    kept = []
    for transform, five in faces:
        try:
            kept.append(cut(image, transform, five, settings))
        except ValueError as error:
            reasons.append(str(error))
    return PictureResult(tuple(kept), _joined(note, *reasons))


def align_again(data, transform, points, settings):
    """Cuts a face out of its photograph once more, by a better transform.

    Args:
      data: the file's bytes, which `align_picture` has opened before.
      transform: [2, 3], see `alignment.refined`.
      points: [5, 2] pixels, kept as they are.
      settings: `PictureSettings`.

    Returns:
      `PictureResult` with one face or none.
    """
    try:
        image = files.decode(data, settings.megapixels).image
        return PictureResult((cut(image, transform, points, settings),), '')
    except ValueError as error:
        return PictureResult((), str(error))


def align_file(photo, points, settings):
    """`align_picture` of a `photo_files.Photograph`, or the reason why it cannot be read."""
    try:
        data = photo.read()
    except OSError as error:
        return PictureResult((), f'cannot be read: {error.strerror}')
    return align_picture(data, points, settings)


def align_file_again(photo, transform, points, settings):
    """`align_again` of a `photo_files.Photograph`, or the reason why it cannot be read."""
    try:
        data = photo.read()
    except OSError as error:
        return PictureResult((), f'cannot be read: {error.strerror}')
    return align_again(data, transform, points, settings)


def cut(image, transform, points, settings):
    """The `AlignedFace` at `transform` in an image [H, W, 3] uint8.

    Raises:
      ValueError: if it is too small in the photograph or lies too far outside.
    """
    edge = settings.size / alignment.scale(transform)
    if edge < settings.min_face:
        raise ValueError(f'small face: its square has {edge:.0f} pixels, expected '
                         f'{settings.min_face:g} or more')
    picture = warping.warp(image, transform, settings.size)
    if picture.border > settings.max_border:
        raise ValueError(f'border: {picture.border:.2f} of the face\'s square is outside the '
                         f'photograph, expected at most {settings.max_border:g}')
    return AlignedFace(picture.image, np.asarray(transform, np.float64), picture.border,
                       np.asarray(points, np.float64))


def _joined(*notes):
    return '; '.join(note for note in notes if note)
