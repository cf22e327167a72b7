"""Images of a package come as `data.records.stream` has them."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.training.perception import rendered
from tfdisco.data.records.stream import ImageStream
from tfdisco.portable import feed

COUNT = rendered.PEOPLE * rendered.PICTURES


@pytest.fixture(scope='module')
def records(tmp_path_factory):
    path = tmp_path_factory.mktemp('records') / 'faces'
    rendered.write(path)
    return path


def write(records, folder, kind):
    stream = ImageStream(records, 32, 0)
    images = [np.asarray(Image.open(io.BytesIO(stream.png(n)))) for n in range(COUNT)]
    folder.mkdir()
    if kind == 'array':
        np.save(folder / feed.ARRAY, np.stack(images))
        return
    pictures = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, 'png')
        pictures.append(buffer.getvalue())
    feed.write_shards(folder, pictures, 3 * len(pictures[0]))
    assert len(list(folder.iterdir())) > 3


@pytest.mark.parametrize('kind', ['array', 'png'])
@pytest.mark.parametrize('resolution, mirror', [(32, True), (8, False)])
def test_order_mirroring_and_reduction_are_the_streams(records, tmp_path, kind, resolution, mirror):
    write(records, tmp_path / 'images', kind)
    stream = ImageStream(records, resolution, seed=7, mirror=mirror)
    start, batch, count = 2 * COUNT - 10, 4, 8  # across the end of an epoch
    expected = [images.numpy() for images in stream.dataset(start, batch).take(count)]
    ours = feed.Feed(tmp_path / 'images', COUNT, 7, mirror, threads=2)
    found = list(ours.batches(start, batch, resolution, start + batch * count))
    assert len(ours) == COUNT and len(found) == count
    assert np.array_equal(found, expected)


def test_halves_are_rounded_to_even():
    image = np.zeros([4, 4, 3], np.uint8)
    image[0, 0], image[0, 2], image[2, 0] = 2, 6, 255  # means 0.5, 1.5, 63.75
    assert feed.reduced(image, 2)[..., 0].tolist() == [[0, 2], [64, 0]]


@pytest.mark.parametrize('damage, message', [
    (lambda folder: next(iter(sorted(folder.iterdir()))).unlink(), 'expected 24 images, got'),
    (lambda folder: sorted(folder.iterdir())[0].write_bytes(b'PK'), 'expected a pictures .npz'),
    (lambda folder: np.savez(folder / '00000.npz', data=np.zeros(9, np.uint8),
                             ends=np.array([4, 3])), 'expected ends of pictures in 9 bytes'),
    (lambda folder: np.save(folder / feed.ARRAY, np.zeros([24, 4, 4])), 'R, R, 3] uint8, got'),
    (lambda folder: (folder / feed.ARRAY).write_bytes(b'x'), 'expected an array of images')])
def test_damage_is_refused(records, tmp_path, damage, message):
    write(records, tmp_path / 'images', 'png')
    damage(tmp_path / 'images')
    with pytest.raises(ValueError, match=message.replace('[', r'\[')):
        feed.Feed(tmp_path / 'images', COUNT, 0, True)


def test_a_picture_that_is_none_is_named(tmp_path):
    feed.write_shards(tmp_path, [b'no picture'], 100)
    with pytest.raises(ValueError, match='number 0 that cannot be read'):
        next(feed.Feed(tmp_path, 1, 0, True).batches(0, 1, 4, 1))
