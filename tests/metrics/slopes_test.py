"""Slopes of a generator that is the renderer, seen by eyes that see a known share."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.face3d import toy
from tests.metrics import drawn
from tfdisco import factors
from tfdisco.face3d import lighting
from tfdisco.metrics import slope_plot, slopes

SHARE = {factors.POSE: 0.5, factors.EXPRESSION: 0.25, factors.ILLUMINATION: 0.75}


def seen_share(model, coefficients, shift):
    """What eyes see that take everything by its share, and add what is not asked for."""
    result = np.array(coefficients, np.float32)
    for factor, share in SHARE.items():
        result[:, model.layout.factor_slice(factor)] *= share
    return result + shift


class Faces:
    """A generator that hands coefficients on in its picture, so that they can be read there."""

    def __init__(self):
        real = drawn.faces()
        self.model, self.inputs = real.model, real.inputs
        self.latents, self.render = real.latents, self._rendered
        self.generator = lambda values: values[:, np.newaxis, :self.model.layout.size, np.newaxis]

    def _rendered(self, coefficients, size):
        return SimpleNamespace(image=2 * coefficients[:, np.newaxis, :, np.newaxis])


@pytest.fixture(scope='module')
def found():
    faces, pictures = Faces(), []
    faces.look = lambda images, fields: pictures.append(images) or SimpleNamespace(
        coefficients=seen_share(faces.model, images[:, 0, :, 0], 0.03))
    with pytest.MonkeyPatch.context() as patch:
        # Coefficients are no colours.
        patch.setattr(slopes.pictures, 'in_levels', np.asarray)
        return slopes.measure(faces, 3, 0), pictures


def test_slopes_are_the_shares(found):
    result, _ = found
    assert result['slopes']['yaw']['value'] == pytest.approx(0.5, rel=1e-5)
    for kind, share in (('expression', 0.25), ('light', 0.75)):
        assert {name: pytest.approx(share, rel=1e-4) for name in result['slopes'][kind]} == {
            name: one['value'] for name, one in result['slopes'][kind].items()}
    assert set(result['slopes']['expression']) == {'all', 'open', 'smile'}
    assert set(result['slopes']['light']) == {'all', *slopes.SIDES}
    # The rendered pictures hold twice the coefficients.
    assert result['slopes_rendered']['yaw']['value'] == pytest.approx(1.0, rel=1e-5)
    assert result['slopes_rendered']['expression']['open']['value'] == pytest.approx(0.5, rel=1e-4)


def test_curves_are_what_is_seen(found):
    result, _ = found
    curve = result['slope_curves']['yaw']['']
    assert curve['asked'] == list(range(-40, 41, 10))
    np.testing.assert_allclose(curve['seen'], np.degrees(
        0.5 * np.radians(curve['asked']) + 0.03), atol=1e-3)
    assert curve['low'] == curve['high'] == curve['seen']
    light = result['slope_curves']['light']['left']
    assert light['asked'] == [0.0, 0.35, 0.7]


def test_each_face_is_asked_once_for_the_same(found):
    _, pictures = found
    rows = np.concatenate(pictures[::2])[:, 0, :, 0]
    # 9 yaws; neutral and 2 of 2 expressions; light from nowhere and 2 of 6.
    assert len(rows) == 3 * (9 + 5 + 13)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_an_expression_is_measured_by_the_movement_it_makes():
    model = toy.model()
    request = next(one for one in slopes.requests(model) if one.name == 'smile')
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(4, model.layout.size)).astype(np.float32)
    basis = model.arrays['expression_basis'][:, model.face_mask].astype(np.float64)
    moved = np.tensordot(seen[:, request.part], basis, 1).reshape(4, -1)
    full = np.tensordot(model.expression({'smile': 1.0}), basis, 1).ravel()
    np.testing.assert_allclose(request.read(seen), moved @ full / (full @ full), rtol=1e-6)


def test_a_light_is_measured_on_a_sphere():
    model = toy.model()
    request = next(one for one in slopes.requests(model) if one.name == 'top')
    normals = np.random.default_rng(1).normal(size=(40000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    seen = np.random.default_rng(0).normal(size=(2, model.layout.size)).astype(np.float32) * 0.2

    def shading(light):
        return (toy.harmonics(normals) @ light.reshape(3, 9).T).ravel()

    dark = lighting.light_from_direction('top', 0.0)
    full = shading(lighting.light_from_direction('top', 1.0) - dark)
    expected = [shading(row[request.part] - dark) @ full / (full @ full) for row in seen]
    np.testing.assert_allclose(request.read(seen), expected, atol=0.01)
    np.testing.assert_allclose(request.read(np.concatenate(
        [np.zeros((3, request.part.start)), request.values], axis=1)), slopes.LIGHTS, atol=1e-6)


def test_intervals_are_those_of_faces():
    asked, rng = np.array([-1.0, 0.0, 1.0]), np.random.default_rng(0)
    by_face = rng.normal(size=30)
    seen = by_face[:, np.newaxis] * asked + rng.normal(size=(30, 1))
    request = slopes.Request('yaw', '', None, asked, None, None)
    found = slopes._slopes([request], [seen], 0)['yaw']
    assert found['value'] == pytest.approx(by_face.mean())
    half = 1.96 * by_face.std() / np.sqrt(30)
    assert found['high'] - found['low'] == pytest.approx(2 * half, rel=0.15)


def test_picture(found):
    image = slope_plot.draw(found[0])
    assert image.dtype == np.uint8 and image.shape[2] == 3 and image.shape[0] >= 1000
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50


def test_a_count_is_positive():
    with pytest.raises(ValueError, match='count'):
        slopes.measure(Faces(), 0, 0)
