"""Sets of pictures from records, from a folder, and drawn."""

import itertools

import numpy as np
import pytest

from tests.face3d import toy
from tests.training.perception import rendered
from tfdisco import images
from tfdisco.data.records import folder as records
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.metrics import pictures


def test_records_are_cut_to_the_count_and_reduced(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, 'BATCH', 4)
    written = rendered.write(tmp_path, size=64)
    records.write_card(tmp_path, {**records.read_card(tmp_path), 'model': 'toy'})
    found = pictures.real(str(tmp_path), toy.model(), 32, 10, 0)
    batches = list(found.batches)
    assert found.count == 10 and [len(batch) for batch in batches] == [4, 4, 2]
    expected = np.stack([images.box_downsample(face.image, 2) for face in written[:10]])
    np.testing.assert_allclose(np.concatenate(batches), expected / 127.5 - 1, atol=1e-5)
    everything = pictures.real(str(tmp_path), toy.model(), 32, 1000, 0)
    assert everything.count == 24 and sum(map(len, everything.batches)) == 24


def test_people_are_drawn_from_the_face_model():
    found = pictures.real(None, MorphableModel.load('open_head'), 32, 5, 0)
    batch, = found.batches
    assert found.count == 5 and batch.shape == (5, 32, 32, 3)
    assert len({picture.tobytes() for picture in batch}) == 5
    assert -1 <= batch.min() < batch.max() <= 1


def test_a_model_without_regions_needs_records():
    with pytest.raises(ValueError, match='or --data of scripts/prepare_photos.py in place'):
        list(pictures.real(None, toy.model(), 32, 5, 0).batches)


def write(folder, sizes):
    rng = np.random.default_rng(0)
    found = [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    for index, image in enumerate(found):
        images.write_png(folder / f'{index:02d}.png', image)
    return np.stack(found) if len(set(sizes)) == 1 else None


def test_a_folder_in_the_order_of_names(tmp_path):
    written = write(tmp_path, [(8, 6)] * 35)
    found = pictures.folder(str(tmp_path))
    batches = list(found.batches)
    assert found.count == 35 and [len(batch) for batch in batches] == [32, 3]
    np.testing.assert_array_equal(images.to_uint8(np.concatenate(batches)), written)
    assert pictures.folder(str(tmp_path), 7).count == 7


def test_bad_folders(tmp_path):
    with pytest.raises(ValueError, match='expected photographs, got no file'):
        pictures.folder(str(tmp_path))
    write(tmp_path, [(8, 6), (8, 6), (6, 8)])
    with pytest.raises(ValueError, match='one size, that of the first, 8 x 6, got 02.png of 6 x 8'):
        list(pictures.folder(str(tmp_path)).batches)
    (tmp_path / '00.png').write_text('no picture')
    with pytest.raises(ValueError, match='images: 00.png: .*; take it out'):
        next(iter(pictures.folder(str(tmp_path)).batches))


def test_levels_of_a_file():
    values = np.linspace(-1.2, 1.2, 1000).reshape(1, 10, 100, 1)
    levels = pictures.in_levels(values)
    assert set(np.rint(127.5 * (levels.ravel() + 1))) == set(range(256))
    np.testing.assert_allclose(levels, np.clip(values, -1, 1), atol=0.5 / 127.5 + 1e-6)
    assert list(itertools.chain(*pictures.stacked([]))) == []
