"""Landmarks without the rest of the mesh are those of the mesh."""

import numpy as np
import pytest

from tests.face3d import toy
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.perception.landmarks import LandmarkProjector


def test_as_the_renderer_has_them():
    model = toy.model()
    people = toy.people(model, 5)
    translation = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32) * 0.3
    render = FaceRenderer(model, 40, 60, impl='reference')
    expected = render.landmarks(render.vertices(people, translation))
    np.testing.assert_allclose(LandmarkProjector(model)(people, translation, 40, 60), expected,
                               atol=1e-4)


def test_wrong_shapes_are_refused():
    project = LandmarkProjector(toy.model())
    with pytest.raises(ValueError, match=r'coefficients: expected shape \[B, 39\]'):
        project(np.zeros((2, 38)), np.zeros((2, 3)), 40, 60)
    with pytest.raises(ValueError, match=r'translation: expected shape \[2, 3\], got \[1, 3\]'):
        project(np.zeros((2, 39)), np.zeros((1, 3)), 40, 60)
