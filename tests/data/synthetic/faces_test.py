"""Pictures of rendered people: labels are those of the renderer, hair is where hair is."""

import dataclasses

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.data.synthetic import faces
from tfdisco.data.synthetic.scene import style
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.renderer import FaceRenderer

SIZE = 64
PLAIN = {'cut': 'bald', 'glasses': None, 'cap': None, 'beard': 'none'}


@pytest.fixture(scope='module')
def maker():
    return faces.FaceMaker(MorphableModel.load('open_head'), SIZE)


@pytest.fixture(scope='module')
def people(maker):
    return faces.draw_people(maker.model, 3, 2, 5)


def made(maker, people, monkeypatch, **changes):
    """Pictures of people in the same styles but for `changes`."""
    sample = style.sample
    monkeypatch.setattr(style, 'sample',
                        lambda rng: dataclasses.replace(sample(rng), **{**PLAIN, **changes}))
    return maker(people, np.arange(len(people)), [[3, index] for index in range(len(people))])


def test_people_keep_their_identity_and_nothing_else(maker, people):
    layout = maker.model.layout
    first, second = people[::2], people[1::2]
    identity = layout.factor_slice('identity')
    np.testing.assert_array_equal(first[:, identity], second[:, identity])
    assert len(np.unique(first[:, identity], axis=0)) == 3
    for factor in ('expression', 'illumination', 'pose'):
        part = layout.factor_slice(factor)
        assert (np.abs(first[:, part] - second[:, part]).max(axis=1) > 1e-3).any(), factor
    np.testing.assert_array_equal(people, faces.draw_people(maker.model, 3, 2, 5))
    assert not np.array_equal(people, faces.draw_people(maker.model, 3, 2, 6))


def test_labels_are_those_of_the_renderer(maker, people, monkeypatch):
    rendered = FaceRenderer(maker.model, SIZE, SIZE)(people)
    for index, record in enumerate(made(maker, people, monkeypatch)):
        np.testing.assert_array_equal(record.coefficients, people[index])
        np.testing.assert_allclose(record.landmarks, rendered.landmarks[index], atol=2e-3)
        assert record.image.shape == (SIZE, SIZE, 3) and record.identity == index
        # The rest of the head hides a part of the face region of a turned head.
        ours, theirs = record.face_mask > 127, rendered.mask[index, :, :, 0].numpy() > 0.5
        assert (ours & theirs).sum() > 0.93 * (ours | theirs).sum()


def test_skin_looks_like_the_rendered_face(maker, people, monkeypatch):
    rendered = FaceRenderer(maker.model, SIZE, SIZE)(people)
    for index, record in enumerate(made(maker, people, monkeypatch, shine=0.0)):
        inside = record.face_mask == 255
        ours = record.image[inside].mean(axis=0)
        theirs = (rendered.image[index].numpy()[inside].mean(axis=0) + 1) * 127.5
        assert np.abs(ours - theirs).max() < 14, (ours, theirs)


def test_hair_hides_and_is_labelled(maker, people, monkeypatch):
    bald = made(maker, people, monkeypatch)
    assert all(record.hair_mask.max() == 0 for record in bald)
    fringe = made(maker, people, monkeypatch, cut='long', length=-1.3, sides_from=60.0,
                  fringe=0.6, side=0.2)
    for without, record in zip(bald, fringe):
        hair = record.hair_mask > 127
        assert 0.08 < hair.mean() < 0.7
        # A pixel shows one or the other.
        assert (record.hair_mask.astype(int) + record.face_mask).max() <= 257
        assert record.face_mask.sum() < without.face_mask.sum()
        changed = np.abs(record.image.astype(int) - without.image).max(axis=-1) > 12
        assert changed[hair].mean() > 0.7
    short = made(maker, people, monkeypatch, cut='short', length=None, fringe=None, side=0.03)
    for long_hair, record in zip(fringe, short):
        assert 0 < (record.hair_mask > 127).sum() < (long_hair.hair_mask > 127).sum()


def test_glasses_and_caps_cover_the_face(maker, people, monkeypatch):
    bare = made(maker, people, monkeypatch)
    frame = {'width': 0.26, 'height': 0.2, 'square': 3.0, 'thick': 0.03, 'drop': 0.0,
             'color': np.zeros(3), 'tint': np.zeros(3), 'alpha': 0.05}
    clear = made(maker, people, monkeypatch, glasses=frame)
    dark = made(maker, people, monkeypatch, glasses={**frame, 'alpha': 0.95})
    cap = {'rim': 0.8, 'slope': 0.0, 'thick': 0.15, 'visor': True, 'color': np.full(3, 200.0),
           'knit': 0.0}
    capped = made(maker, people, monkeypatch, cap=cap, cut='long')
    for none, light, sun, hat in zip(bare, clear, dark, capped):
        counts = [(record.face_mask > 127).sum() for record in (none, light, sun, hat)]
        assert counts[0] > counts[1] > counts[2]
        assert counts[0] > counts[3]
        height = none.landmarks[36:48, 1]
        eyes = slice(int(height.min()), int(height.max()) + 1)
        assert sun.image[eyes].mean() < none.image[eyes].mean()


def test_the_same_seeds_give_the_same_pictures(maker, people):
    seeds = [[9, index] for index in range(len(people))]
    first, second = (maker(people, np.arange(len(people)), seeds) for _ in range(2))
    for a, b in zip(first, second):
        for field, other in zip(a, b):
            np.testing.assert_array_equal(field, other)
    other = maker(people, np.arange(len(people)), [[10, index] for index in range(len(people))])
    assert all((a.image != b.image).mean() > 0.2 for a, b in zip(first, other))


def test_wrong_arguments(maker, people):
    with pytest.raises(ValueError, match='coefficients: expected shape'):
        maker(people[:, :5], [0] * 6, [0] * 6)
    with pytest.raises(ValueError, match='expected 6 of each, got 2 and 6'):
        maker(people, [0] * 6, [0] * 2)
    with pytest.raises(ValueError, match='use the built-in model'):
        faces.FaceMaker(toy.model(), SIZE)
    with pytest.raises(ValueError, match='size: expected a positive integer'):
        faces.FaceMaker(maker.model, 0)
