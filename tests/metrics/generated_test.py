"""Generated faces in batches: what is drawn, what is seen, and in which order."""

import numpy as np
import pytest

from tests.metrics import drawn
from tfdisco import factors
from tfdisco.metrics import generated

COUNT = generated.BATCH + 3  # the last batch is smaller


@pytest.fixture(scope='module')
def faces():
    return drawn.faces()


def test_batches_are_what_networks_make_of_z(faces):
    z = faces.latents(COUNT, seed=4)
    passed = []

    def progress(iterable, desc):
        assert desc == 'words'
        for value in iterable:
            passed.append(value)
            yield value

    first, last = faces.batches(z, render=True, progress=progress, desc='words')
    assert passed == [0, generated.BATCH] and len(last.z) == 3
    np.testing.assert_array_equal(np.concatenate([first.z, last.z]), z)
    np.testing.assert_array_equal(last.coefficients, faces.inputs.coefficients(last.z))
    # This generator is the renderer; what it draws is rounded to 256 levels.
    np.testing.assert_allclose(last.images, last.rendered.image, atol=1 / 255 + 1e-6)
    levels = (last.images + 1) * 127.5
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    seen = faces.perception(last.images)
    for name in seen._fields:
        np.testing.assert_allclose(getattr(last.seen, name), getattr(seen, name), atol=1e-4)
    np.testing.assert_allclose(last.seen.background,
                               faces.perception.parsing(last.images).background, atol=1e-5)


def test_only_what_is_asked_for_is_looked_for(faces):
    batch, = faces.batches(faces.latents(2, seed=0), ('hair',))
    assert batch.seen.hair.shape == (2, drawn.SIDE, drawn.SIDE, 1) and batch.rendered is None
    assert batch.seen.identity is None and batch.seen.background is None
    batch, = faces.batches(faces.latents(2, seed=0), ())
    assert batch.seen == generated.Seen()
    with pytest.raises(ValueError, match="fields: expected one of .* got 'nose'"):
        faces.look(batch.images, ('nose',))


def test_latents_of_a_seed(faces):
    few, many = faces.latents(3, seed=1), faces.latents(5, seed=1)
    np.testing.assert_array_equal(few, many[:3])
    for other in (faces.latents(3, seed=2), faces.latents(3, seed=1, stream=1)):
        assert np.abs(few - other).min() > 0
    changed = faces.inputs.by_factor(faces.replace(few, many[2:], [factors.POSE]))
    for factor, values in changed.items():
        source = many[2:] if factor == factors.POSE else few
        np.testing.assert_array_equal(values, faces.inputs.by_factor(source)[factor])
    with pytest.raises(ValueError, match='count: expected a positive integer, got 0'):
        faces.latents(0, seed=1)


def test_no_numbers_are_refused(faces):
    broken = generated.GeneratedFaces(lambda values: faces.generator(values) * float('nan'),
                                      faces.inputs, faces.model, faces.perception)
    with pytest.raises(ValueError, match='snapshot: expected a generator of pictures, got NaN'):
        list(broken.batches(broken.latents(1, seed=0)))
    with pytest.raises(ValueError, match='in which identity can be told, got NaN'):
        faces.look(np.full([1, 32, 32, 3], np.nan, np.float32), ('identity',))
