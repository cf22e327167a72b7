"""Pictures and files inside the page itself, so that the server keeps no files of them."""

import base64
import html
import io

from PIL import Image


def figures(pictures):
    """Pictures side by side.

    Args:
      pictures: (uint8 [H, W, 3], title, what screen readers say) each.

    Returns:
      HTML.
    """
    return '<div class="faces">' + ''.join(
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


def _link(kind, data):
    return f'data:{kind};base64,{base64.b64encode(data).decode()}'
