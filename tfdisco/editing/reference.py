"""What a photograph shows, as coefficients, for other faces to wear (Fig. 5)."""

import numpy as np

from tfdisco import factors
from tfdisco.data import alignment
from tfdisco.data.photographs import step as photo_step
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.shapes import check_choice

WORN = (factors.EXPRESSION, factors.ILLUMINATION, factors.POSE)
SMALLEST_FACE = 32.0  # pixels of the photograph


def read(path, model, reconstruction='built-in', points=None):
    """Finds the largest face of a photograph and reads its coefficients.

    Args:
      path: of an image file.
      model: `MorphableModel`.
      reconstruction: 'built-in' or a file, see `Reconstruction`.
      points: None to detect them (the extra `photos`), or [5, 2] pixels.

    Returns:
      [K] float32, and the aligned picture, uint8 [S, S, 3].

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it shows no face, and why.
    """
    with open(path, 'rb') as file:
        data = file.read()
    settings = photo_step.PictureSettings(
        tuple(map(tuple, alignment.standard_points(model))), min_face=SMALLEST_FACE)
    result = photo_step.align_picture(data, None if points is None else np.asarray(points)[None],
                                      settings)
    if not result.faces:
        raise ValueError(f'{path}: expected a photograph of a face, got none: {result.note}')
    image = result.faces[0].image
    seen = Reconstruction.load(reconstruction, model)(image[np.newaxis] / np.float32(127.5) - 1)
    return seen.coefficients.numpy()[0], image


def wear(coefficients, shown, layout, worn=WORN):
    """Coefficients [B, K] with some factors of `shown` [K]: a new array.

    Args:
      coefficients: [B, K].
      shown: [K].
      layout: `factors.CoefficientLayout`.
      worn: names of factors.

    Raises:
      ValueError: on a name that is no factor of coefficients.
    """
    result = np.array(coefficients, np.float32)
    for factor in worn:
        check_choice('worn', factor, factors.PARTS_OF_FACTOR)
        part = layout.factor_slice(factor)
        result[:, part] = shown[part]
    return result
