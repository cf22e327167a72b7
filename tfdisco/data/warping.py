"""Aligned pictures out of photographs, and edited ones back into them.

Transforms are those of `alignment`: [2, 3], pixel to pixel, the centre of the top-left
pixel at (0.5, 0.5). NumPy, SciPy and Pillow only.
"""

from typing import NamedTuple

import numpy as np
import scipy.ndimage
from PIL import Image

from tfdisco.data import alignment
from tfdisco.shapes import check_positive, check_shape

# The missing border is the photograph mirrored at its edge, which ends in a blur and then
# in the photograph's median colour. Shares of the aligned picture's width: the blur's
# deviation, and how far outside either is complete.
BLUR, BLURRED_AT, PLAIN_AT = 0.02, 0.05, 0.5
MARGIN = 3  # pixels around a region that a bicubic filter may want


class Warped(NamedTuple):
    """An aligned picture.

    image: uint8 [size, size, 3].
    border: share of its pixels that lie outside the photograph and were filled.
    """

    image: np.ndarray
    border: float


def warp(photo, transform, size):
    """Cuts the aligned picture out of a photograph, in one step and without aliasing.

    Args:
      photo: uint8 [H, W, 3].
      transform: [2, 3], pixel of the photograph to pixel of the aligned picture.
      size: edge of the aligned picture.

    Returns:
      `Warped`.

    Raises:
      ValueError: on wrong arguments, or if no pixel shows the photograph.
    """
    check_positive('size', size)
    photo, transform = _checked('photo', photo, transform)
    height, width = photo.shape[:2]
    outside = _outside(transform, height, width, size)
    missing = outside > 0
    border = float(missing.mean())
    if border == 1.0:
        raise ValueError('transform: expected a face inside the photograph, got one outside')
    image = resample(photo, transform, size, size)
    if border:
        filled = _fill(image.astype(np.float64), missing, outside / size)
        image = np.where(missing[..., np.newaxis], _rounded(filled), image)
    return Warped(image, border)


def paste(photo, face, transform, softness=0.1, mask=None):
    """Puts an (edited) aligned picture back into its photograph.

    Args:
      photo: uint8 [H, W, 3].
      face: uint8 [size, size, 3], aligned.
      transform: [2, 3] as `warp` took it: pixel of the photograph to pixel of `face`.
      softness: share of the face's width over which it passes into the photograph, from
        nothing at its edge; above 0 and at most 0.5.
      mask: None, or [size, size] from 0 to 1: how much of `face` is taken, beside that.

    Returns:
      uint8 [H, W, 3]; outside the face's square, and where the mask is 0, it is `photo`.

    Raises:
      ValueError: on wrong arguments.
    """
    photo, transform = _checked('photo', photo, transform)
    face, _ = _checked('face', face, transform)
    size = face.shape[0]
    check_shape('face', face, [size, size, 3])
    if not 0.0 < softness <= 0.5:
        raise ValueError(f'softness: expected above 0 and at most 0.5, got {softness!r}')
    back = alignment.invert(transform)
    # Only the part of the photograph that the square covers.
    corners = alignment.apply(back, _corners(size, size))
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, photo.shape[1::-1]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, photo.shape[1::-1]).astype(int)
    if right <= left or bottom <= top:
        return photo.copy()
    here = np.column_stack([back[:, :2], back[:, 2] - [left, top]])
    moved = resample(face, here, bottom - top, right - left)
    shown = 1.0
    if mask is not None:
        check_shape('mask', mask, [size, size])
        levels = np.repeat(_rounded(255.0 * np.asarray(mask))[..., np.newaxis], 3, axis=-1)
        shown = resample(levels, here, bottom - top, right - left)[..., :1] / 255.0
    x, y = np.moveaxis(alignment.apply(alignment.invert(here),
                                       _centres(bottom - top, right - left)), -1, 0)
    inside = np.minimum(np.minimum(x, size - x), np.minimum(y, size - y)) / (softness * size)
    share = np.clip(inside, 0.0, 1.0)
    share = (share * share * (3.0 - 2.0 * share))[..., np.newaxis]  # no crease at either end
    share = share * shown
    result = photo.copy()
    part = result[top:bottom, left:right]
    result[top:bottom, left:right] = _rounded(part + share * (moved.astype(np.float64) - part))
    return result


def resample(image, transform, height, width):
    """Draws an image [H, W, 3] uint8 through `transform` on a canvas [height, width, 3].

    Where the image is reduced, it is first reduced by the transform's scale with a filter
    of that width (Lanczos), so that what is left to do is no reduction and aliases
    nothing. Beyond its edges the image goes on mirrored.
    """
    factor = min(1.0, alignment.scale(transform))
    back = alignment.invert(transform)
    corners = alignment.apply(back, _corners(height, width))
    # The region of the image that the canvas shows, and what its filters reach beyond.
    margin = MARGIN / factor
    low, high = np.floor(corners.min(axis=0) - margin), np.ceil(corners.max(axis=0) + margin)
    edges = np.array(image.shape[1::-1])
    left, top = start = np.clip(low, 0, edges - 1).astype(int)
    right, bottom = stop = np.maximum(np.clip(high, 0, edges).astype(int), start + 1)
    picture = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
    if factor < 1.0:
        small = np.maximum(np.rint((stop - start) * factor), 1).astype(int)
        picture = picture.resize(tuple(small.tolist()), Image.Resampling.LANCZOS)
    ratio = np.array(picture.size) / (stop - start)
    before = np.ceil((start - low) * ratio).astype(int)
    after = np.ceil((high - stop) * ratio).astype(int)
    (left, top), (right, bottom) = np.maximum(before, 0), np.maximum(after, 0)
    padded = np.pad(np.asarray(picture), ((top, bottom), (left, right), (0, 0)), 'symmetric')
    # From a pixel of the canvas to one of `padded`.
    matrix = np.column_stack([back[:, :2] * ratio[:, np.newaxis],
                              (back[:, 2] - start) * ratio + [left, top]])
    # In floats, as Pillow cuts the fractions of 8-bit pixels off here.
    channels = [Image.fromarray(channel).transform(
        (int(width), int(height)), Image.Transform.AFFINE, tuple(matrix.ravel().tolist()),
        Image.Resampling.BICUBIC) for channel in np.moveaxis(padded.astype(np.float32), -1, 0)]
    return _rounded(np.stack([np.asarray(channel) for channel in channels], axis=-1))


def _fill(image, missing, depth):
    """The mirrored border blurred and faded, the more the deeper outside (`depth`, [H, W])."""
    deviation = BLUR * image.shape[0]
    blurred = scipy.ndimage.gaussian_filter(image, (deviation, deviation, 0), mode='nearest')
    plain = np.median(image[~missing], axis=0)
    for target, complete in ((blurred, BLURRED_AT), (plain, PLAIN_AT)):
        image = image + np.clip(depth / complete, 0.0, 1.0)[..., np.newaxis] * (target - image)
    return image


def _outside(transform, height, width, size):
    """[size, size]: how far outside the photograph each pixel lies, aligned pixels; 0 inside."""
    points = alignment.apply(alignment.invert(transform), _centres(size, size))
    beyond = np.maximum(np.maximum(-points, points - [width, height]), 0.0)
    return np.linalg.norm(beyond, axis=-1) * alignment.scale(transform)


def _centres(height, width):
    """[height, width, 2] pixel centres (x, y)."""
    return np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)


def _corners(height, width):
    return np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)


def _rounded(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _checked(name, image, transform):
    image, transform = np.asarray(image), np.asarray(transform, np.float64)
    check_shape(name, image, [None, None, 3])
    check_shape('transform', transform, [2, 3])
    if image.dtype != np.uint8 or not image.size:
        raise ValueError(f'{name}: expected a uint8 picture, got {image.dtype} '
                         f'{list(image.shape)}')
    if not np.isfinite(transform).all() or alignment.scale(transform) <= 0.0:
        raise ValueError(f'transform: expected an invertible one, got {transform.tolist()}')
    return image, transform
