"""Every kind of picture file, opened or refused with its reason; folders and tar files."""

import io
import os
import struct
import tarfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tfdisco.data.photographs import files
from tfdisco.data.photographs.files import UnusablePhotoError, decode


def noise(height=20, width=30, channels=3, seed=0):
    shape = (height, width, channels)[:3 if channels > 1 else 2]
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def stored(image, kind='PNG', **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png(width, height, rows=b'', bits=8):
    """An RGB PNG that says it is that large and holds `rows`."""
    return (b'\x89PNG\r\n\x1a\n'
            + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


@pytest.mark.parametrize('kind', ['PNG', 'BMP', 'TIFF', 'PPM', 'TGA'])
def test_colour_is_kept(kind):
    picture = decode(stored(Image.fromarray(noise()), kind))
    np.testing.assert_array_equal(picture.image, noise())
    assert picture.note == ''


@pytest.mark.parametrize('kind', ['JPEG', 'WEBP'])
def test_lossy_colour(kind):
    flat = np.full((32, 48, 3), (200, 90, 40), np.uint8)
    picture = decode(stored(Image.fromarray(flat), kind, quality=95))
    np.testing.assert_allclose(picture.image.astype(int), flat.astype(int), atol=3)


def test_grey():
    grey = noise(channels=1)
    picture = decode(stored(Image.fromarray(grey)))
    np.testing.assert_array_equal(picture.image, np.stack([grey] * 3, -1))


@pytest.mark.parametrize('kind', ['PNG', 'TIFF'])
def test_16_bit_grey_is_scaled_not_clipped(kind):
    values = np.array([[0, 257, 1000], [30000, 65278, 65535]], np.uint16)
    picture = decode(stored(Image.fromarray(values), kind))
    expected = np.rint(values / 257).astype(int)
    np.testing.assert_array_equal(picture.image, np.stack([expected] * 3, -1))


def test_16_bit_colour():
    rgb = noise(3, 5)
    rows = b''.join(b'\0' + (row.astype('>u2') * 257).tobytes() for row in rgb)
    np.testing.assert_array_equal(decode(png(5, 3, rows, bits=16)).image, rgb)


def test_cmyk():
    cmyk = Image.new('CMYK', (16, 16), (0, 255, 255, 0))  # red
    picture = decode(stored(cmyk, 'JPEG', quality=95))
    np.testing.assert_allclose(picture.image[8, 8].astype(int), (255, 0, 0), atol=4)


def test_palette():
    picture = Image.fromarray(noise()).quantize(200)
    np.testing.assert_array_equal(decode(stored(picture)).image, np.asarray(picture.convert('RGB')))


def test_black_and_white():
    bits = noise(channels=1) > 127
    picture = decode(stored(Image.fromarray(bits)))
    np.testing.assert_array_equal(picture.image[..., 0], 255 * bits)


@pytest.mark.parametrize('mode', ['RGBA', 'LA', 'P'])
def test_transparent_pictures_lie_on_white(mode):
    rgba = np.zeros((4, 6, 4), np.uint8)  # black; the left half is hidden
    rgba[:, 3:, 3] = 255
    if mode == 'P':
        image = Image.fromarray((rgba[..., 3] > 0).astype(np.uint8))
        image.putpalette([9, 9, 9, 0, 0, 0])  # makes it a palette picture
        data = stored(image, transparency=0)
    else:
        data = stored(Image.fromarray(rgba).convert(mode))
    picture = decode(data)
    assert (picture.image[:, :3] == 255).all() and (picture.image[:, 3:] == 0).all()


def test_half_transparent():
    rgba = np.full((2, 2, 4), (100, 0, 200, 128), np.uint8)
    np.testing.assert_allclose(decode(stored(Image.fromarray(rgba))).image[0, 0].astype(int),
                               (177, 127, 227), atol=1)


@pytest.mark.parametrize('kind', ['GIF', 'PNG', 'WEBP', 'TIFF'])
def test_of_an_animation_the_first_frame(kind):
    frames = [Image.new('RGB', (16, 12), color) for color in ('red', 'lime', 'blue')]
    options = {'lossless': True} if kind == 'WEBP' else {}
    picture = decode(stored(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert picture.note == 'first of 3 frames'
    assert (picture.image == (255, 0, 0)).all() and picture.image.shape == (12, 16, 3)


@pytest.mark.parametrize('orientation, turn', [
    (1, lambda image: image), (2, lambda image: image[:, ::-1]),
    (3, lambda image: image[::-1, ::-1]), (4, lambda image: image[::-1]),
    (5, lambda image: image.transpose(1, 0, 2)), (6, lambda image: np.rot90(image, -1)),
    (7, lambda image: image.transpose(1, 0, 2)[::-1, ::-1]), (8, lambda image: np.rot90(image))])
def test_exif_orientation(orientation, turn):
    image = Image.fromarray(noise())
    exif = image.getexif()
    exif[0x0112] = orientation
    picture = decode(stored(image, exif=exif))
    np.testing.assert_array_equal(picture.image, turn(noise()))
    expected = '' if orientation == 1 else f'turned by EXIF orientation {orientation}'
    assert picture.note == expected


@pytest.mark.parametrize('name, data, reason', [
    ('empty', b'', '^empty file$'),
    ('text', b'no picture at all, but some text', '^not a picture of a known format$'),
    ('header only', b'\x89PNG\r\n\x1a\n', '^not a picture of a known format$'),
    ('cut JPEG', stored(Image.fromarray(noise(200, 200)), 'JPEG')[:3000],
     '^broken JPEG file: .*truncated'),
    ('cut PNG', stored(Image.fromarray(noise(200, 200)))[:3000], '^broken PNG file: '),
    ('no pixels', png(20, 20), '^broken PNG file: '),
    ('bomb', png(60000, 60000), '^too large: .*3600000000 pixels'),
    ('beyond the limit', png(12000, 10000),
     '^too large: 12000 x 10000 pixels, expected at most 100 megapixels$'),
    ('float', stored(Image.fromarray(np.zeros((4, 4), np.float32)), 'TIFF'),
     '^floating-point picture'),
    ('32 bit', stored(Image.fromarray(np.full((4, 4), 70000, np.int32)), 'TIFF'),
     '^32-bit picture'),
    ('program', b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n',
     '^not a picture of a known format$'),
])
def test_what_cannot_be_used_says_why(name, data, reason):
    with pytest.raises(UnusablePhotoError, match=reason):
        decode(data)


def test_limit_of_size():
    data = stored(Image.fromarray(noise(100, 200)))
    assert decode(data, megapixels=0.02).image.shape == (100, 200, 3)
    with pytest.raises(UnusablePhotoError, match='too large: 200 x 100 pixels'):
        decode(data, megapixels=0.0199)


def test_pixels_that_unpack_to_more_than_they_say():
    text = chunk(b'zTXt', b'Comment\0\0' + zlib.compress(b' ' * (80 << 20)))
    data = stored(Image.fromarray(noise()))
    end_of_header = 33
    with pytest.raises(UnusablePhotoError, match='not a picture|broken PNG'):
        decode(data[:end_of_header] + text + data[end_of_header:])


def make_folder(root):
    for name in ('b.png', 'sub/a.jpg', 'sub/.hidden.png', '.git/x.png', 'notes.txt'):
        path = root / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(name.encode())
    return root


def test_files_of_a_folder(tmp_path):
    found = files.photographs(make_folder(tmp_path))
    assert [photo.name for photo in found] == ['b.png', 'notes.txt', 'sub/a.jpg']
    assert [photo.read() for photo in found] == [b'b.png', b'notes.txt', b'sub/a.jpg']


def test_a_name_that_is_no_utf8(tmp_path):
    name = os.fsdecode(b'caf\xe9.png')
    (tmp_path / name).write_bytes(b'there')
    (photo,) = files.photographs(tmp_path)
    assert (photo.name, photo.read()) == (r'caf\xe9.png', b'there')


@pytest.mark.parametrize('prefix', ['', './'])
def test_files_of_a_tar(tmp_path, prefix):
    folder = make_folder(tmp_path / 'folder')
    with tarfile.open(tmp_path / 'all.tar', 'w') as archive:
        for name in ('sub/a.jpg', 'sub/.hidden.png', 'b.png', 'sub'):
            archive.add(folder / name, prefix + name, recursive=False)
    found = files.photographs(tmp_path / 'all.tar')
    assert [(photo.name, photo.read()) for photo in found] == [
        ('b.png', b'b.png'), ('sub/a.jpg', b'sub/a.jpg')]


def test_sources_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.photographs(tmp_path / 'nowhere')
    (tmp_path / 'photo.jpg').write_bytes(b'x' * 2000)
    with pytest.raises(ValueError, match=r'photo.jpg: expected a folder or a .tar without'):
        files.photographs(tmp_path / 'photo.jpg')
    with tarfile.open(tmp_path / 'all.tar.gz', 'w:gz') as archive:
        archive.add(tmp_path / 'photo.jpg', 'photo.jpg')
    with pytest.raises(ValueError, match='.tar without compression'):
        files.photographs(tmp_path / 'all.tar.gz')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty: expected photographs, got no file'):
        files.photographs(tmp_path / 'empty')
