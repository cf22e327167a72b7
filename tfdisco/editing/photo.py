"""A photograph that is to be edited: opened with what its result has to keep."""

import io
import os
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfdisco.data.photographs import files as photo_files

# What Pillow's modes are in words, and what became of such a picture.
_CHANGED = {'L': 'greyscale, edited in colour', '1': 'black and white, edited in colour',
            'P': 'palette', 'CMYK': 'CMYK, brought to RGB', 'YCbCr': 'YCbCr, brought to RGB',
            'LAB': 'Lab, brought to RGB', 'RGBA': 'transparent, laid on white',
            'LA': 'transparent, laid on white', 'PA': 'transparent, laid on white',
            'I': '16 bits, brought to 8'}
_OF_RGB = 'RGB '  # colour space in the header of an ICC profile, bytes 16 to 20


class Photo(NamedTuple):
    """An opened photograph.

    name: of the file, without its folder.
    image: uint8 [H, W, 3], turned as a viewer shows it.
    profile: the bytes of its ICC profile, if the pixels still are in that colour space.
    notes: what was done to it that may surprise, a list of texts.
    """

    name: str
    image: np.ndarray
    profile: bytes
    notes: list


def read(path, megapixels=photo_files.MEGAPIXELS):
    """Opens a photograph; the file is only read.

    Args:
      path: of the file.
      megapixels: of the largest that is opened.

    Returns:
      `Photo`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is no photograph, and why.
    """
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except FileNotFoundError as error:
        raise FileNotFoundError(f'photo: expected a file, got none at {path}') from error
    except OSError as error:
        raise ValueError(f'{path}: expected a photograph that can be read, got '
                         f'"{error.strerror}"') from error
    return decode(data, path, megapixels)


def decode(data, path, megapixels=photo_files.MEGAPIXELS):
    """The `Photo` of a file's bytes.

    Args:
      data: bytes.
      path: of the file, or its name: for the photograph's name, and for messages.
      megapixels: of the largest that is opened.

    Raises:
      ValueError: if it is no photograph, and why.
    """
    try:
        picture = photo_files.decode(data, megapixels)
    except photo_files.UnusablePhotoError as error:
        raise ValueError(f'{path}: expected a photograph, got one that cannot be used: {error}'
                         ) from error
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Pillow's, of broken metadata and of size
        with Image.open(io.BytesIO(data)) as opened:
            mode, profile = opened.mode, opened.info.get('icc_profile')
    notes = [picture.note] if picture.note else []
    changed = _CHANGED.get('I' if mode.startswith('I') else mode)
    if changed:
        notes.append(changed)
    if profile and profile[16:20] != _OF_RGB.encode():
        profile = None
        notes.append('its colour profile is left out, as it is not of RGB')
    return Photo(os.path.basename(os.fspath(path)), picture.image, profile or b'', notes)
