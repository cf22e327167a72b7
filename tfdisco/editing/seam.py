"""An edited face back into its photograph: where it is put, and with what colours.

Only face and hair are put back, as they were and as they are now, with a soft edge. The
generator's own cast of colour, seen in the face before the edit, is taken off; what the edit
itself changed, a light say, stays.
"""

import numpy as np
import scipy.ndimage

from tfdisco import images
from tfdisco.data import warping
from tfdisco.shapes import check_shape

GROWN, SOFT = 0.03, 0.035  # of the mask, shares of the width: how far it grows, its edge's blur
CAST = 0.06  # deviation of the blur in which a cast of colour is looked for, in widths
EDGE = 0.06  # share of the width in which the square itself passes into the photograph


def mask(*parsed):
    """Where a face is put back: [S, S] from 0 to 1.

    Args:
      *parsed: `perception.parsing.Parsed` of one aligned picture each, of the same size: the
        face before and after the edit. Where it was, something has to come as well.
    """
    covered = np.max([1.0 - np.asarray(part.background)[0, ..., 0] for part in parsed], axis=0)
    size = len(covered)
    whole = scipy.ndimage.binary_fill_holes(covered > 0.5)
    grown = scipy.ndimage.distance_transform_edt(~whole) <= GROWN * size
    return np.clip(scipy.ndimage.gaussian_filter(
        grown.astype(np.float64), SOFT * size, mode='nearest'), 0.0, 1.0)


def without_cast(edited, plain, photograph, where):
    """The edited face with the photograph's colours at large, where the plain one lacks them.

    Args:
      edited: [S, S, 3] in [-1, 1], the face after the edit.
      plain: [S, S, 3] before it, both drawn by the generator.
      photograph: [S, S, 3], the aligned picture.
      where: [S, S] from 0 to 1, what of the pictures counts, see `mask`.

    Returns:
      [S, S, 3].
    """
    check_shape('edited', edited, ['S', 'S', 3])
    check_shape('plain', plain, list(edited.shape))
    check_shape('photograph', photograph, list(edited.shape))
    deviation = CAST * len(edited)
    weight = where[..., np.newaxis] + 1e-3

    def at_large(values):
        return (scipy.ndimage.gaussian_filter(values * weight, (deviation, deviation, 0))
                / scipy.ndimage.gaussian_filter(weight, (deviation, deviation, 0)))

    return edited + at_large(np.asarray(photograph, np.float64) - plain)


def put_back(photo, face, edited, plain, where):
    """The photograph with the edited face.

    Args:
      photo: uint8 [H, W, 3].
      face: `found_faces.Face`.
      edited, plain: [S, S, 3] in [-1, 1], of the size of `face.image`; see `without_cast`.
      where: [S, S], see `mask`.

    Returns:
      uint8 [H, W, 3], `photo` wherever the face is not put.
    """
    aligned = face.image / 127.5 - 1.0
    level = images.to_uint8(without_cast(edited, plain, aligned, where))
    return warping.paste(photo, level, face.transform, EDGE, where)
