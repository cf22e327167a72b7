"""Coefficient VAEs against NumPy, their order of factors, and the weights that ship."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks.vae import FACTORS, CoefficientVAE, CoefficientVAEs, file
from tfdisco.networks.vae.vaes import WIDTHS

LAYOUT = factors.CoefficientLayout(5, 4, 6)
SMALL = {'latent_sizes': {'identity': 4, 'expression': 3, 'illumination': 5, 'pose': 2},
         'widths': dict.fromkeys(FACTORS, 12)}
PRETRAINED = pathlib.Path(file.__file__).parents[2] / 'pretrained'


def random_vae(size=6, latents=3, width=10, seed=0):
    rng = np.random.default_rng(seed)
    vae = CoefficientVAE(size, latents, width)
    arrays = {name: rng.normal(size=value.shape) for name, value in vae.arrays().items()}
    vae.set_arrays({**arrays, 'scale': np.abs(arrays['scale']) + 0.1})
    return vae


def test_a_checkpoint_holds_every_weight(tmp_path):
    vae, other = random_vae(seed=1), random_vae(seed=2)
    path = tf.train.Checkpoint(vae=vae).write(str(tmp_path / 'vae'))
    tf.train.Checkpoint(vae=other).read(path)
    for name, value in vae.arrays().items():
        np.testing.assert_array_equal(other.arrays()[name], value, err_msg=name)


def mlp(arrays, half, values):
    """The hidden layers in NumPy float64."""
    for index in range(3):
        values = values @ arrays[f'{half}/fc{index}/kernel'].astype(np.float64)
        values = np.maximum(values + arrays[f'{half}/fc{index}/bias'], 0.0)
    return values


def dense(arrays, layer, values):
    return values @ arrays[f'{layer}/kernel'].astype(np.float64) + arrays[f'{layer}/bias']


def numpy_encode(arrays, coefficients):
    hidden = mlp(arrays, 'encoder', (coefficients - arrays['mean']) / arrays['scale'])
    return dense(arrays, 'encoder/mean', hidden), dense(arrays, 'encoder/log_std', hidden)


def numpy_decode(arrays, z):
    x_hat = dense(arrays, 'decoder/x_hat', mlp(arrays, 'decoder', z))
    return x_hat * arrays['scale'] + arrays['mean']


@pytest.mark.parametrize('batch', [0, 1, 7])
def test_encoder_and_decoder_equal_numpy(batch):
    vae = random_vae()
    coefficients, z = np.random.normal(size=(batch, 6)), np.random.normal(size=(batch, 3))
    for ours, theirs in zip(vae.encode(coefficients), numpy_encode(vae.arrays(), coefficients)):
        assert ours.shape == (batch, 3)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(vae.decode(z), numpy_decode(vae.arrays(), z), rtol=1e-4, atol=1e-3)
    reconstructed = vae(tf.constant(coefficients, tf.float32))
    np.testing.assert_allclose(
        reconstructed, numpy_decode(vae.arrays(), numpy_encode(vae.arrays(), coefficients)[0]),
        rtol=1e-3, atol=1e-2)


def test_normalize_undoes_decode():
    vae = random_vae()
    z = tf.random.normal([4, 3])
    np.testing.assert_allclose(vae.normalize(vae.decode(z)), vae.decode_normalized(z), rtol=1e-3,
                               atol=1e-3)


def test_structure_is_the_supplements():
    vaes = CoefficientVAEs(factors.CoefficientLayout(80, 80, 64))
    assert WIDTHS == {'identity': 512, 'expression': 256, 'illumination': 128, 'pose': 32}
    assert {factor: (vae.size, vae.latents, vae.width) for factor, vae in vaes.vaes.items()} == {
        'identity': (160, 128, 512), 'expression': (64, 32, 256), 'illumination': (27, 16, 128),
        'pose': (3, 3, 32)}
    assert vaes.latents == 179 and vaes.decode(tf.zeros([2, 179])).shape == (2, 254)
    # Nine layers and gamma are trained; mean and scale are not.
    assert len(vaes.trainable_variables) == 4 * (2 * 9 + 1)
    assert len(vaes.variables) == 4 * (2 * 9 + 3)


def test_each_latent_moves_its_own_factor():
    vaes = CoefficientVAEs(LAYOUT, **SMALL)
    z = np.zeros((1, vaes.latents), np.float32)
    start = 0
    for factor in FACTORS:
        moved = z.copy()
        moved[:, start:start + vaes.vaes[factor].latents] = 1.0
        start += vaes.vaes[factor].latents
        changed = np.abs(vaes.decode(moved) - vaes.decode(z))[0] > 1e-6
        inside = np.zeros(LAYOUT.size, bool)
        inside[LAYOUT.factor_slice(factor)] = True
        assert changed[inside].any() and not changed[~inside].any(), factor
    assert start == vaes.latents
    assert FACTORS == factors.FACTORS[:-1]


def test_together_is_each_alone():
    vaes = CoefficientVAEs(LAYOUT, **SMALL)
    people = np.random.normal(size=(3, LAYOUT.size)).astype(np.float32)
    mean, log_std = vaes.encode(people)
    for factor in FACTORS:
        alone = vaes.vaes[factor].encode(people[:, LAYOUT.factor_slice(factor)])
        np.testing.assert_allclose(vaes.by_factor(mean)[factor], alone[0], atol=1e-6)
        np.testing.assert_allclose(vaes.by_factor(log_std)[factor], alone[1], atol=1e-6)
        np.testing.assert_allclose(
            vaes.decode(mean)[:, LAYOUT.factor_slice(factor)],
            vaes.vaes[factor].decode(alone[0]), atol=1e-6)
    np.testing.assert_allclose(vaes(people), vaes.decode(mean), atol=1e-6)


def test_sampling_is_decoding_normal_latents():
    for network, size in ((random_vae(), 6), (CoefficientVAEs(LAYOUT, **SMALL), LAYOUT.size)):
        first, again, other = (network.sample(5, seed).numpy() for seed in (1, 1, 2))
        assert first.shape == (5, size)
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 1e-3
    drawn = tf.random.stateless_normal([5, 3], [1, 0])
    np.testing.assert_array_equal(random_vae().sample(5, 1), random_vae().decode(drawn))


def test_config_makes_the_same_networks():
    vae = random_vae()
    assert CoefficientVAE.from_config(vae.get_config()).get_config() == vae.get_config()
    vaes = CoefficientVAEs(LAYOUT, **SMALL)
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(vaes))
    assert again.layout == LAYOUT and again.latents == vaes.latents
    assert [v.shape for v in again.variables] == [v.shape for v in vaes.variables]


def test_gradients_reach_every_trained_weight():
    vae = random_vae()
    with tf.GradientTape() as tape:
        mean, log_std = vae.encode(np.ones((4, 6)))
        loss = tf.reduce_sum(vae.decode(mean + tf.exp(0.01 * log_std)) ** 2) + vae.log_gamma
    gradients = tape.gradient(loss, vae.trainable_variables)
    assert len(gradients) == 19
    assert all(np.abs(gradient.numpy()).sum() > 0 for gradient in gradients)


@pytest.mark.parametrize('call, message', [
    (lambda: CoefficientVAE(0, 3, 4), 'size: expected a positive integer, got 0'),
    (lambda: random_vae().encode(np.zeros((2, 5))), r'coefficients: expected shape \[B, 6\]'),
    (lambda: random_vae().decode(np.zeros((2, 4))), r'z: expected shape \[B, 3\], got \[2, 4\]'),
    (lambda: random_vae().sample(0, 1), 'count: expected a positive integer, got 0'),
    (lambda: random_vae().set_normalization(np.zeros(6), np.zeros(6)), 'scales above 0, got'),
    (lambda: random_vae().set_arrays(random_vae(width=8).arrays()),
     r'decoder/x_hat/kernel: expected shape \[10, 6\], got \[8, 6\]'),
    (lambda: CoefficientVAEs(LAYOUT).decode(np.zeros((2, 178))), r'z: expected shape \[B, 179\]'),
    (lambda: CoefficientVAEs(LAYOUT).encode(np.zeros((2, 9))), r'expected shape \[B, 45\]'),
    (lambda: CoefficientVAEs(factors.CoefficientLayout(5, 4, 0)),
     'layout: expected coefficients of expression, got none'),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_files_round_trip(tmp_path):
    vaes = CoefficientVAEs(LAYOUT, **SMALL)
    stored = file.StoredVAEs(
        {factor: vae.arrays() for factor, vae in vaes.vaes.items()},
        {factor: {'source': 's', 'licence': 'l'} for factor in FACTORS}, LAYOUT)
    file.write(tmp_path / 'v.npz', stored, 'float32')
    again = CoefficientVAEs.load(tmp_path / 'v.npz')
    z = tf.random.normal([3, vaes.latents])
    np.testing.assert_array_equal(again.decode(z), vaes.decode(z))
    alone = CoefficientVAE.load(tmp_path / 'v.npz', 'pose')
    np.testing.assert_array_equal(alone.decode(z[:, :2]), vaes.vaes['pose'].decode(z[:, :2]))
    with pytest.raises(ValueError, match='identity: expected 10 coefficients as the morphable'):
        CoefficientVAEs.load(tmp_path / 'v.npz', factors.CoefficientLayout(6, 4, 6))
    file.write(tmp_path / 'pose.npz', file.StoredVAEs(
        {'pose': stored.weights['pose']}, {'pose': stored.texts['pose']}))
    with pytest.raises(ValueError, match=r"expected VAEs of .* got none of \['expression'"):
        CoefficientVAEs.load(tmp_path / 'pose.npz', LAYOUT)
    with pytest.raises(ValueError, match=r"expected a VAE of 'identity', got one of \['pose'\]"):
        CoefficientVAE.load(tmp_path / 'pose.npz', 'identity')
    with pytest.raises(FileNotFoundError):
        CoefficientVAEs.load(tmp_path / 'none.npz')


def test_shipped_weights_fit_the_built_in_model_and_their_card():
    vaes = CoefficientVAEs.load('built-in')
    layout = MorphableModel.load('open_head').layout
    assert vaes.layout == layout and vaes.latents == 179
    people = vaes.sample(2000, 0).numpy()
    assert people.shape == (2000, layout.size) and np.isfinite(people).all()
    pose = layout.split(people).pose.std(axis=0)
    np.testing.assert_allclose(pose, [0.147, 0.265, 0.0304], rtol=0.08)
    card = json.loads((PRETRAINED / 'coefficient_vae.json').read_text())
    path = PRETRAINED / card['file']
    assert card['bytes'] == path.stat().st_size < 5e6
    assert card['command'].startswith('python scripts/train_vae.py')
    assert 'MIT' in card['licence'] and card['seconds'] > 60
    assert {row['factor'] for row in card['figures']} == set(FACTORS)
    assert all(row['count'] == 20000 for row in card['figures'])
