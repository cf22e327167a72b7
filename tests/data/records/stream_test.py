"""The stream of real images: order, resume, shards, reduction, errors."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdisco.data.records import face_record, png
from tfdisco.data.records import folder as records
from tfdisco.data.records.index import RecordIndex
from tfdisco.data.records.stream import ImageStream

COUNT, SIZE = 7, 32


def record(number, size=SIZE):
    """A picture whose every pixel tells its number and its column."""
    image = np.zeros([size, size, 3], np.uint8)
    image[..., 0] = number
    image[..., 1] = np.arange(size)
    plain = np.zeros([size, size], np.uint8)
    return face_record.FaceRecord(
        image=image, coefficients=np.zeros(5, np.float32),
        landmarks=np.zeros([68, 2], np.float32), face_mask=plain, hair_mask=plain,
        identity=number, translation=np.zeros(3, np.float32), name=str(number),
        transform=np.zeros([2, 3], np.float32), border=0.0)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('faces')
    records.write_shard(records.shard_path(path, 0, 2), [record(n) for n in range(4)])
    records.write_shard(records.shard_path(path, 1, 2), [record(n) for n in range(4, COUNT)])
    return path


def take(dataset, count):
    return np.stack([images.numpy() for images in dataset.take(count)])


def numbers(batches):
    return batches[..., 0, 0, 0]


def test_index_reads_any_record(folder):
    index = RecordIndex(folder)
    assert len(index) == COUNT
    for number in (6, 0, 4):
        assert face_record.read(index.read(number)).identity == number
    assert index.name(5).endswith('faces-00001-of-00002.tfrecord: record 1')


def test_each_epoch_shows_every_image_once_in_another_order(folder):
    stream = ImageStream(folder, SIZE, seed=3)
    order = numbers(take(stream.dataset(0, COUNT), 3))
    for epoch in order:
        assert sorted(epoch) == list(range(COUNT))
    assert not np.array_equal(order[0], order[1])
    other = numbers(take(ImageStream(folder, SIZE, seed=4).dataset(0, COUNT), 3))
    assert not np.array_equal(order, other)


def test_half_of_the_images_are_mirrored_and_differently_each_time(folder):
    batches = take(ImageStream(folder, SIZE, seed=0).dataset(0, COUNT), 60)
    mirrored = batches[:, :, 0, 0, 1] == SIZE - 1
    np.testing.assert_array_equal(mirrored, batches[:, :, 0, -1, 1] == 0)
    assert 0.4 < mirrored.mean() < 0.6
    assert np.ptp(mirrored.mean(axis=1)) > 0
    plain = take(ImageStream(folder, SIZE, seed=0, mirror=False).dataset(0, COUNT), 5)
    assert (plain[:, :, 0, 0, 1] == 0).all()


@pytest.mark.parametrize('cache_bytes', [0, 1 << 20])
def test_going_on_at_a_place_gives_what_follows_there(folder, cache_bytes):
    stream = ImageStream(folder, SIZE, seed=1, cache_bytes=cache_bytes)
    assert stream.cached == bool(cache_bytes)
    whole = take(stream.dataset(0, 2), 12).reshape(-1, SIZE, SIZE, 3)
    later = take(ImageStream(folder, SIZE, seed=1).dataset(9, 3), 5).reshape(-1, SIZE, SIZE, 3)
    np.testing.assert_array_equal(later, whole[9:])


def test_shards_are_parts_of_the_same_batches(folder):
    stream = ImageStream(folder, SIZE, seed=2)
    whole = take(stream.dataset(5, 4), 6)
    parts = [take(ImageStream(folder, SIZE, seed=2).dataset(5, 4, (index, 2)), 6)
             for index in range(2)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_images_are_reduced_by_averages(folder):
    small = take(ImageStream(folder, SIZE // 4, seed=0, mirror=False).dataset(0, 1), 1)[0, 0]
    columns = np.rint(np.arange(SIZE).reshape(-1, 4).mean(axis=1))  # halves to even
    np.testing.assert_array_equal(small[..., 1], np.tile(columns, [SIZE // 4, 1]))


@pytest.mark.parametrize('cache_bytes', [0, 1 << 20])
@pytest.mark.parametrize('resolution', [36, 12, 9, 6, 2])
def test_every_byte_is_that_of_an_independent_reference(tmp_path, resolution, cache_bytes):
    rng = np.random.default_rng(0)
    faces = [record(number, 36)._replace(image=rng.integers(0, 256, (36, 36, 3), np.uint8))
             for number in range(5)]
    records.write_shard(records.shard_path(tmp_path, 0, 1), faces)
    stream = ImageStream(tmp_path, resolution, seed=7, cache_bytes=cache_bytes)
    got = take(stream.dataset(3, 4), 5).reshape(-1, resolution, resolution, 3)  # to place 23
    factor, mirrored = 36 // resolution, set()
    for place, image in enumerate(got, 3):
        epoch, within = divmod(place, 5)
        number = np.random.default_rng([7, epoch]).permutation(5)[within]
        mirror = np.random.default_rng([7, epoch, 1]).random(5)[within] < 0.5
        whole = faces[number].image[:, ::-1] if mirror else faces[number].image
        total = whole.astype(int).reshape(
            resolution, factor, resolution, factor, 3).sum(axis=(1, 3))
        # Whole numbers: half of the count is added, and a tie goes to the even one.
        twice, count = 2 * total, factor ** 2
        nearest = (twice + count) // (2 * count)
        nearest -= ((twice + count) % (2 * count) == 0) & (nearest % 2 == 1)
        np.testing.assert_array_equal(image, nearest)
        mirrored.add(bool(mirror))
    assert mirrored == {True, False}


def test_what_is_kept_is_not_read_again(folder, monkeypatch):
    stream = ImageStream(folder, SIZE, seed=5)
    first = take(stream.dataset(0, 4), 10)
    reads = []
    monkeypatch.setattr(RecordIndex, 'read', lambda self, number: reads.append(number))
    np.testing.assert_array_equal(take(stream.dataset(0, 4), 10), first)
    assert not reads and stream.cached


def test_a_damaged_image_in_the_midst_is_named(folder, tmp_path):
    path = records.shard_path(tmp_path, 0, 1)
    whole = bytearray(records.shard_path(folder, 0, 2).read_bytes())
    place = RecordIndex(folder).places[2]
    image = whole.index(b'IDAT', whole.index(b'image', place[1]))
    whole[image + 8] ^= 1
    path.write_bytes(bytes(whole))
    stream = ImageStream(tmp_path, SIZE, seed=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match=(
            r'ValueError: .*faces-00000-of-00001.tfrecord: record 2: expected an image, got a '
            r'record that holds none \(a PNG whose bytes .* were changed\); delete the file')):
        take(stream.dataset(0, 4), 1)


def test_the_size_of_a_png_and_whether_it_is_whole():
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)).save(
        stream, 'PNG')
    whole = stream.getvalue()
    assert png.size(whole) == (5, 7) and png.size(whole + b'more') == (5, 7)
    for end in range(len(whole)):
        with pytest.raises(ValueError, match='a PNG that is cut off|no PNG'):
            png.size(whole[:end])
    for place in range(len(whole)):
        with pytest.raises(ValueError, match='PNG'):
            png.size(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])


def test_errors(folder, tmp_path):
    with pytest.raises(ValueError, match='resolution: expected a divisor .* got 24 for 32 x 32'):
        ImageStream(folder, 24, seed=0)
    stream = ImageStream(folder, SIZE, seed=0)
    with pytest.raises(ValueError, match='start: expected 0 or more, got -1'):
        stream.dataset(-1, 2)
    with pytest.raises(ValueError, match='shard: .* divide a batch of 3, got part 0 of 2'):
        stream.dataset(0, 3, (0, 2))
    with pytest.raises(ValueError, match='shard: .* got part 2 of 2'):
        stream.dataset(0, 4, (2, 2))
    with pytest.raises(FileNotFoundError, match='expected a folder'):
        ImageStream(tmp_path / 'none', SIZE, seed=0)


def test_broken_files_are_named(folder, tmp_path):
    whole = records.shard_path(folder, 0, 2).read_bytes()
    path = records.shard_path(tmp_path, 0, 1)
    path.write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=rf'{path.name}: expected whole records'):
        RecordIndex(tmp_path)
    path.write_bytes(b'')
    with pytest.raises(ValueError, match='expected at least one face'):
        RecordIndex(tmp_path)
    spoilt = bytearray(whole)
    spoilt[20:60] = bytes(40)
    path.write_bytes(bytes(spoilt))
    with pytest.raises(ValueError, match=r'faces-00000-of-00001.tfrecord: record 0: expected an '
                                         'image'):
        ImageStream(tmp_path, SIZE, seed=0)
