"""Frames as a GIF, and as an MP4 if an encoder is installed."""

import io
import os
import tempfile

import numpy as np
from PIL import Image

MILLISECONDS = 90
LONGEST = 640  # pixels of a frame's longer edge
ADVICE = "no MP4: it needs an encoder; pip install 'tfdisco[video]'"


def shrunk(picture):
    """A picture uint8 [H, W, 3] no larger than `LONGEST`, even in both directions."""
    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = tuple(max(2, int(edge * scale) // 2 * 2) for edge in (width, height))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def to_and_fro(frames):
    """Frames, and those between the last and the first once more."""
    return frames + frames[-2:0:-1]


def gif(frames):
    """The bytes of a GIF that goes round."""
    images = [Image.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    images[0].save(file, 'GIF', save_all=True, append_images=images[1:], loop=0,
                   duration=MILLISECONDS)
    return file.getvalue()


def mp4(frames):
    """The bytes of an H.264 film, or None if imageio-ffmpeg is not installed.

    Raises:
      OSError: if the encoder fails.
    """
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'film.mp4')
        writer = imageio_ffmpeg.write_frames(path, (width, height), fps=1000 / MILLISECONDS,
                                             macro_block_size=2, quality=8)
        writer.send(None)
        for frame in frames:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        with open(path, 'rb') as file:
            return file.read()
