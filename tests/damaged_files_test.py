"""Every kind of file that tfdisco reads, damaged in 250 ways: refused by name, or as before."""

import json
import tarfile
import tracemalloc
import types

import numpy as np
import pytest
import scipy.io
from PIL import Image

from tests import damage
from tests.data.records.stream_test import record
from tests.face3d import ict_synthetic, toy
from tests.networks.vae import file_test as vae_test
from tests.networks.vae.published_test import write_checkpoint
from tests.perception import face_api
from tfdisco.data import output_folder
from tfdisco.data.photographs import files as photo_files
from tfdisco.data.photographs import points as photo_points
from tfdisco.data.photographs import report as photo_report
from tfdisco.data.records import folder as records
from tfdisco.data.records.stream import ImageStream
from tfdisco.editing import generation
from tfdisco.face3d import coefficient_file, model_file
from tfdisco.face3d.importers import ict_source, ict_tables, matlab, obj
from tfdisco.metrics.perception import photo_set
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.vae import file as vae_file
from tfdisco.networks.vae import published
from tfdisco.perception import importers, network, parsing, weights_file
from tfdisco.training.run import folder as run_folder

COUNT = 250
MEMORY = 8 << 20  # bytes beside those of the file and of what is read
RNG = np.random.default_rng(0)
LAYOUT = toy.model().layout


def write_model(path):
    arrays = {**toy.arrays(edge=7), 'exemplar_bandwidth': np.array([0.3, 0.2], np.float32),
              'identity_exemplars': RNG.normal(size=(5, 7)).astype(np.float32)}
    model_file.write(path, arrays, steps={'identity_basis': 1e-3})


def write_vaes(path):
    vae_file.write(path, vae_file.StoredVAEs(
        {'pose': vae_test.weights()}, vae_test.TEXTS, vae_test.LAYOUT))


def write_generator(path):
    config = NetworkConfig(resolution=32, fmap_base=32, fmap_max=2, mapping_layers=1, w_size=3)
    generator_file.write(path, build.build_generator(config, 4),
                         generator_file.GeneratorSource('open_head', 'built-in', 1), 'none')


def read_generator(path):
    generator, source = generator_file.read(path)
    return [source, generator.config,
            *(np.asarray(value) for value in generator_file.named_weights(generator).values())]


def write_perception(path):
    made = parsing.ParsingNetwork(widths=(2,), blocks=(1,), input_size=8)
    weights_file.write(path, made.stored('test', 'none'), dtype='float32')


def read_perception(path):
    read = network.load(str(path), {'parsing': parsing.ParsingNetwork})
    return [read.config, read.frozen_arrays()]


def write_listed(path, **more):
    np.savez(path, filename=np.array(['a.jpg', 'b.jpg', 'a.jpg']),
             points5=RNG.uniform(0, 99, (3, 5, 2)), **more)


def read_points(path):
    given = photo_points.GivenPoints(path)
    return [given(name) for name in ('a.jpg', 'b.jpg', 'c.jpg')]


FACES = types.SimpleNamespace(
    inputs=types.SimpleNamespace(latents=3), model=types.SimpleNamespace(layout=LAYOUT),
    latents=lambda count, seed: np.ones([count, 3], np.float32),
    coefficients=lambda z: np.ones([len(z), LAYOUT.size], np.float32))


def write_faces(path):
    np.savez(path, z=RNG.normal(size=(2, 3)).astype(np.float32),
             coefficients=RNG.normal(size=(2, LAYOUT.size)).astype(np.float32))


# {kind: (writes one, reads it, arrays that may not be missing: None for all)}
ARRAYS = {
    'model': (write_model, model_file.read, model_file.REQUIRED),
    'vaes': (write_vaes, lambda path: vars(vae_file.read(path)), ['factors', 'pose/mean']),
    'generator': (write_generator, read_generator, None),
    'perception': (write_perception, read_perception, None),
    'coefficients': (lambda path: np.savez(path, coefficients=RNG.normal(size=(4, 5))),
                     coefficient_file.read, None),
    'landmarks': (lambda path: write_listed(path, points68=RNG.uniform(0, 99, (3, 68, 2))),
                  photo_set._read_landmarks, None),
    'points': (write_listed, read_points, None),
    'faces': (write_faces, lambda path: generation.read_faces(path, FACES, 0), None),
    'ict': (lambda path: np.savez(path, **ict_synthetic.Synthetic().npz()), ict_source.read, None),
}


# Mutations that give another file, but a right one.
RIGHT = {'coefficients': {'cropped'}, 'faces': {'missing'}}


def assert_same(first, second):
    """Whether two values of dicts, sequences and arrays are equal."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        first, second = list(first.values()), list(second.values())
    if isinstance(first, (list, tuple)):
        assert len(first) == len(second)
        for one, other in zip(first, second):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(first, second)


def read_or_refuse(read, path, names):
    """What is read, or None if the file is refused by an error that names it."""
    try:
        return read(path)
    except (ValueError, FileNotFoundError) as error:
        assert any(name in str(error) for name in names), f'names no file: {error}'
        return None


@pytest.mark.filterwarnings('error::RuntimeWarning')
@pytest.mark.parametrize('kind', ARRAYS)
def test_a_damaged_npz_is_refused_or_reads_as_before(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(ict_tables, 'IDENTITY_MODES', ict_synthetic.MODES)
    write, read, required = ARRAYS[kind]
    write(tmp_path / 'whole.npz')
    whole, before = (tmp_path / 'whole.npz').read_bytes(), read(tmp_path / 'whole.npz')
    with np.load(tmp_path / 'whole.npz') as archive:
        required = required or archive.files
    path, refused = tmp_path / 'damaged.npz', {}
    for seed in range(COUNT):
        rng = np.random.default_rng(seed)
        what, data = (damage.of_bytes(whole, rng) if seed % 3 == 0
                      else damage.of_arrays(whole, rng, required))
        path.write_bytes(data)
        huge = what.startswith('huge')
        if huge:
            tracemalloc.start()
        try:
            got = read_or_refuse(read, path, [path.name])
            assert not huge or tracemalloc.get_traced_memory()[1] < 4 * len(whole) + MEMORY, what
        except Exception as error:
            raise AssertionError(f'{what}: {error!r}') from error
        finally:
            tracemalloc.stop()
        name = what.split()[0]
        if got is not None and name not in RIGHT.get(kind, ()):
            try:
                assert_same(before, got)
            except AssertionError as error:
                raise AssertionError(f'{what} was read as something else: {error}') from error
        refused.setdefault(name, []).append(got is None)
    assert set(damage.MEMBERS) < set(refused)
    for name in {'cut', 'missing', 'object', 'nan', 'huge', 'complex'} - RIGHT.get(kind, set()):
        assert all(refused[name]), name


def text_of(path, **values):
    path.write_text(json.dumps(values, indent=1))


def write_records(path):
    records.write_shard(path, [record(number, 16) for number in range(2)])


def read_records(path):
    with_images = ImageStream(path.parent, 16, seed=0)
    with_images._fetch(0, len(with_images))
    return records.coefficients(path.parent)


def write_package(path):
    shapes = {'fc': (3, 2)}
    data = RNG.normal(size=(3, 2)).astype('<f4').tobytes()
    face_api.write(path, [{'name': name, 'shape': list(shape), 'dtype': 'float32'}
                          for name, shape in shapes.items()], data)


def write_tar(path):
    with tarfile.open(path, 'w') as archive:
        for name in ('damage.py', 'conftest.py'):
            archive.add(damage.__file__.replace('damage.py', name), name)


def write_curves(path):
    run_folder.RunFolder(path.parent, {})
    path.write_text(CURVES)


def read_checkpoint(path):
    return published.load_published_vae(path.parent, 'pose')


CHECKPOINT = 'stage1_epoch_395.ckpt.'
CURVES = '{"step": 1, "seconds": 0.5, "loss": 2.0}\n{"step": 2, "seconds": 1.5, "loss": 1.0}\n'
# {kind: (name of the file, writes it, reads it)}
OTHERS = {
    'points': ('a.txt', lambda path: path.write_text('1 2\n3 4\n5 6\n7 8\n9 10\n'),
               lambda path: photo_points.GivenPoints(path.parent)('a.jpg')),
    'card': ('card.json', lambda path: text_of(path, model='toy', count=3),
             lambda path: records.read_card(path.parent)),
    'claim': ('config.json', lambda path: text_of(path, size=3),
              lambda path: output_folder.claim(path.parent, {'size': 3}) or 1),
    'run': ('config.json', lambda path: text_of(path, size=3),
            lambda path: run_folder.RunFolder.check(path.parent, {'size': 3}) or 1),
    'history': ('vae.json', lambda path: text_of(path, command='c', seconds=3, before=None),
                lambda path: run_folder.history(str(path.parent), 'vae')),
    'curves': ('metrics.jsonl', write_curves,
               lambda path: run_folder.RunFolder(path.parent, {}).points() or 1),
    'names': ('vertex_indices.json', lambda path: text_of(
        path, expressions=['a'], idx_to_landmark_verts=list(ict_tables.LANDMARKS)),
        ict_source._expression_names),
    'report': ('report.csv', lambda path: photo_report.write(
        path, [photo_report.Row('a', 1, ['b'], 0.5, 0.2), photo_report.Row('c')]),
        photo_report.read),
    'obj': ('a.obj', lambda path: path.write_text('v 0 0 0\nv 2 0 0\nv 1 1 0\nf 1 2 3\n'),
            lambda path: obj.read_mesh(path, 3)),
    'matlab': ('a.mat', lambda path: scipy.io.savemat(path, {'idx': RNG.integers(1, 9, (6, 3))}),
               lambda path: matlab.read_indices(path, 'idx', (None, 3), 9, 'get it')),
    'records': ('faces-00000-of-00001.tfrecord', write_records, read_records),
    'package': ('a.tgz', write_package, lambda path: importers._read(
        str(path), importers.PACKAGES['dlib'], {'fc': (3, 2)})),
    'tar': ('a.tar', write_tar, photo_files.photographs),
    'checkpoint index': (CHECKPOINT + 'index', None, read_checkpoint),
    'checkpoint data': (CHECKPOINT + 'data-00000-of-00001', None, read_checkpoint),
}


@pytest.mark.filterwarnings('error::RuntimeWarning')
@pytest.mark.parametrize('kind', OTHERS)
def test_another_damaged_file_is_refused_or_read(kind, tmp_path):
    name, write, read = OTHERS[kind]
    path = tmp_path / name
    if write:
        write(path)
    else:
        write_checkpoint(tmp_path, 'pose')
    before = sorted(tmp_path.iterdir())
    whole = path.read_bytes()
    assert read(path) is not None
    refused = 0
    for seed in range(COUNT):
        what, data = damage.of_bytes(whole, np.random.default_rng(seed))
        path.write_bytes(data)
        try:
            got = read_or_refuse(read, path, [name, CHECKPOINT, str(tmp_path)])
        except Exception as error:
            raise AssertionError(f'{what}: {error!r}') from error
        refused += got is None
        assert sorted(tmp_path.iterdir()) == before
    assert refused > COUNT // 10


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'WEBP', 'GIF', 'BMP', 'TIFF'])
def test_a_damaged_photograph_is_refused_with_a_reason_or_read(format, tmp_path):
    Image.fromarray(RNG.integers(0, 256, (20, 30, 3), np.uint8)).save(tmp_path / 'a', format)
    whole, refused = (tmp_path / 'a').read_bytes(), 0
    assert photo_files.decode(whole).image.shape == (20, 30, 3)
    for seed in range(COUNT):
        what, data = damage.of_bytes(whole, np.random.default_rng(seed))
        try:
            assert photo_files.decode(data, megapixels=1).image.dtype == np.uint8
        except photo_files.UnusablePhotoError as error:
            assert str(error), what
            refused += 1
    assert refused > COUNT // 10
