"""Published TensorFlow 1 checkpoints: outputs equal NumPy on the stored matrices."""

import os
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.networks.vae.vaes_test import mlp
from tfdisco.networks.vae import CoefficientVAE, CoefficientVAEs, file
from tfdisco.networks.vae import published as importers

SIZES = {'expression': (64, 32, 40), 'illumination': (27, 16, 36), 'pose': (3, 3, 32)}


def write_checkpoint(folder, factor, leave_out=()):
    """A checkpoint of the published layout, by TensorFlow 1's saver; {variable: array}."""
    size, latents, width = SIZES[factor]
    shapes = {}
    for half, inputs in (('encoder', size), ('decoder', latents)):
        for index in range(3):
            shapes[f'{half}/fc{index}'] = (width if index else inputs, width)
    shapes.update({'encoder/dense': (width, latents), 'encoder/dense_1': (width, latents),
                   'decoder/x_hat': (width, size)})
    rng = np.random.default_rng(0)
    root = f'{importers.PUBLISHED_FACTORS[factor]}/stage1/'
    values = {root + 'decoder/loggamma_x': np.float32(-2.5)}
    for layer, shape in shapes.items():
        values[f'{root}{layer}/kernel'] = rng.normal(size=shape).astype(np.float32) / 6
        values[f'{root}{layer}/bias'] = rng.normal(size=shape[1:]).astype(np.float32) / 6
        values[f'{root}{layer}/kernel/Adam'] = np.zeros(shape, np.float32)
    values = {name: value for name, value in values.items() if name not in leave_out}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=value, use_resource=False)
                     for name, value in values.items()]
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(folder / 'stage1_epoch_395.ckpt'),
                                                 write_meta_graph=False)
    (folder / 'checkpoint').unlink()  # the published folders have none
    return values


def check_against_matrices(vae, values, factor):
    root = f'{importers.PUBLISHED_FACTORS[factor]}/stage1/'
    arrays = {name[len(root):]: value for name, value in values.items() if name.startswith(root)}
    rng = np.random.default_rng(1)
    x, z = rng.normal(size=(50, vae.size)), rng.normal(size=(50, vae.latents))

    def dense(layer, inputs):
        return inputs @ arrays[f'{layer}/kernel'].astype(np.float64) + arrays[f'{layer}/bias']

    hidden = mlp(arrays, 'encoder', x)
    mean, log_std = vae.encode(x)
    np.testing.assert_allclose(mean, dense('encoder/dense', hidden), atol=1e-5)
    np.testing.assert_allclose(log_std, dense('encoder/dense_1', hidden), atol=1e-5)
    np.testing.assert_allclose(vae.decode(z), dense('decoder/x_hat', mlp(arrays, 'decoder', z)),
                               atol=1e-5)
    assert vae.log_gamma.numpy() == arrays['decoder/loggamma_x']


@pytest.mark.parametrize('factor', sorted(SIZES))
def test_synthetic_checkpoint(tmp_path, factor):
    values = write_checkpoint(tmp_path, factor)
    out = tmp_path / 'out.npz'
    assert importers.import_vae(str(tmp_path), factor, str(out)) == str(out)
    vae = CoefficientVAE.load(out, factor)
    assert (vae.size, vae.latents, vae.width) == SIZES[factor]
    check_against_matrices(vae, values, factor)


def published(factor):
    """The authors' folder of one VAE, or skips."""
    base = os.environ.get('TFDISCO_TEST_DATA', '')
    folder = (pathlib.Path(base) / 'models' / 'discofacegan' / 'vae'
              / importers.PUBLISHED_FACTORS[factor])
    if not folder.is_dir():
        pytest.skip(f'no {folder}: set TFDISCO_TEST_DATA to the folder with '
                    'models/discofacegan/vae, the published checkpoints')
    return folder


@pytest.mark.parametrize('factor', sorted(SIZES))
def test_published_checkpoint(tmp_path, factor):
    folder = published(factor)
    reader = tf.train.load_checkpoint(str(next(folder.glob('*.index')))[:-len('.index')])
    values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
              if '/stage1/' in name}
    importers.import_vae(str(folder), factor, str(tmp_path / 'out.npz'))
    vae = CoefficientVAE.load(tmp_path / 'out.npz', factor)
    check_against_matrices(vae, values, factor)
    # Their data are photographs: spreads are about those of a standardised face.
    assert 0.001 < np.exp(vae.log_gamma.numpy()) < vae.sample(2000, 0).numpy().std() < 2


def test_factors_gather_in_one_file(tmp_path):
    out = tmp_path / 'all.npz'
    vaes = CoefficientVAEs.load('built-in')
    file.write(out, file.StoredVAEs(
        {'identity': vaes.vaes['identity'].arrays()},
        {'identity': {'source': 'own', 'licence': 'MIT'}}), 'float32')
    for factor in SIZES:
        folder = tmp_path / factor
        folder.mkdir()
        write_checkpoint(folder, factor)
        importers.import_vae(str(folder), factor, str(out))
    both = CoefficientVAEs.load(out, vaes.layout)
    assert {factor: vae.width for factor, vae in both.vaes.items()} == {
        'identity': 512, 'expression': 40, 'illumination': 36, 'pose': 32}
    np.testing.assert_array_equal(both.vaes['identity'].log_gamma.numpy(),
                                  vaes.vaes['identity'].log_gamma.numpy())
    texts = file.read(out).texts
    assert texts['identity']['source'] == 'own' and 'Microsoft' in texts['pose']['licence']


def test_errors(tmp_path):
    write_checkpoint(tmp_path, 'pose')
    out = str(tmp_path / 'out.npz')
    with pytest.raises(ValueError, match='got the VAE of pose; pass --factor=pose'):
        importers.import_vae(str(tmp_path), 'expression', out)
    with pytest.raises(ValueError, match="factor: expected one of .* got 'hair'"):
        importers.import_vae(str(tmp_path), 'hair', out)
    with pytest.raises(FileNotFoundError, match='expected a folder with a checkpoint'):
        importers.import_vae(str(tmp_path / 'none'), 'pose', out)
    with pytest.raises(ValueError, match='ends in .npz'):
        importers.import_vae(str(tmp_path), 'pose', str(tmp_path / 'out.h5'))
    with pytest.raises(FileNotFoundError, match='out: expected an existing folder'):
        importers.import_vae(str(tmp_path), 'pose', str(tmp_path / 'no' / 'out.npz'))
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match='got none'):
        importers.import_vae(str(empty), 'pose', out)
    for number in range(2):
        shutil.copy(tmp_path / 'stage1_epoch_395.ckpt.index', empty / f'{number}.ckpt.index')
    with pytest.raises(ValueError, match='expected one checkpoint .* got 2'):
        importers.import_vae(str(empty), 'pose', out)
    with pytest.raises(ValueError, match='with its .data file beside it'):
        importers.import_vae(str(empty / '0.ckpt'), 'pose', out)
    lacking = tmp_path / 'lacking'
    lacking.mkdir()
    write_checkpoint(lacking, 'pose', leave_out=['rot/stage1/encoder/dense_1/bias'])
    with pytest.raises(ValueError, match='expected a variable rot/stage1/encoder/dense_1/bias'):
        importers.import_vae(str(lacking), 'pose', out)
    assert not os.path.exists(out)
    (tmp_path / 'foreign.npz').write_bytes(b'something else')
    with pytest.raises(ValueError, match='foreign.npz: expected a coefficient VAE'):
        importers.import_vae(str(tmp_path), 'pose', str(tmp_path / 'foreign.npz'))
    assert (tmp_path / 'foreign.npz').read_bytes() == b'something else'
