"""A published snapshot as a generator.npz, with the VAEs and the average that belong to it."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.networks.stylegan.published_test import check
from tests.networks.stylegan.snapshot_test import CONFIG, networks, write
from tests.networks.vae import published_test as vae_checkpoints
from tests.networks.vae.vaes_test import mlp
from tfdisco.editing import generation
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.face3d import deep3d_file
from tfdisco.networks import discriminator_file, generator_file, trained
from tfdisco.networks.stylegan import importer, snapshot
from tfdisco.networks.vae import published as published_vaes
from tfdisco.perception.observe import Perception

NOISE = 5
INPUTS = 160 + 64 + 3 + 27 + NOISE
SIZES = {'identity': (160, 128, 48), **vae_checkpoints.SIZES}


def write_snapshot(path):
    """A snapshot of as many inputs as the authors' coefficients need; {published name: array}."""
    def widen(sets):
        for name in ('G', 'Gs'):
            kernel = np.random.default_rng(5).normal(size=[INPUTS, CONFIG.w_size])
            sets[name]['G_mapping/Dense0/weight'] = np.float32(100 * kernel)

    value, sets = networks(change=widen)
    write(path, value)
    return sets['Gs']


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A holder's files: a snapshot, the folder of VAEs, average_w_id.txt."""
    folder = tmp_path_factory.mktemp('published')
    given = write_snapshot(folder / 's.pkl')
    checkpoints = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vae_checkpoints.SIZES, 'identity', SIZES['identity'])
        for factor, name in published_vaes.PUBLISHED_FACTORS.items():
            (folder / 'weights' / name).mkdir(parents=True)
            checkpoints[factor] = vae_checkpoints.write_checkpoint(folder / 'weights' / name,
                                                                   factor)
    average = np.random.default_rng(3).normal(size=CONFIG.w_size)
    np.savetxt(folder / 'average_w_id.txt', np.tile(average, [8, 1]))
    return folder, given, checkpoints, average


@pytest.fixture(scope='module')
def out(files):
    folder = files[0]
    path = str(folder / 'official.npz')
    assert importer.import_generator(
        str(folder / 's.pkl'), path, str(folder / 'weights'),
        str(folder / 'average_w_id.txt')) == path
    return path


def test_latents_to_pictures_as_published(files, out, tmp_path, monkeypatch):
    """By NumPy alone: the decoders, their order, the input, the networks."""
    _, given, checkpoints, _ = files
    monkeypatch.chdir(tmp_path)  # files beside the generator are found from anywhere
    faces = FaceGenerator.load(out)
    z = faces.latents(3, seed=0)
    assert z.shape == (3, 128 + 32 + 16 + 3 + NOISE)

    def decode(factor, part):
        root = f'{published_vaes.PUBLISHED_FACTORS[factor]}/stage1/'
        arrays = {name[len(root):]: value for name, value in checkpoints[factor].items()}
        return (mlp(arrays, 'decoder', part) @ arrays['decoder/x_hat/kernel']
                + arrays['decoder/x_hat/bias'])

    # generate_images.py: latents id, exp, gamma, rot; coefficients id, exp, rot, gamma.
    parts = [decode('identity', z[:, :128]), decode('expression', z[:, 128:160]),
             decode('pose', z[:, 176:179]), decode('illumination', z[:, 160:176])]
    inputs = np.concatenate([*parts, z[:, 179:]], axis=1)
    check(faces.inputs(z), inputs)
    expected = snapshot.load(files[0] / 's.pkl').average(np.float32(inputs))
    pictures = faces(z)
    np.testing.assert_allclose(pictures, np.clip(np.round(expected * 127.5 + 127.5), 0, 255),
                               atol=1)


def test_truncation_as_published(files, out):
    """generate_images.py: first 8 of w, against identity alone, with neither noise."""
    average = files[3]
    faces = FaceGenerator.load(out)
    z, psi = faces.latents(2, seed=1), 0.7
    inputs = faces.inputs(z).numpy()
    w = faces.generator.mapping(inputs).numpy()
    identity = np.concatenate([inputs[:, :160], np.zeros([2, INPUTS - 160], np.float32)], axis=1)
    moved = w + (average - faces.generator.mapping(identity).numpy()) * (1 - psi)
    ws = np.tile(w[:, np.newaxis], [1, 8, 1])
    assert faces.generator.num_ws == 8
    ws[:, :8] = moved[:, np.newaxis]
    expected = faces.generator.synthesis(np.float32(ws)).numpy()
    found = faces(z, psi=psi)
    np.testing.assert_allclose(found, np.clip(np.round(expected * 127.5 + 127.5), 0, 255), atol=1)
    assert np.abs(found.astype(int) - faces(z)).max() > 10


def test_only_the_first_layers_are_truncated(out):
    faces = FaceGenerator.load(out)
    seen = []
    faces.generator.num_ws = 14
    faces._draw = lambda ws: seen.append(ws.numpy()) or tf.zeros([len(ws), 1, 1, 3])
    z = faces.latents(2, seed=1)
    faces(z)
    faces(z, psi=0.5)
    plain, moved = seen
    assert plain.shape == (2, 14, CONFIG.w_size)
    assert (np.abs(moved - plain)[:, :8].max(axis=2) > 0.01).all()
    np.testing.assert_array_equal(moved[:, 8:], plain[:, 8:])


def test_faces_of_deep3d(out, tmp_path):
    """Their coefficients, whatever their order, are what a picture is made of."""
    faces = FaceGenerator.load(out)
    coefficients = faces.coefficients(faces.latents(2, seed=4))
    for order in ('deep3d', 'discofacegan', 'pytorch'):
        path = str(tmp_path / f'{order}.mat')
        deep3d_file.write(path, coefficients, order=order)
        z, found = generation.read_faces(path, faces, seed=0)
        np.testing.assert_array_equal(found, coefficients)
        np.testing.assert_array_equal(z, faces.latents(2, seed=0))
    with pytest.raises(ValueError, match=r'pytorch\.mat: expected a generator or data of the Basel '
                       'Face Model, whose coefficients these are, got those of open_head'):
        other = SimpleNamespace(layout=faces.model.layout, name='open_head',
                                expression_names=('jawOpen',))
        generation.read_faces(path, SimpleNamespace(model=other), seed=0)


def test_what_needs_a_face_model_says_so(out):
    _, inputs, model = trained.load(out)
    assert (model.layout.size, inputs.layout.size, inputs.noise) == (254, 254, NOISE)
    with pytest.raises(ValueError, match='model: expected a morphable model for its triangles'):
        _ = model.triangles
    with pytest.raises(ValueError, match='model: expected a morphable model for its name'):
        Perception.load(model)


def test_with_a_face_model_and_other_vaes(files, tmp_path):
    folder = files[0]
    path = importer.import_generator(str(folder / 's.pkl'), str(tmp_path / 'o.npz'), 'built-in',
                                     model='open_head')
    _, inputs, model = trained.load(path)
    assert model.name and len(model.triangles) and inputs.average_identity == ()
    assert {file.name for file in tmp_path.iterdir()} == {'o.npz', 'o_discriminator.npz'}
    judge = snapshot.load(folder / 's.pkl').discriminator
    for ours, theirs in zip(discriminator_file.read(tmp_path / 'o_discriminator.npz').weights,
                            judge.weights):
        np.testing.assert_array_equal(ours, theirs)
    assert generator_file.read(path)[1] == generator_file.GeneratorSource(
        'open_head', 'built-in', NOISE)


def test_one_line_of_an_average_is_enough(files, tmp_path):
    generator = snapshot.load(files[0] / 's.pkl').average
    np.savetxt(tmp_path / 'one.txt', files[3][np.newaxis])
    assert importer.read_average(tmp_path / 'one.txt', generator) == tuple(files[3])


def test_errors(files, tmp_path):
    folder = files[0]
    source, vaes, out = str(folder / 's.pkl'), str(folder / 'weights'), str(tmp_path / 'o.npz')
    for name, text in (('words', 'a b c'), ('narrow', '1 2 3\n' * 8), ('nan', 'nan ' * 6),
                       ('unlike', ' '.join('123456') + '\n' + '0 ' * 6 + '\n' + '0 ' * 6)):
        (tmp_path / f'{name}.txt').write_text(text)
        with pytest.raises(ValueError, match=rf'{name}\.txt: expected .*lines of .*numbers'):
            importer.import_generator(source, out, vaes, str(tmp_path / f'{name}.txt'))
    with pytest.raises(ValueError, match='ends in .npz'):
        importer.import_generator(source, str(tmp_path / 'o.pkl'), vaes)
    with pytest.raises(ValueError, match='vaes: expected those of the face model it was trained '
                       'with, got built-in, which are of open_head'):
        importer.import_generator(source, out, 'built-in')
    with pytest.raises(FileNotFoundError, match='existing folder'):
        importer.import_generator(source, str(tmp_path / 'no' / 'o.npz'), vaes)
    with pytest.raises(FileNotFoundError, match='expected a folder with a checkpoint, got .*id'):
        importer.import_generator(source, out, str(tmp_path))
    narrow = tmp_path / 'narrow.pkl'
    write(narrow, networks()[0])
    with pytest.raises(ValueError, match=r'narrow\.pkl: expected inputs of the 254 coefficients '
                       'of .*weights and noise, got 7 numbers'):
        importer.import_generator(str(narrow), out, vaes)
    with pytest.raises(ValueError, match=r'average_w_id.txt: expected a pickle that can be read'):
        importer.import_generator(str(folder / 'average_w_id.txt'), out, vaes)
    assert not list(tmp_path.glob('*.npz'))
    with pytest.raises(ValueError, match='source: expected two texts, a number, and numbers'):
        generator_file.GeneratorSource('', '', 5, ('a',))
