"""Photographs of all kinds: opened, kept, refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from tfdisco.editing import photo

SIZE = (40, 30)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()


def picture():
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)


def saved(tmp_path, image, name, **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize('mode, name, note', [
    ('L', 'a.png', 'greyscale'), ('CMYK', 'a.tif', 'CMYK'), ('RGBA', 'a.png', 'transparent'),
    ('LA', 'a.png', 'transparent'), ('P', 'a.png', 'palette'), ('RGB', 'a.png', None)])
def test_every_mode_becomes_rgb_and_it_is_said(tmp_path, mode, name, note):
    found = photo.read(saved(tmp_path, Image.fromarray(picture()).convert(mode), name))
    assert found.image.shape == (SIZE[1], SIZE[0], 3) and found.image.dtype == np.uint8
    assert found.name == name
    assert [text for text in found.notes if note and note in text] or not note
    if mode == 'RGB':
        np.testing.assert_array_equal(found.image, picture())
        assert found.notes == []


def test_sixteen_bits_and_frames(tmp_path):
    deep = Image.fromarray((picture()[..., 0].astype(np.uint16) << 8))
    found = photo.read(saved(tmp_path, deep, 'deep.png'))
    assert any('16 bits' in note for note in found.notes)
    np.testing.assert_allclose(found.image[..., 0], picture()[..., 0], atol=1)
    frames = [Image.fromarray(picture()[..., ::step]) for step in (1, -1)]
    found = photo.read(saved(tmp_path, frames[0], 'two.png', save_all=True,
                             append_images=frames[1:]))
    assert 'first of 2 frames' in found.notes[0]


def test_orientation_is_applied_and_the_profile_kept(tmp_path):
    exif = Image.Exif()
    exif[photo.photo_files.EXIF_ORIENTATION] = 6  # the camera was turned
    found = photo.read(saved(tmp_path, Image.fromarray(picture()), 'turned.png', exif=exif,
                             icc_profile=SRGB))
    np.testing.assert_array_equal(found.image, np.rot90(picture(), -1))
    assert found.profile == SRGB and 'turned' in found.notes[0]
    grey = bytearray(SRGB)
    grey[16:20] = b'GRAY'
    found = photo.read(saved(tmp_path, Image.fromarray(picture()).convert('L'), 'grey.png',
                             icc_profile=bytes(grey)))
    assert found.profile == b'' and any('profile is left out' in note for note in found.notes)


def test_what_is_no_photograph_is_refused_in_one_line(tmp_path):
    data = io.BytesIO()
    Image.fromarray(picture()).save(data, 'JPEG')
    for name, content, message in (
            ('empty.jpg', b'', 'empty file'), ('text.jpg', b'nothing', 'not a picture'),
            ('half.jpg', data.getvalue()[:-300], 'broken JPEG file')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f'{name}: expected a photograph, .*{message}'):
            photo.read(tmp_path / name)
    with pytest.raises(FileNotFoundError, match='photo: expected a file, got none at'):
        photo.read(tmp_path / 'none.jpg')
    with pytest.raises(ValueError, match='expected a photograph that can be read'):
        photo.read(tmp_path)
    with pytest.raises(ValueError, match='too large: 40 x 30 pixels, expected at most 0.001 mega'):
        photo.read(saved(tmp_path, Image.fromarray(picture()), 'large.png'), megapixels=0.001)
