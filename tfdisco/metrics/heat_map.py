"""A matrix of numbers as a picture."""

import numpy as np
from PIL import Image, ImageDraw

from tfdisco import images
from tfdisco.shapes import check_shape

CELL, HEIGHT, LETTERS = 104, 40, 15  # pixels
DARKEST = (8, 48, 107)  # of the highest value; the lowest is white


def heat_map(values, rows, columns, title, texts=None, top=1.0):
    """Draws a matrix, darker where it is higher.

    Args:
      values: [R, C], from 0 up; what is no number is left white.
      rows, columns: a text for each.
      title: a text above all.
      texts: None (the values with two digits), or a text for each cell, R lists of C.
      top: the value that is darkest, as are those above it.

    Returns:
      uint8 [H, W, 3].

    Raises:
      ValueError: if there is not one text for each row and column.
    """
    values = np.asarray(values, np.float64)
    check_shape('values', values, [len(rows), len(columns)])
    if texts is None:
        texts = [[f'{value:.2f}' if np.isfinite(value) else '-' for value in row]
                 for row in values]
    letters = images.font(LETTERS)
    measure = ImageDraw.Draw(Image.new('RGB', (1, 1)))
    left = int(max(measure.textlength(row, font=letters) for row in rows)) + 2 * LETTERS
    above = 4 * LETTERS + 6
    width = max(left + CELL * len(columns), int(measure.textlength(title, font=letters))) + LETTERS
    sheet = Image.new('RGB', (width, above + HEIGHT * len(rows) + LETTERS), (images.PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    draw.text((LETTERS, LETTERS // 2), title, fill=(images.INK,) * 3, font=letters)
    middle = (HEIGHT - LETTERS) // 2 - 2
    for index, name in enumerate(columns):
        images.centred_text(draw, name, left + CELL * (index + 0.5), above - LETTERS - 8,
                            CELL - 8, LETTERS)
    for row, name in enumerate(rows):
        y = above + HEIGHT * row
        draw.text((LETTERS, y + middle), name, fill=(images.INK,) * 3, font=letters)
        for column, value in enumerate(values[row]):
            share = min(max(value / top, 0.0), 1.0) if np.isfinite(value) else 0.0
            color = tuple(round(255 + share * (dark - 255)) for dark in DARKEST)
            x = left + CELL * column
            draw.rectangle((x, y, x + CELL - 2, y + HEIGHT - 2), fill=color)
            images.centred_text(draw, texts[row][column], x + CELL / 2, y + middle, CELL - 8,
                                LETTERS, images.PAPER if share > 0.5 else images.INK)
    return np.asarray(sheet)
