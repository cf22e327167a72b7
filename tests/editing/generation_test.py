"""Faces that scripts/generate.py makes, with a small untrained generator."""

import numpy as np
import pytest
from PIL import Image

from tests.face3d import toy
from tests.training.gan import small
from tfdisco import factors
from tfdisco.editing import generation, reference
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.inputs import GeneratorInputs

CONFIG = NetworkConfig(resolution=32, fmap_base=256, fmap_max=8, mapping_layers=1, w_size=8)


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp('generator')
    source = small.write(folder)
    inputs = GeneratorInputs(small.vaes_of(toy.model().layout), 4)
    generator_file.write(folder / 'generator.npz', build.build_generator(CONFIG, inputs.size),
                         generator_file.GeneratorSource(source['model'], source['vaes'], 4))
    return folder / 'generator.npz'


@pytest.fixture(scope='module')
def faces(path):
    return FaceGenerator.load(path)


def test_pictures_are_a_function_of_latents(faces):
    z = faces.latents(3, seed=0)
    pictures = faces(z)
    assert pictures.shape == (3, 32, 32, 3) and pictures.dtype == np.uint8
    np.testing.assert_array_equal(faces(z[1:]), pictures[1:])
    assert (pictures[0] != pictures[1]).any()
    np.testing.assert_array_equal(faces(z, coefficients=faces.coefficients(z)), pictures)


def test_coefficients_take_the_place_of_those_of_z(faces):
    z, other = faces.latents(2, 0), faces.latents(2, 1)
    changed = faces.inputs.replace(other, z, [factors.NOISE]).numpy()
    np.testing.assert_array_equal(faces(z, coefficients=faces.coefficients(other)),
                                  faces(changed))


def test_truncation_brings_identities_together(faces):
    z = faces.latents(4, 0)
    z = faces.inputs.replace(np.repeat(z[:1], 4, 0), z, [factors.IDENTITY]).numpy()
    spread = [faces(z, psi).astype(float).std(axis=0).mean() for psi in (1.0, 0.5, 0.0)]
    assert spread[0] > spread[1] > spread[2]
    with pytest.raises(ValueError, match='psi: expected from 0 to 1, got 1.5'):
        faces(z, 1.5)


@pytest.mark.parametrize('factor', factors.FACTORS)
def test_varied_faces_share_all_but_one_factor(faces, factor):
    what = generation.vary(faces, faces.latents(2, 0), factor, seed=0)
    assert what.columns == 8 and len(what.z) == len(what.labels) == 16
    parts = {name: part.numpy() for name, part in faces.inputs.by_factor(what.z).items()}
    for row in (slice(0, 8), slice(8, 16)):
        for name, part in parts.items():
            assert len(np.unique(part[row], axis=0)) == (8 if name == factor else 1)


def test_all_factors_vary_a_row_each_from_one_person(faces):
    what = generation.vary(faces, faces.latents(2, 0), 'all', seed=0)
    assert [label for label in what.labels if label] == list(factors.FACTORS)
    np.testing.assert_array_equal(what.z[::8], np.repeat(what.z[:1], 5, 0))


def test_interpolation_goes_round(faces):
    z = faces.latents(3, 0)
    what = generation.interpolate(faces, z, factors.IDENTITY)
    parts = faces.inputs.by_factor(what.z)
    assert len(what.z) == 3 * generation.FRAMES
    np.testing.assert_allclose(parts[factors.IDENTITY][::generation.FRAMES],
                               faces.inputs.by_factor(z)[factors.IDENTITY], rtol=1e-5)
    assert len(np.unique(parts[factors.POSE], axis=0)) == 1
    identity = parts[factors.IDENTITY].numpy()
    steps = np.linalg.norm(np.diff(identity, axis=0), axis=1)
    assert steps.max() < 0.5 * np.linalg.norm(identity[0] - identity[generation.FRAMES])
    with pytest.raises(ValueError, match='expected 2 faces or more'):
        generation.interpolate(faces, z[:1], factors.IDENTITY)


def test_what_is_written_can_be_read_again(faces, tmp_path):
    what = generation.random(faces, faces.latents(3, 0))
    paths = generation.write(tmp_path, faces, what, psi=0.7,
                             beside=np.zeros([50, 50, 3], np.uint8))
    assert sorted(path.rsplit('/', 1)[1] for path in paths) == [
        'face-0000.png', 'face-0001.png', 'face-0002.png', 'faces.npz', 'sheet.png']
    np.testing.assert_array_equal(np.asarray(Image.open(paths[0])), faces(what.z, 0.7)[0])
    z, coefficients = generation.read_faces(tmp_path / 'faces.npz', faces, 0)
    np.testing.assert_array_equal(z, what.z)
    np.testing.assert_array_equal(coefficients, what.coefficients)
    np.savez(tmp_path / 'alone.npz', coefficients=coefficients)
    z, again = generation.read_faces(tmp_path / 'alone.npz', faces, 5)
    np.testing.assert_array_equal(again, coefficients)
    np.testing.assert_array_equal(z, faces.latents(3, 5))


@pytest.mark.parametrize('arrays, message', [
    ({'other': np.zeros(3)}, 'got neither'),
    ({'z': np.zeros([2, 3])}, r'z: expected numbers \[N, 16\]'),
    ({'coefficients': np.full([1, 39], np.nan)}, 'coefficients: expected finite numbers'),
    ({'z': np.full([1, 16], 'a')}, 'z: .* got <U1'), ({'z': np.ones([1, 16], complex)}, 'complex'),
    ({'z': np.ones([2, 16]), 'coefficients': np.ones([3, 39])}, r'expected numbers \[2, 39\]')])
def test_wrong_files_of_faces_are_refused(faces, tmp_path, arrays, message):
    np.savez(tmp_path / 'faces.npz', **arrays)
    with pytest.raises(ValueError, match=message):
        generation.read_faces(tmp_path / 'faces.npz', faces, 0)
    (tmp_path / 'faces.npz').write_bytes(b'PK nothing')
    with pytest.raises(ValueError, match='faces.npz: expected a face .npz'):
        generation.read_faces(tmp_path / 'faces.npz', faces, 0)


def test_a_generator_without_its_files_is_refused(path, tmp_path):
    generator, source = generator_file.read(path)
    wrong = generator_file.GeneratorSource(source.model, source.vaes, 5)
    generator_file.write(tmp_path / 'g.npz', generator, wrong)
    with pytest.raises(ValueError, match='not the files that it was trained with'):
        FaceGenerator.load(tmp_path / 'g.npz')


def test_faces_wear_what_a_photograph_shows():
    layout = toy.model().layout
    people = toy.people(toy.model(), 3)
    worn = reference.wear(people[:2], people[2], layout)
    identity = layout.factor_slice(factors.IDENTITY)
    np.testing.assert_array_equal(worn[:, identity], people[:2, identity])
    rest = np.setdiff1d(np.arange(layout.size), np.arange(identity.start, identity.stop))
    np.testing.assert_array_equal(worn[:, rest], np.repeat(people[2:, rest], 2, 0))


def test_no_photograph_of_a_face_is_refused(tmp_path):
    (tmp_path / 'text.jpg').write_text('nothing')
    with pytest.raises(ValueError, match='text.jpg: expected a photograph of a face, got none'):
        reference.read(tmp_path / 'text.jpg', toy.model(), points=np.zeros([5, 2]))
