"""What scripts/generate.py makes: faces, their latents, a sheet, a GIF."""

import os
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfdisco import factors, files, images
from tfdisco.editing import settings_file
from tfdisco.face3d import deep3d_file
from tfdisco.shapes import check_choice, check_positive

ALL = 'all'  # factors
COLUMNS = 8  # faces in a row of a sheet
FRAMES, MILLISECONDS = 24, 60  # of an interpolation and its GIF
SHOWN = 8  # frames of it in a row of the sheet


class Faces(NamedTuple):
    """What is to be drawn, row by row of the sheet.

    z: [N, latents].
    coefficients: [N, K].
    columns: faces in a row.
    labels: one text a face.
    """

    z: np.ndarray
    coefficients: np.ndarray
    columns: int
    labels: list


def random(faces, z):
    """Each of z [N, latents] as it is; `faces` is the `FaceGenerator`."""
    return Faces(z, faces.coefficients(z), COLUMNS, [''] * len(z))


def vary(faces, z, factor, seed):
    """People a row with one factor from other people, or one person and a factor a row.

    Args:
      faces: the `FaceGenerator`.
      z: [N, latents]; with 'all' only the first counts.
      factor: of `factors.FACTORS`, or 'all'.
      seed: of the other people, the same in every row.

    Raises:
      ValueError: on another name.
    """
    check_choice('vary', factor, (*factors.FACTORS, ALL))
    others = faces.latents(COLUMNS - 1, seed + 1)
    rows = [(z[0], name) for name in factors.FACTORS] if factor == ALL else [
        (person, factor) for person in z]
    result, labels = [], []
    for person, name in rows:
        person = person[np.newaxis]
        changed = faces.inputs.replace(np.repeat(person, len(others), 0), others, [name])
        result += [person, changed]
        labels += [name] + [''] * len(others)
    z = np.concatenate(result)
    return Faces(z, faces.coefficients(z), COLUMNS, labels)


def interpolate(faces, z, factor):
    """From each person to the next and back to the first, in one factor of the first.

    Args:
      faces: the `FaceGenerator`.
      z: [N, latents], N of 2 or more.
      factor: of `factors.FACTORS`.

    Raises:
      ValueError: on another name, or too few people.
    """
    check_choice('interpolate', factor, factors.FACTORS)
    if len(z) < 2:
        raise ValueError(f'interpolate: expected 2 faces or more to go between, got {len(z)}')
    stops = faces.inputs.replace(np.repeat(z[:1], len(z), 0), z, [factor]).numpy()
    z = np.concatenate([faces.walk(here, there, factor, FRAMES + 1)[:-1]
                        for here, there in zip(stops, np.roll(stops, -1, axis=0))])
    return Faces(z, faces.coefficients(z), FRAMES, [''] * len(z))


def read_faces(path, faces, seed):
    """Latents and coefficients of an earlier generation, or of coefficients alone.

    Args:
      path: an .npz with `z` [N, latents], `coefficients` [N, K] or both; coefficients count.
        Or a .json of the demo, see `settings_file`; or Deep3D's, a .mat or a folder of them,
        see `face3d.deep3d_file`.
      faces: the `FaceGenerator`.
      seed: of the noise that coefficients are drawn with where there is no z.

    Returns:
      z [N, latents] and coefficients [N, K].

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file.
    """
    if os.path.isdir(path) or os.fspath(path).endswith('.mat'):
        deep3d_file.check_model(faces.model, path)
        coefficients, _ = deep3d_file.read(path)
        return faces.latents(len(coefficients), seed), coefficients
    widths = {'z': faces.inputs.latents, 'coefficients': faces.model.layout.size}
    advice = 'take faces.npz or face.json of an earlier generation by the same generator'
    if os.fspath(path).endswith(settings_file.ENDING):
        found = settings_file.read(path, widths, advice)
    else:
        found = files.read_npz(path, 'face', advice=advice, arrays={
            name: files.Array(files.NUMBERS, ['N', width], np.float32, optional=True)
            for name, width in widths.items()})
    if not found:
        raise ValueError(f'{path}: expected arrays z or coefficients, got neither')
    z, coefficients = found.get('z'), found.get('coefficients')
    if z is None:
        z = faces.latents(len(coefficients), seed)
    if coefficients is None:
        return z, faces.coefficients(z)
    deep3d_file.check_order(coefficients, faces.model, path)
    return z, coefficients


def write(folder, faces, what, psi=1.0, beside=None, gif=False):
    """Draws faces and writes face-NUMBER.png, sheet.png, faces.npz and perhaps faces.gif.

    Args:
      folder: made if need be.
      faces: the `FaceGenerator`.
      what: `Faces`.
      psi: see `FaceGenerator`.
      beside: None, or a picture, uint8 [H, W, 3], shown first in the sheet.
      gif: whether frames follow each other in a GIF; the sheet then shows some of them.

    Returns:
      The paths written.
    """
    check_positive('faces', len(what.z))
    os.makedirs(folder, exist_ok=True)
    pictures = faces(what.z, psi, what.coefficients)
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(os.path.join(folder, f'face-{number:04d}.png'))
        images.write_png(paths[-1], picture)
    tiles, labels, columns = list(pictures), list(what.labels), what.columns
    if gif:
        step = FRAMES // SHOWN
        tiles, labels, columns = tiles[::step], labels[::step], SHOWN
        paths.append(os.path.join(folder, 'faces.gif'))
        with files.replacing(paths[-1]) as file:
            frames = [Image.fromarray(picture) for picture in pictures]
            frames[0].save(file, 'GIF', save_all=True, append_images=frames[1:], loop=0,
                           duration=MILLISECONDS)
    if beside is not None:
        edge = pictures.shape[1]
        shown = Image.fromarray(beside).resize((edge, edge), Image.Resampling.BOX)
        tiles, labels = [np.asarray(shown), *tiles], ['reference', *labels]
    paths.append(os.path.join(folder, 'sheet.png'))
    images.write_png(paths[-1], images.contact_sheet(
        tiles, columns, labels if any(labels) else None))
    paths.append(os.path.join(folder, 'faces.npz'))
    files.write_npz(paths[-1], {'z': what.z, 'coefficients': what.coefficients})
    return paths
