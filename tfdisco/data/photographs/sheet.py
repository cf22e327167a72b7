"""A contact sheet of prepared photographs: what went in, what came out, side by side."""

import itertools

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from tfdisco import images
from tfdisco.data import alignment
from tfdisco.data.photographs import files
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.face3d.renderer import FaceRenderer

TILE = 192  # edge of a picture on the sheet
COLUMNS = 4  # tiles of one face
FACES_A_ROW = 2
SUPERSAMPLING = 2
OVERLAY = 0.75  # share of the rendered face over the photograph
GROUND = 235  # grey beside a photograph that is not square, and behind a rendered face
LINE, DOT = (30, 90, 220), (240, 200, 0)


def write(path, folder, photos, model, count):
    """Writes a sheet of `count` faces of a folder of records, taken evenly from its shards.

    Four pictures a face: the photograph with the aligned square and the reconstruction's
    landmarks, the aligned picture, the reconstruction rendered over it, and alone.

    Args:
      path: the PNG.
      folder: of the records.
      photos: `photo_files.Photograph`s of the source.
      model: the `MorphableModel`.
      count: faces on the sheet, at most.
    """
    chosen = _choose(folder, count)
    by_name = {photo.name: photo for photo in photos}
    renderer = FaceRenderer(model, TILE * SUPERSAMPLING, TILE * SUPERSAMPLING, 'face')
    tiles, labels = [], []
    for record in chosen:
        photo = files.decode(by_name[record.name].read()).image
        tiles += face_tiles(record, photo, renderer)
        labels += [record.name, f'border {record.border:.0%}', 'rendered over it', 'rendered']
    images.write_png(path, images.contact_sheet(
        tiles, COLUMNS * FACES_A_ROW, labels, f'{len(chosen)} photographs, aligned and '
        f'reconstructed with {model.name}'))


def face_tiles(record, photo, renderer):
    """The four pictures [TILE, TILE, 3] uint8 of one `FaceRecord` and its photograph."""
    size = record.image.shape[0]
    aligned = np.asarray(Image.fromarray(record.image).resize((TILE, TILE),
                                                              Image.Resampling.LANCZOS))
    face = renderer(tf.constant(record.coefficients[np.newaxis]),
                    tf.constant(record.translation[np.newaxis]))
    drawn = images.box_downsample(images.to_uint8(face.image)[0].astype(np.float32), SUPERSAMPLING)
    share = images.box_downsample(face.mask.numpy()[0], SUPERSAMPLING)
    # `drawn` is black outside the face and so already multiplied by its share of a pixel.
    over = aligned * (1.0 - OVERLAY * share) + OVERLAY * drawn
    alone = drawn + GROUND * (1.0 - share)
    return [_photograph(photo, record.transform, record.landmarks, size), aligned,
            _rounded(over), _rounded(alone)]


def _choose(folder, count):
    """Up to `count` `FaceRecord`s, as many from each shard as from any other."""
    paths = records.shards(folder)
    chosen, left = [], count
    for index, path in enumerate(paths):
        wanted = -(-left // (len(paths) - index))
        read = [face_record.read(data)
                for data in itertools.islice(records.serialized([path]), wanted)]
        chosen += read
        left -= len(read)
    return chosen


def _photograph(photo, transform, landmarks, size):
    """The whole photograph in a tile, with the aligned square and landmarks drawn on it."""
    height, width = photo.shape[:2]
    scale = TILE / max(height, width)
    small = Image.fromarray(photo).resize((max(1, round(width * scale)),
                                           max(1, round(height * scale))),
                                          Image.Resampling.LANCZOS)
    tile = Image.new('RGB', (TILE, TILE), (GROUND,) * 3)
    left, top = (TILE - small.width) // 2, (TILE - small.height) // 2
    tile.paste(small, (left, top))
    draw = ImageDraw.Draw(tile)
    back = alignment.invert(transform)

    def here(points):
        return alignment.apply(back, np.asarray(points, np.float64)) * scale + [left, top]

    square = here([(0, 0), (size, 0), (size, size), (0, size)])
    draw.polygon([tuple(point) for point in square.tolist()], outline=LINE)
    for x, y in here(landmarks).tolist():
        draw.ellipse((x - 1, y - 1, x + 1, y + 1), fill=DOT)
    return np.asarray(tile)


def _rounded(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
