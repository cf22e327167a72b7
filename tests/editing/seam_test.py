"""Faces back into their photographs: where, and with what colours."""

import numpy as np
import pytest

from tfdisco.data import alignment, warping
from tfdisco.editing import seam
from tfdisco.editing.found_faces import Face
from tfdisco.perception.parsing import Parsed

SIZE = 64


def parsed(left, right):
    """A head between two columns."""
    face = np.zeros([1, SIZE, SIZE, 1], np.float32)
    face[:, 12:60, left:right] = 1
    return Parsed(np.zeros_like(face), face, 1 - face)


def smooth(seed, height, width):
    rng = np.random.default_rng(seed)
    y, x = (grid[..., np.newaxis] for grid in np.mgrid[:height, :width])
    waves = rng.uniform(0.02, 0.08, (2, 3))
    return np.sin(x * waves[0] + y * waves[1] + rng.uniform(0, 6, 3)) * 0.5


@pytest.fixture(scope='module')
def scene():
    photo = np.rint((smooth(0, 150, 200) + 1) * 127.5).astype(np.uint8)
    transform = np.array([[0.6, 0.1, -12.0], [-0.1, 0.6, 8.0]])
    image = warping.warp(photo, transform, SIZE).image
    return photo, Face(1, image, transform, None, 0.0)


def test_the_mask_covers_both_heads_softly():
    where = seam.mask(parsed(20, 40), parsed(24, 46))
    assert where.shape == (SIZE, SIZE) and 0 <= where.min() and where.max() <= 1
    assert where[30, 22] > 0.7 and where[30, 44] > 0.7 and where[30, 30] > 0.99
    assert where[30, 4] == pytest.approx(0, abs=1e-3)
    assert np.abs(np.diff(where[30])).max() < 0.25  # no hard edge
    ring = np.array(parsed(20, 46).background)
    ring[:, 25:35, 28:38] = 1  # a hole in what is seen as a head
    whole = Parsed(None, None, ring)
    assert seam.mask(whole)[30, 33] > 0.95


def test_what_did_not_change_goes_back_unchanged(scene):
    photo, face = scene
    plain = face.image / 127.5 - 1
    result = seam.put_back(photo, face, plain, plain, seam.mask(parsed(20, 44)))
    assert result.shape == photo.shape and result.dtype == np.uint8
    assert np.abs(result.astype(int) - photo).max() <= 3


def test_the_surroundings_are_kept_to_the_pixel(scene):
    photo, face = scene
    plain = face.image / 127.5 - 1
    where = seam.mask(parsed(20, 44))
    result = seam.put_back(photo, face, np.flip(plain, 1), plain, where)
    y, x = np.mgrid[:150, :200] + 0.5
    inside = alignment.apply(face.transform, np.stack([x, y], -1))
    column, row = (np.clip(inside[..., axis], 0, SIZE - 1).astype(int) for axis in (0, 1))
    out = (inside < 0).any(-1) | (inside > SIZE).any(-1) | (where[row, column] < 1e-3)
    far = out & ~((inside > -3).all(-1) & (inside < SIZE + 3).all(-1) & (where[row, column] > 1e-4))
    np.testing.assert_array_equal(result[far], photo[far])
    assert (result[~out] != photo[~out]).any()


def test_the_generators_cast_is_taken_off_and_the_edit_stays(scene):
    photo, face = scene
    true = face.image / 127.5 - 1
    cast = np.array([0.2, -0.1, 0.05])
    where = seam.mask(parsed(16, 48))
    found = seam.without_cast(true + cast, true + cast, true, where)
    core = where > 0.9
    np.testing.assert_allclose(found[core], true[core], atol=0.01)
    light = np.linspace(-0.3, 0.3, SIZE)[np.newaxis, :, np.newaxis]
    found = seam.without_cast(true + cast + light, true + cast, true, where)
    np.testing.assert_allclose(found[core], (true + light)[core], atol=0.01)


def test_wrong_shapes_are_refused(scene):
    photo, face = scene
    with pytest.raises(ValueError, match='plain: expected shape'):
        seam.without_cast(np.zeros([8, 8, 3]), np.zeros([4, 4, 3]), None, None)
    with pytest.raises(ValueError, match='mask: expected shape'):
        warping.paste(photo, face.image, face.transform, mask=np.zeros([3, 3]))
