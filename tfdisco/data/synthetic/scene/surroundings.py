"""Backgrounds, and what a camera does to a picture."""

import io

import numpy as np
from PIL import Image, ImageFilter


def background(rng, edge):
    """A blurred nowhere: gradient, clouds of colour, soft shapes. uint8 [edge, edge, 3]."""
    small = 48
    x, y = np.meshgrid(np.linspace(-1, 1, small), np.linspace(-1, 1, small))
    base = rng.uniform(15, 225) + rng.normal(0, 14, 3)
    turn, slope = rng.uniform(0, 2 * np.pi), rng.normal(0, 35)
    image = base + (slope * (x * np.cos(turn) + y * np.sin(turn)))[..., None]
    for _ in range(rng.integers(0, 7)):
        other = base + rng.normal(0, 50) + rng.normal(0, 18, 3)
        kind = rng.integers(3)
        if kind == 0:  # a disc, as lights out of focus are
            place, size = rng.uniform(-1, 1, 2), rng.uniform(0.1, 0.7)
            share = np.clip((size - np.hypot(x - place[0], y - place[1])) * 8, 0, 1)
        elif kind == 1:  # a straight edge, as of walls and windows
            turn, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
            share = np.clip((x * np.cos(turn) + y * np.sin(turn) - place) * rng.uniform(3, 30),
                            0, 1)
        else:  # a cloud
            cells = rng.integers(3, 10)
            cloud = Image.fromarray(rng.random((cells, cells)).astype(np.float32))
            share = np.clip(np.asarray(cloud.resize((small, small), Image.BICUBIC)) * 2 - 0.6,
                            0, 1)
        image = image + (share * rng.uniform(0.3, 1.0))[..., None] * (other - image)
    picture = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    return np.asarray(picture.resize((edge, edge), Image.BICUBIC))


def photograph(rng, image):
    """What a camera makes of a picture: optics, white balance, noise, compression.

    Args:
      rng: a `np.random.Generator`.
      image: uint8 [H, W, 3].

    Returns:
      uint8 [H, W, 3]; colours stay close enough for the labels of light and skin to hold.
    """
    picture = Image.fromarray(image)
    edge = image.shape[1]
    if rng.random() < 0.5:
        radius = min(rng.exponential(0.003), 0.009) * edge
        picture = picture.filter(ImageFilter.GaussianBlur(radius))
    values = np.asarray(picture, np.float32)
    values = values * (1.0 + 0.02 * rng.standard_normal(3).astype(np.float32))
    spread = np.float32(rng.exponential(2.2))
    values += spread * rng.standard_normal(values.shape, dtype=np.float32)
    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if rng.random() < 0.6:
        stream = io.BytesIO()
        picture.save(stream, format='JPEG', quality=int(rng.integers(55, 97)))
        picture = Image.open(stream)
    return np.array(picture)


def blur(mask, radius):
    """bool [H, W] -> float32 [H, W] from 0 to 1, blurred over `radius` pixels."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.BoxBlur(radius))
    return np.asarray(picture.filter(ImageFilter.BoxBlur(radius)), np.float32) / 255
