"""What docs/authors_code.md promises: everything runs on what a holder of files imports."""

import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.data import dotted
from tests.face3d import toy
from tests.networks.stylegan.importer_test import INPUTS, SIZES, write_snapshot
from tests.networks.vae import published_test as vae_checkpoints
from tests.perception import published_test as graphs
from tfdisco.data.photographs.points import GivenPoints
from tfdisco.data.photographs.preparation import prepare
from tfdisco.data.photographs.run import PhotoRun
from tfdisco.editing import edit_run, generation
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.inversion.optimise import Search
from tfdisco.editing.loop import Tolerance
from tfdisco.editing.photo_editor import PhotoEditor
from tfdisco.export import saved_model
from tfdisco.export.functions import Faces
from tfdisco.face3d import deep3d_file, model_file
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.metrics import registry
from tfdisco.networks import trained
from tfdisco.networks.stylegan import importer
from tfdisco.networks.vae import published as published_vaes
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction

SIDE = 32  # of the snapshot's pictures
# What the built-in face model knows and the Basel Face Model does not.
UNKNOWN = ('region_names', 'vertex_regions', 'mirror_vertex', 'identity_parity',
           'expression_parity', 'albedo_parity')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Paths: the imported generator, a face model of the Basel Face Model's sizes, graphs."""
    folder = tmp_path_factory.mktemp('holder')
    layout = deep3d_file.LAYOUT
    arrays = toy.arrays(layout.identity_shape, layout.identity_texture, layout.expression)
    arrays.update(expression_unit_names=np.zeros([0], 'U1'),
                  expression_units=np.zeros([0, layout.expression], np.float32))
    model_file.write(folder / 'bfm.npz', {
        name: value for name, value in arrays.items() if name not in UNKNOWN})
    write_snapshot(folder / 's.pkl')
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vae_checkpoints.SIZES, 'identity', SIZES['identity'])
        for factor, name in published_vaes.PUBLISHED_FACTORS.items():
            (folder / 'vae' / name).mkdir(parents=True)
            vae_checkpoints.write_checkpoint(folder / 'vae' / name, factor)
    for kind, build in graphs.GRAPHS.items():
        (folder / f'{kind}.pb').write_bytes(graphs.definition(build).SerializeToString())
    rng = np.random.default_rng(0)
    (folder / 'photos/detections').mkdir(parents=True)
    for index in range(3):
        points = dotted.placed(rng.uniform(0.5, 0.7), 4 * index, (150, 140))
        (folder / f'photos/{index}.png').write_bytes(dotted.photograph(points, 280, 300))
        np.savetxt(folder / f'photos/detections/{index}.txt', points)
    importer.import_generator(str(folder / 's.pkl'), str(folder / 'g.npz'), str(folder / 'vae'),
                              model=str(folder / 'bfm.npz'))
    return types.SimpleNamespace(
        snapshot=str(folder / 'g.npz'), model=str(folder / 'bfm.npz'),
        reconstruction=str(folder / 'reconstruction.pb'),
        recognition=str(folder / 'recognition.pb'), photos=str(folder / 'photos'))


@pytest.fixture(scope='module')
def looks(files):
    return {name: getattr(files, name) for name in ('snapshot', 'reconstruction', 'recognition')}


def test_generate(files, tmp_path):
    faces = FaceGenerator.load(files.snapshot)
    z = faces.latents(2, 0)
    assert z.shape[1] == 128 + 32 + 16 + 3 + INPUTS - deep3d_file.LAYOUT.size
    generation.write(tmp_path, faces, generation.vary(faces, z, 'pose', 0), 0.7)
    stored = np.load(tmp_path / 'faces.npz')
    assert len(stored['z']) == len(list(tmp_path.glob('face-*.png')))
    with Image.open(tmp_path / 'face-0000.png') as picture:
        assert picture.size == (SIDE, SIDE)


@pytest.mark.slow
def test_evaluate(files, looks, tmp_path):
    control = registry.run('control', **looks, count=3, slopes=0)
    assert 0 < control['landmark_percent']['value'] < np.inf
    run = PhotoRun(photos=files.photos, landmarks=files.photos, model=files.model,
                   reconstruction=files.reconstruction, size=2 * SIDE, refinements=0,
                   max_misfit=1e9)
    model = MorphableModel.load(files.model)
    card = prepare(run, model, str(tmp_path / 'data'), Reconstruction.load(
        files.reconstruction, model), sheet=0)
    assert card['count'] == 3
    found = registry.run('disentanglement', **looks, data=str(tmp_path / 'data'), count=3,
                         values=2)
    assert found['data'].startswith('photographs of ') and found['ds']['pose']['value'] > 0
    with pytest.raises(ValueError, match='--data of scripts/prepare_photos.py'):
        registry.run('disentanglement', **looks, count=3, values=2)
    # Nothing else is needed for pictures, but what is seen needs networks of this face model.
    with pytest.raises(ValueError, match="pass Deep3D's FaceReconModel.pb"):
        registry.run('control', snapshot=files.snapshot, count=3)


def test_edit(files, looks, tmp_path):
    editor = PhotoEditor.load(**looks, search=Search(1), tolerance=Tolerance(rounds=1))
    wanted = edit_run.EditRun(f'{files.photos}/0.png', 'yaw=+10deg,light=left',
                              points=GivenPoints(files.photos))
    found = edit_run.run(wanted, editor, str(tmp_path / 'out'), {'dlib': 'not there'})
    assert set(found['faces'][0]['asked']) == {'pitch', 'yaw', 'roll', 'illumination'}
    with Image.open(tmp_path / 'out/edited.png') as picture:
        assert picture.size == (300, 280)


@pytest.mark.slow
def test_export(files, tmp_path):
    pytest.importorskip('tensorflow_serving')
    generator = trained.load(files.snapshot)
    faces = Faces(generator, Reconstruction.load(files.reconstruction, generator.model),
                  Recognition.load(files.recognition))
    faces.functions = {name: faces.functions[name] for name in (
        'controls', 'coefficients', 'photograph')}  # of all, saving takes longer
    saved_model.write(str(tmp_path / '1'), faces, trained.licence(files.snapshot))
    signatures = tf.saved_model.load(str(tmp_path / '1')).signatures
    given = {'coefficients': toy.people(generator.model, 2), 'psi': tf.constant([0.7]),
             'noise': tf.zeros([2, generator.inputs.noise])}
    found = signatures['coefficients'](**{name: tf.constant(value, tf.float32)
                                          for name, value in given.items()})
    expected = faces.functions['coefficients'].run(**given)
    assert found['image'].shape == found['rendered'].shape == (2, SIDE, SIDE, 3)
    for name, tolerance in (('image', 1), ('rendered', 1), ('landmarks', 1e-3)):
        np.testing.assert_allclose(np.float32(found[name]), np.float32(expected[name]),
                                   atol=tolerance)
    seen = signatures['photograph'](image=np.full([1, 40, 40, 3], 90, np.uint8))
    assert seen['coefficients'].shape == (1, 254) and seen['identity'].shape == (1, 128)
