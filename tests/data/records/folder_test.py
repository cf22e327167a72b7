"""Face records: what is written comes back, whole sets only, errors that say what to do."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records

LAYOUT = toy.model().layout
SIZE = 24


def face(seed=0, hair=True, **changes):
    rng = np.random.default_rng(seed)
    return face_record.FaceRecord(**{
        'image': rng.integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8),
        'coefficients': rng.normal(size=LAYOUT.size).astype(np.float32),
        'landmarks': rng.uniform(-5, 30, (68, 2)).astype(np.float32),
        'face_mask': rng.integers(0, 256, (SIZE, SIZE)).astype(np.uint8),
        'hair_mask': rng.integers(0, 256, (SIZE, SIZE)).astype(np.uint8) if hair else None,
        'identity': 2**40 + seed, 'translation': rng.normal(size=3).astype(np.float32),
        'name': f'Zoë_{seed}.jpg', 'transform': rng.normal(size=(2, 3)).astype(np.float32),
        'border': 0.25, **changes})


def write(folder, faces, shards=2, **card):
    folder.mkdir(exist_ok=True)
    for index, part in enumerate(np.array_split(np.arange(len(faces)), shards)):
        records.write_shard(records.shard_path(folder, index, shards), [faces[i] for i in part])
    records.write_card(folder, {'model': 'toy', 'layout': records.layout_fields(LAYOUT), **card})
    return folder


def assert_same(first, second):
    for name in face_record.FaceRecord._fields:
        one, other = getattr(first, name), getattr(second, name)
        if name == 'hair_mask' and one is None:
            assert other is None
            continue
        np.testing.assert_array_equal(one, other, err_msg=name)
        assert np.asarray(one).dtype == np.asarray(other).dtype, name


@pytest.mark.parametrize('hair', [True, False])
def test_every_field_comes_back_exactly(hair):
    record = face(3, hair)
    assert_same(record, face_record.read(face_record.serialize(record)))
    assert face_record.serialize(record) == face_record.serialize(face(3, hair))


def test_rendered_faces_need_few_fields():
    full = face()
    short = face_record.FaceRecord(*full[:6])
    back = face_record.read(face_record.serialize(short))
    assert back.name == '' and back.border == 0.0
    np.testing.assert_array_equal(back.transform, [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(back.translation, np.zeros(3))


@pytest.mark.parametrize('hair', [True, False])
def test_parsed_in_a_graph_it_is_the_same(hair):
    record = face(1, hair)
    found = tf.function(lambda text: face_record.parse(text, LAYOUT))(face_record.serialize(record))
    np.testing.assert_allclose(found['image'], record.image / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(found['face_mask'][..., 0], record.face_mask / 255, atol=1e-6)
    assert bool(found['has_hair']) is hair
    expected = record.hair_mask / 255 if hair else np.zeros((SIZE, SIZE))
    np.testing.assert_allclose(found['hair_mask'][..., 0], expected, atol=1e-6)
    for name in ('coefficients', 'landmarks', 'translation', 'transform', 'border', 'identity'):
        np.testing.assert_array_equal(found[name], getattr(record, name), err_msg=name)
    assert found['name'].numpy().decode() == record.name


def test_pictures_and_points_are_reduced_together():
    record = face()
    found = face_record.parse(face_record.serialize(record), LAYOUT, size=8)
    means = record.image.astype(float).reshape(8, 3, 8, 3, 3).mean(axis=(1, 3)) / 127.5 - 1
    np.testing.assert_allclose(found['image'], means, atol=1e-5)
    for name in ('face_mask', 'hair_mask'):
        means = getattr(record, name).reshape(8, 3, 8, 3).mean(axis=(1, 3)) / 255
        np.testing.assert_allclose(found[name][..., 0], means, atol=1e-6)
    np.testing.assert_allclose(found['landmarks'], record.landmarks / 3, rtol=1e-6)
    np.testing.assert_allclose(found['transform'], record.transform / 3, rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match='expected a divisor of the edge'):
        face_record.parse(face_record.serialize(record), LAYOUT, size=7)


def test_a_set_is_read_in_order(tmp_path):
    faces = [face(seed, hair=seed % 2 == 0) for seed in range(7)]
    folder = write(tmp_path / 'set', faces, shards=3)
    assert [path.name for path in records.shards(folder)] == [
        f'faces-0000{index}-of-00003.tfrecord' for index in range(3)]
    np.testing.assert_array_equal(records.coefficients(folder),
                                  [record.coefficients for record in faces])
    found = list(records.dataset(folder, LAYOUT, size=12))
    assert [int(parsed['identity']) for parsed in found] == [
        record.identity for record in faces]
    assert [bool(parsed['has_hair']) for parsed in found] == [True, False] * 3 + [True]
    assert found[0]['image'].shape == (12, 12, 3)
    assert records.read_card(folder)['model'] == 'toy'


def test_an_interrupted_shard_leaves_nothing(tmp_path):
    path = records.shard_path(tmp_path, 0, 1)

    def breaks():
        yield face()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        records.write_shard(path, breaks())
    assert not list(tmp_path.iterdir())
    records.write_shard(path, [face()])
    with pytest.raises(KeyboardInterrupt):
        records.write_shard(path, breaks())
    assert records.coefficients(tmp_path).shape == (1, LAYOUT.size)


@pytest.mark.parametrize('changes, message', [
    ({'image': np.zeros((8, 8), np.uint8)}, r'image: expected shape \[\?, \?, 3\], got \[8, 8\]'),
    ({'image': np.zeros((SIZE, SIZE, 3))}, 'image: expected uint8, got float64'),
    ({'hair_mask': np.zeros((8, 8), np.uint8)}, r'hair_mask: expected shape \[24, 24\]'),
    ({'face_mask': np.zeros((SIZE, SIZE), bool)}, 'face_mask: expected uint8, got bool'),
    ({'landmarks': np.zeros((5, 2))}, r'landmarks: expected shape \[68, 2\], got \[5, 2\]'),
    ({'coefficients': np.array([0.0, np.nan])}, 'coefficients: expected finite numbers'),
])
def test_wrong_fields_are_not_written(changes, message):
    with pytest.raises(ValueError, match=message):
        face_record.serialize(face(**changes))


def test_only_whole_sets_are_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder of face records, got .*nowhere'"):
        records.shards(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='shards of one set of faces, got none; make one with'):
        records.shards(tmp_path)
    with pytest.raises(FileNotFoundError, match='card.json'):
        records.read_card(tmp_path)
    folder = write(tmp_path / 'set', [face(), face(1)])
    records.shard_path(folder, 0, 2).unlink()
    with pytest.raises(ValueError, match='expected 00002 shards, got 1; start the command'):
        records.shards(folder)
    records.write_shard(records.shard_path(folder, 0, 9), [face()])
    with pytest.raises(ValueError, match=r'got those of sets of \[2, 9\]'):
        records.shards(folder)
    for text, message in (('{', 'expected JSON'), ('[1]', 'expected a JSON object, got list')):
        (folder / 'card.json').write_text(text)
        with pytest.raises(ValueError, match=message):
            records.read_card(folder)


@pytest.mark.parametrize('damage', [lambda data: data[:-9],
                                    lambda data: data[:200] + b'!' + data[201:]])
def test_a_broken_file_is_named(tmp_path, damage):
    folder = write(tmp_path / 'set', [face(), face(1), face(2), face(3)])
    path = records.shard_path(folder, 1, 2)
    assert len(list(records.serialized(records.shards(folder)))) == 4
    path.write_bytes(damage(path.read_bytes()))
    for read in (lambda: list(records.serialized(records.shards(folder))),
                 lambda: records.coefficients(folder),
                 lambda: list(records.batches(folder, LAYOUT, 2))):
        with pytest.raises(ValueError, match=f'{folder}.*: expected whole records, .*delete what'):
            read()


def test_coefficients_of_another_model_are_refused(tmp_path):
    folder = write(tmp_path / 'set', [face()], shards=1, layout={'identity_shape': 80})
    with pytest.raises(ValueError, match='use the morphable model they were made with'):
        records.dataset(folder, LAYOUT)
    assert json.loads((folder / 'card.json').read_text())['layout'] == {'identity_shape': 80}
    empty = tmp_path / 'empty'
    empty.mkdir()
    records.write_shard(records.shard_path(empty, 0, 1), [])
    with pytest.raises(ValueError, match='expected at least one face, got none'):
        records.coefficients(empty)
