"""Settings to pictures, with a small untrained generator."""

import json
import math

import numpy as np
import pytest

from tests.face3d import toy
from tests.training.gan import small
from tfdisco import factors, images
from tfdisco.demo.settings import KNOWN, Expressions, Settings
from tfdisco.demo.studio import Studio, change
from tfdisco.editing import generation
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.face3d import lighting
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.trained import MissingModel

MANY = Settings(identity=5, other=6, noise=7, pitch=3, yaw=-20, roll=8, light=(0.6, 0.48),
                strength=0.9, expressions={'smile': 0.5, 'open': 1.0})


@pytest.fixture(scope='module')
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    return Studio(FaceGenerator.load(folder / 'g.npz'))


def expected_coefficients(faces, settings, identity):
    """Of settings, in a way of its own: whole faces of the morphable model, then the identity."""
    model = toy.model()
    result = model.coefficients(
        1, pose=np.radians([[settings.pitch, settings.yaw, settings.roll]]),
        expression=[model.expression(settings.expressions)],
        illumination=[lighting.light_from_direction(
            (*settings.light, math.sqrt(1 - 0.6**2 - 0.48**2)), settings.strength)])
    part = model.layout.factor_slice(factors.IDENTITY)
    result[:, part] = faces.coefficients(identity)[:, part]
    return result


def test_a_face_is_what_its_settings_say(studio):
    faces = studio.faces
    coefficients = expected_coefficients(faces, MANY, faces.latents(1, 5))
    drawn = studio(MANY)
    # Identity and noise are those of generate.py's first faces with these seeds.
    z = faces.inputs.replace(faces.latents(1, 5), faces.latents(1, 7), [factors.NOISE])
    np.testing.assert_array_equal(drawn.face, faces(z, coefficients=coefficients)[0])
    rendered = images.to_uint8(FaceRenderer(toy.model(), 32, 32)(coefficients).image)[0]
    assert np.abs(np.int32(drawn.rendered) - rendered).max() <= 1 and np.ptp(rendered) > 50


@pytest.mark.parametrize('changed', [
    {'identity': 8}, {'noise': 8}, {'yaw': 20}, {'light': (-0.6, 0.0)}, {'strength': 0.2},
    {'expressions': {}}, {'between': 0.5}])
def test_every_control_changes_the_face(studio, changed):
    before, after = studio(MANY), studio(Settings(**{**vars(MANY), **changed}))
    assert (before.face != after.face).any()
    assert (before.rendered != after.rendered).any() == ('noise' not in changed)


def test_between_two_identities(studio):
    here, there, middle = (studio.latents(5, 6, share, 7) for share in (0.0, 1.0, 0.5))
    np.testing.assert_allclose(there, studio.latents(6, 0, 0.0, 7), rtol=1e-5, atol=1e-6)
    size = small.LATENTS[factors.IDENTITY]
    lengths = [np.linalg.norm(z[0, :size]) for z in (here, middle, there)]
    assert lengths[1] == pytest.approx((lengths[0] + lengths[2]) / 2, rel=1e-5)
    line = (here + there)[0, :size]
    np.testing.assert_allclose(middle[0, :size] / lengths[1], line / np.linalg.norm(line),
                               atol=1e-5)
    assert not here[0, size:-4].any() and here[0, -4:].all()  # neutral, but for the noise


def test_generate_takes_the_text_in(studio, tmp_path):
    drawn, path = studio(MANY), tmp_path / 'face.json'
    path.write_text(drawn.text)
    z, coefficients = generation.read_faces(path, studio.faces, 0)
    np.testing.assert_array_equal(studio.faces(z, coefficients=coefficients)[0], drawn.face)
    assert json.loads(drawn.text)['settings']['yaw'] == -20


@pytest.mark.parametrize('stored, message', [
    ('{"z": [[1, 2]]}', r'z: expected shape \[1, 16\], got \[1, 2\]'),
    ('{"coefficients": [1]}', r'coefficients: expected shape'),
    ('{"z": "x"}', 'z: expected rows of 16 numbers, got others'),
    ('{"z": [[1], [1, 2]]}', 'z: expected rows of 16 numbers, got others'),
    (json.dumps({'z': [[math.nan] * 16]}), 'z: expected finite numbers'),
    ('{"settings": {}}', 'expected arrays z or coefficients, got neither'),
    ('[]', 'expected a JSON object'), ('x', 'expected JSON'),
])
def test_another_text_is_refused(studio, tmp_path, stored, message):
    (tmp_path / 'face.json').write_text(stored)
    with pytest.raises(ValueError, match=message):
        generation.read_faces(tmp_path / 'face.json', studio.faces, 0)


def test_a_generator_without_face_model(studio):
    faces = studio.faces
    alone = Studio(FaceGenerator(faces.generator, faces.inputs,
                                 MissingModel(faces.inputs.layout)))
    drawn = alone(Settings(yaw=20))
    assert drawn.rendered is None and alone.expressions == Expressions({}, ())
    np.testing.assert_array_equal(drawn.face, studio(Settings(yaw=20)).face)


def test_the_map_of_changes():
    before = np.zeros([2, 2, 3], np.uint8)
    after = before.copy()
    after[0, 1], after[1, 0] = (96, 0, 0), (255, 255, 255)
    picture, grey = change(before, after)
    assert picture[0, 0].tolist() == [255] * 3 and picture[1, 0].tolist() == [8, 48, 107]
    # 32 of 64 grey levels are half way from white; halves go to the even number.
    assert picture[0, 1].tolist() == [132, 152, 181]
    assert grey == pytest.approx((32 + 255) / 4)


def test_known_expressions_and_the_rest():
    names = [unit for units in KNOWN.values() for unit in units] + ['tongueOut']
    assert Expressions.of(names) == (KNOWN, ('tongueOut',)) and len(KNOWN) == 10
    left = Expressions.of(['eyeWideLeft', 'jawOpen'])
    assert left == ({'mouth open': ('jawOpen',)}, ('eyeWideLeft',))


def test_light_of_the_pad():
    assert Settings().direction == (0.0, 0.0, 1.0)
    assert Settings(light=(0.6, 0.0)).direction == pytest.approx((0.6, 0.0, 0.8))
    assert Settings(light=[-1, 1]).direction == pytest.approx((-0.5**0.5, 0.5**0.5, 0.0))


@pytest.mark.parametrize('wrong, message', [
    ({'identity': None}, 'identity: expected a number from 0 to 999999, got nothing'),
    ({'identity': -1}, 'identity: expected a number from 0 to 999999, got -1'),
    ({'noise': 0.5}, 'noise: expected a whole number, got 0.5'),
    ({'yaw': '20'}, "yaw: expected a number from -45 to 45, got '20'"),
    ({'yaw': math.nan}, 'yaw: expected'), ({'between': 1.1}, 'between: expected'),
    ({'strength': True}, 'strength: expected'), ({'light': [0]}, 'light: expected x and y'),
    ({'light': {'x': 0, 'y': 0}}, 'light: expected x and y'),
    ({'light': [0, 2]}, 'light: expected a number from -1 to 1'),
    ({'expressions': []}, 'expressions: expected weights by name'),
    ({'expressions': {'smile': 2}}, 'expressions: smile: expected a number from 0 to 1, got 2'),
])
def test_wrong_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


def test_an_unknown_expression_is_refused(studio):
    with pytest.raises(ValueError, match='expression: expected names among'):
        studio(Settings(expressions={'frown': 1}))
