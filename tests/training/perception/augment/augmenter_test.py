"""The augmenter as a whole: labels stay true, and the same seed gives the same pictures."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.training.perception.augment.augmenter import Augmentation, Augmenter

NOTHING = Augmentation(**{field.name: 0.0 for field in dataclasses.fields(Augmentation)})
BATCH = 8


@pytest.fixture(scope='module')
def faces():
    model = toy.model()
    coefficients = toy.people(model, BATCH, pose=0.1, light=0.05)
    face = FaceRenderer(model, 64, 64)(coefficients)
    rng = np.random.default_rng(0)
    masks = np.concatenate([face.mask.numpy() * 255, rng.uniform(0, 255, (BATCH, 64, 64, 1))], -1)
    return {'image': tf.constant(np.rint((face.image.numpy() + 1) * 127.5), tf.uint8),
            'masks': tf.constant(masks, tf.uint8), 'coefficients': tf.constant(coefficients),
            'translation': tf.zeros([BATCH, 3]), 'landmarks': face.landmarks / 64}


def augment(faces, seed=0, **changes):
    augmenter = Augmenter(48, 1.0, toy.model(), dataclasses.replace(NOTHING, **changes))
    return augmenter(faces, tf.random.Generator.from_seed(seed, alg='philox'))


def test_without_changes_pictures_are_plain_or_mirrored(faces):
    ours = augment(faces)
    plain = Augmenter(48, 1.0, toy.model()).plain(faces)
    mirrored = 0
    for index in range(BATCH):
        flip = slice(None, None, -1 if ours['coefficients'][index, 0] != plain['coefficients'][
            index, 0] or not np.allclose(ours['landmarks'][index], plain['landmarks'][index])
            else 1)
        mirrored += flip.step == -1
        for name in ('image', 'masks', 'known'):
            np.testing.assert_allclose(ours[name][index], plain[name][index][:, flip], atol=1e-3)
    assert 0 < mirrored < BATCH
    np.testing.assert_array_equal(ours['color_weight'], np.ones(BATCH))


def test_labels_render_what_is_seen(faces):
    """Moved, mirrored and lit anew, the face that the labels describe is that of the picture."""
    ours = augment(faces, shift=0.05, scale=0.1, tint=0.1, brightness=0.1)
    face = FaceRenderer(toy.model(), 48, 48)(ours['coefficients'], ours['translation'])
    inside = (face.mask.numpy() * (ours['masks'].numpy()[..., :1] > 0.99)) > 0
    difference = np.abs(face.image.numpy() - ours['image'].numpy())[inside[..., 0]]
    assert inside.sum() > 2000
    assert np.median(difference) < 0.03 and difference.mean() < 0.08
    unmoved = FaceRenderer(toy.model(), 48, 48)(faces['coefficients'])
    wrong = np.abs(unmoved.image.numpy() - ours['image'].numpy())[inside[..., 0]]
    assert difference.mean() < 0.5 * wrong.mean()


def test_bent_colors_do_not_count_and_covered_masks_are_empty(faces):
    ours = augment(faces, bent=1.0)
    np.testing.assert_array_equal(ours['color_weight'], np.zeros(BATCH))
    filled = {**faces, 'masks': tf.fill([BATCH, 64, 64, 2], tf.constant(255, tf.uint8))}
    covered = augment(filled, covered=1.0)['masks'].numpy()
    assert set(np.unique(covered.round(5))) == {0.0, 1.0}
    assert 0.5 < covered.mean() < 0.999
    np.testing.assert_array_equal(covered[..., 0], covered[..., 1])


def test_all_at_once_is_as_the_seed_says(faces):
    def everything(seed):
        return Augmenter(48, 1.0, toy.model())(
            faces, tf.random.Generator.from_seed(seed, alg='philox'))

    first, again, other = (everything(seed) for seed in (1, 1, 2))
    assert set(first) == {*faces, 'known', 'color_weight'}
    for name in first:
        assert np.isfinite(first[name]).all()
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.allclose(first['image'], other['image'])
    assert float(tf.reduce_max(tf.abs(first['image']))) <= 1.0
    assert first['image'].shape == (BATCH, 48, 48, 3) and first['masks'].shape[-1] == 2


def test_noise_and_compression_spare_the_other_pictures(faces):
    plain = augment(faces)['image'].numpy()
    noisy, compressed = (augment(faces, **{name: 0.25})['image'].numpy()
                         for name in ('noisy', 'compressed'))
    changed = [[not np.array_equal(a, b) for a, b in zip(plain, others)]
               for others in (noisy, compressed)]
    assert changed == [[False] * 6 + [True] * 2, [True] * 2 + [False] * 6]


def test_a_share_of_the_changes():
    half = Augmentation(shift=0.2, covered=0.5).scaled(0.5)
    assert half.shift == pytest.approx(0.1) and half.covered == pytest.approx(0.25)
    assert Augmentation().scaled(0.0) == NOTHING
    with pytest.raises(ValueError, match='from 0 to 1, got -1'):
        Augmentation().scaled(-1)
