"""Pictures and files inside the page itself, so that the server keeps no files of them."""

import base64
import html
import io

import numpy as np
from PIL import Image, ImageDraw

from tfdisco import images

FRAME, FRAME_LETTERS = (255, 216, 77), 18  # colour; pixels
FRAME_SIZE = 1.2  # half an edge, of the distance of a face's farthest points


def figures(pictures, kind='faces'):
    """Pictures side by side.

    Args:
      pictures: (uint8 [H, W, 3], title, what screen readers say) each.
      kind: a class of the page's style.

    Returns:
      HTML.
    """
    return f'<div class="{kind}">' + ''.join(
        f'<figure><img src="{_link("image/png", png(picture))}" alt="{html.escape(spoken)}">'
        f'<figcaption>{html.escape(title)}</figcaption></figure>'
        for picture, title, spoken in pictures) + '</div>'


def downloads(files):
    """A button each to save files.

    Args:
      files: (name, kind of content, bytes, what the button says) each.

    Returns:
      HTML.
    """
    return '<p class="files">' + ''.join(
        f'<a download="{html.escape(name)}" '
        f'href="{_link(kind, data)}">{html.escape(says)}</a>'
        for name, kind, data, says in files) + '</p>'


def png(picture):
    """The bytes of a PNG file of a picture, uint8 [H, W, 3]."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format='PNG')
    return file.getvalue()


def numbered(picture, points, longest):
    """A photograph with a frame around each face, and its number if there are several.

    Args:
      picture: uint8 [H, W, 3].
      points: [F, 5, 2] pixels of it.
      longest: pixels of the longer edge of the result, where `picture` is larger.

    Returns:
      uint8 [h, w, 3].
    """
    scale = min(1.0, longest / max(picture.shape[:2]))
    drawn = Image.fromarray(picture).resize(
        [max(1, round(edge * scale)) for edge in picture.shape[1::-1]], Image.Resampling.LANCZOS)
    draw, letters = ImageDraw.Draw(drawn), images.font(FRAME_LETTERS)
    for number, five in enumerate(np.asarray(points) * scale, 1):
        x, y = five.mean(axis=0)
        half = np.ptp(five, axis=0).max() * FRAME_SIZE
        draw.rectangle((x - half, y - half, x + half, y + half), outline=FRAME, width=2)
        if len(points) > 1:
            left, top = max(x - half, 0), max(y - half, 0)
            draw.rectangle((left, top, left + FRAME_LETTERS, top + FRAME_LETTERS + 4), fill=FRAME)
            draw.text((left + 4, top), str(number), fill='black', font=letters)
    return np.asarray(drawn)


def _link(kind, data):
    return f'data:{kind};base64,{base64.b64encode(data).decode()}'
