"""Photographs on disk, in a folder or a tar file, and how each kind of picture is opened."""

import io
import os
import pathlib
import tarfile
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

MEGAPIXELS = 100.0  # of the largest picture that is opened: 300 MB decoded
EXIF_ORIENTATION = 0x0112
PAPER = (255, 255, 255)  # what transparent pictures are laid on, as viewers do
# Pillow's names. Others are no photographs, and opening EPS runs a program.
FORMATS = ('JPEG', 'MPO', 'PNG', 'WEBP', 'AVIF', 'TIFF', 'BMP', 'GIF', 'PPM', 'JPEG2000', 'TGA')
SIXTEEN_BIT = ('I;16', 'I;16L', 'I;16B', 'I;16N')


class UnusablePhotoError(ValueError):
    """A photograph that cannot be used; its text says why, for the report."""


class Photograph(NamedTuple):
    """One file of a source.

    name: path inside the source, with '/'.
    path: the file to read, which is the tar file if the source is one.
    offset, length: where the photograph's bytes are in that file; length None for all.
    """

    name: str
    path: str
    offset: int = 0
    length: int = None

    def read(self):
        """The photograph's bytes."""
        with open(self.path, 'rb') as file:
            file.seek(self.offset)
            return file.read(-1 if self.length is None else self.length)


class Picture(NamedTuple):
    """A decoded photograph.

    image: uint8 [H, W, 3], as a viewer shows it: turned by its EXIF orientation.
    note: what was done to it that may surprise, or ''.
    """

    image: np.ndarray
    note: str = ''


def photographs(source):
    """Every file of a source, sorted by name; hidden files (.name) are left out.

    Args:
      source: a folder, searched with its subfolders, or a tar file (not compressed, as
        its photographs are read by position).

    Returns:
      A list of `Photograph`.

    Raises:
      FileNotFoundError: if there is no such source.
      ValueError: if it is neither, or holds no file.
    """
    if os.path.isdir(source):
        root = pathlib.Path(source)
        found = [Photograph(_plain(path.relative_to(root).as_posix()), str(path))
                 for path in root.rglob('*') if path.is_file()]
    else:
        try:
            with tarfile.open(source, 'r:') as archive:
                found = [Photograph(_plain(member.name), str(source), member.offset_data,
                                    member.size) for member in archive if member.isreg()]
        except FileNotFoundError:
            raise
        except (tarfile.TarError, OSError) as error:
            raise ValueError(f'{source}: expected a folder or a .tar without compression, got a '
                             f'file that cannot be read so ({error})') from error
    found = [photo for photo in found
             if not any(part.startswith('.') for part in photo.name.split('/'))]
    if not found:
        raise ValueError(f'{source}: expected photographs, got no file')
    return sorted(found)


def decode(data, megapixels=MEGAPIXELS):
    """Opens a photograph of one of `FORMATS`.

    Grey, palette, CMYK and 16-bit pictures become 8-bit RGB; transparent ones are laid
    on white; of several frames or pages the first is taken; colour profiles are not
    applied. The size is checked before anything is decoded.

    Args:
      data: the file's bytes.
      megapixels: of the largest picture to open; Pillow opens none above 178.

    Returns:
      `Picture`.

    Raises:
      UnusablePhotoError: with the reason.
    """
    if not data:
        raise UnusablePhotoError('empty file')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Pillow's, of broken metadata and of size
            Image.init()
            image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS
                                                          if name in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise UnusablePhotoError(f'too large: {error}') from error
    except Exception as error:  # Pillow's readers of damaged files raise anything
        raise UnusablePhotoError('not a picture of a known format') from error
    with image:
        width, height = image.size
        if width * height > megapixels * 1e6:
            raise UnusablePhotoError(f'too large: {width} x {height} pixels, expected at most '
                                     f'{megapixels:g} megapixels')
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                return _decoded(image)
        except UnusablePhotoError:
            raise
        except Exception as error:  # see above
            raise UnusablePhotoError(f'broken {image.format} file: {error}') from error


def _decoded(image):
    notes = []
    frames = getattr(image, 'n_frames', 1)
    if frames > 1:
        notes.append(f'first of {frames} frames')
    image.seek(0)
    image.load()
    orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    if orientation in range(2, 9):
        notes.append(f'turned by EXIF orientation {orientation}')
        image = ImageOps.exif_transpose(image)
    return Picture(np.array(_rgb(image)), '; '.join(notes))


def _rgb(image):
    if image.mode in SIXTEEN_BIT or image.mode == 'I':
        # Pillow's own conversion clips at 255.
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise UnusablePhotoError('32-bit picture: expected 8 or 16 bits a channel')
        return Image.fromarray(np.rint(values / 257.0).astype(np.uint8)).convert('RGB')
    if image.mode == 'F':
        raise UnusablePhotoError('floating-point picture: expected 8 or 16 bits a channel')
    if image.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La') or 'transparency' in image.info:
        image = image.convert('RGBA')
        image = Image.alpha_composite(Image.new('RGBA', image.size, (*PAPER, 255)), image)
    return image.convert('RGB')


def _plain(name):
    """A name without a tar member's leading './' or '/', and proper UTF-8 whatever it was."""
    name = name.lstrip('/').removeprefix('./')
    return name.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')
