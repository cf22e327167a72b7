"""Pictures on disk and contact sheets: NumPy and Pillow only."""

import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfdisco import files
from tfdisco.shapes import check_positive, check_shape

PAPER, INK = 255, 30  # grey levels of a sheet's ground and of its letters


def to_uint8(image):
    """[...] floats in [-1, 1] -> uint8, rounded; values beyond are clipped."""
    return np.clip(np.rint((np.asarray(image) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def box_downsample(images, factor):
    """Averages factor x factor pixels: [..., H, W, C] -> [..., H / factor, W / factor, C]."""
    images = np.asarray(images)
    *lead, height, width, channels = images.shape
    if height % factor or width % factor:
        raise ValueError(f'images: expected sizes divisible by {factor}, got {height} x {width}')
    blocks = images.reshape(*lead, height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(-4, -2))


def contact_sheet(tiles, columns, labels=None, title=None):
    """Sets pictures of one size out in rows, with a line of text below each.

    Args:
      tiles: uint8 arrays [H, W, 3], left to right, top to bottom.
      columns: pictures in a row.
      labels: None, or a text for each picture.
      title: None, or a text above all.

    Returns:
      uint8 [height, width, 3].

    Raises:
      ValueError: if pictures differ in size, or there is not one label for each.
    """
    check_positive('columns', columns)
    if not tiles:
        raise ValueError('tiles: expected at least one picture, got none')
    height, width = tiles[0].shape[:2]
    for tile in tiles:
        check_shape('tiles', tile, [height, width, 3])
    if labels is not None and len(labels) != len(tiles):
        raise ValueError(f'labels: expected {len(tiles)}, one a picture, got {len(labels)}')
    letters = max(11, min(18, width // 12))
    gap = max(2, width // 64)
    line = letters + 6 if labels is not None else 0
    top = (2 * letters if title else 0) + gap
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new('RGB', (columns * (width + gap) + gap, top + rows * (height + line + gap)),
                      (PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((gap, gap), title, fill=(INK,) * 3, font=font(letters + 2))
    for index, tile in enumerate(tiles):
        x = gap + index % columns * (width + gap)
        y = top + index // columns * (height + line + gap)
        sheet.paste(Image.fromarray(tile), (x, y))
        if labels is not None:
            centred_text(draw, labels[index], x + width / 2, y + height + 1, width, letters)
    return np.asarray(sheet)


def numbered_dots(image, points, color=(220, 30, 30)):
    """Draws numbered dots at points [N, 2] (x, y) pixels on a uint8 picture [H, W, 3]."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    radius = max(1.5, image.shape[1] / 300)
    letters = font(max(9, image.shape[1] // 70))
    for number, (x, y) in enumerate(points):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        draw.text((x + radius, y - radius), str(number), fill=(0, 0, 90), font=letters)
    return np.asarray(picture)


def dots(image, points, color):
    """Draws a pixel at each of points [N, 2] (x, y) pixels on a uint8 picture [H, W, 3]."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    draw.point([(int(x), int(y)) for x, y in points], fill=color)
    return np.asarray(picture)


def write_png(path, image):
    """Writes a uint8 picture [H, W, 3]; the file appears whole or not at all."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with files.replacing(path) as file:
        Image.fromarray(image).save(file, format='PNG')


def centred_text(draw, text, x, y, width, size, color=INK):
    """Writes `text` centred at x below y, in smaller letters if it is wider than `width`."""
    while size > 7 and draw.textlength(text, font=font(size)) > width:
        size -= 1
    letters = font(size)
    draw.text((x - draw.textlength(text, font=letters) / 2, y), text, fill=(color,) * 3,
              font=letters)


def font(size):
    """Pillow's own letters of that size."""
    try:
        return ImageFont.load_default(size=size)
    except TypeError:  # Pillow before 10.1 has one size only
        return ImageFont.load_default()
