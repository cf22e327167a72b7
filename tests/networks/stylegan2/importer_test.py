"""NVIDIA's pickles, TensorFlow's and PyTorch's, against NumPy; and as a training's start."""

import numpy as np
import pytest
import tensorflow as tf

from tests import damage
from tests.face3d import toy
from tests.networks import torch_pickles
from tests.networks.stylegan import pickles
from tests.networks.stylegan2 import reference
from tests.training.gan import small
from tfdisco.networks import build, discriminator_file, trained
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.stylegan2 import importer, snapshot
from tfdisco.training.gan import start
from tfdisco.training.gan.trainer import GanTrainer

CHANNELS = {4: 8, 8: 8, 16: 8, 32: 4}
GENERATOR, DISCRIMINATOR = reference.variables(CHANNELS)
TAPS = np.float32(np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64)
ARGUMENTS = {'label_size': 0, 'resolution': 32, 'resample_kernel': [1, 3, 3, 1], 'fmap_base': 64}


def tensorflow(version=5, generator=GENERATOR, discriminator=DISCRIMINATOR, **arguments):
    arguments = {**ARGUMENTS, **arguments}

    def network(name, values):
        found = pickles.generator(name, values, source='', **arguments)
        for each in (found, *found.components.values()):
            each.version = version
        return found

    other = {name: np.zeros_like(value) for name, value in generator.items()}
    return pickles.dump((network('G', other), pickles.network(
        'D', 'D_main', discriminator, source='', version=version, **arguments),
        network('Gs', generator)))


def dense(weight, bias, speed=1, **attributes):
    return torch_pickles.module('FullyConnectedLayer', {'weight': weight.T, 'bias': bias},
                                bias_gain=speed, **attributes)


def layer(given, place, turned=False, noise=None):
    """A SynthesisLayer or ToRGBLayer."""
    weight = given[f'{place}/weight']
    weight = (weight[::-1, ::-1] if turned else weight).transpose(3, 2, 0, 1)
    parameters, buffers = {'weight': weight, 'bias': given[f'{place}/bias']}, {}
    if noise is not None:
        parameters['noise_strength'] = given[f'{place}/noise_strength']
        buffers = {'noise_const': noise[0, 0], 'resample_filter': TAPS}
    return torch_pickles.module('SynthesisLayer', parameters, buffers, {'affine': dense(
        given[f'{place}/mod_weight'], given[f'{place}/mod_bias'] + 1, activation='linear')})


def convolution(given, place):
    bias = given.get(f'{place}/bias')
    return torch_pickles.module('Conv2dLayer', {
        'weight': given[f'{place}/weight'].transpose(3, 2, 0, 1), 'bias': bias},
        {'resample_filter': TAPS}, activation='lrelu' if bias is not None else 'linear')


def torch_modules(taps=TAPS, **attributes):
    g, d, top = GENERATOR, DISCRIMINATOR, max(CHANNELS)
    layers = sum(name.startswith('G_mapping/') for name in g) // 2
    mapping = torch_pickles.module('MappingNetwork', {}, {'w_avg': g['dlatent_avg']}, {
        f'fc{index}': dense(g[f'G_mapping/Dense{index}/weight'], g[f'G_mapping/Dense{index}/bias'],
                            0.01, activation='lrelu') for index in range(layers)}, **attributes)
    blocks, judges = {}, {}
    for level, side in enumerate(CHANNELS):
        place = f'G_synthesis/{side}x{side}'
        first, conv1, seen = {}, 'Conv', {}
        if side == top:
            seen = {'fromrgb': convolution(d, f'{side}x{side}/FromRGB')}
        if side > 4:
            conv1 = 'Conv1'
            first = {'conv0': layer(g, f'{place}/Conv0_up', True,
                                    g[f'G_synthesis/noise{2 * level - 1}'])}
            judges[f'b{side}'] = torch_pickles.module(
                'DiscriminatorBlock', {}, {'resample_filter': TAPS}, {
                    **seen, **{key: convolution(d, f'{side}x{side}/{name}') for key, name in (
                        ('conv0', 'Conv0'), ('conv1', 'Conv1_down'), ('skip', 'Skip'))}})
        blocks[f'b{side}'] = torch_pickles.module(
            'SynthesisBlock', {} if first else {'const': g[f'{place}/Const/const'][0]},
            {'resample_filter': taps}, {
                **first, 'conv1': layer(g, f'{place}/{conv1}',
                                        noise=g[f'G_synthesis/noise{2 * level}']),
                'torgb': layer(g, f'{place}/ToRGB')})
    judges['b4'] = torch_pickles.module('DiscriminatorEpilogue', {}, {}, {
        'mbstd': torch_pickles.module('MinibatchStdLayer', group_size=4, num_channels=1),
        'conv': convolution(d, '4x4/Conv'),
        'fc': dense(d['4x4/Dense0/weight'], d['4x4/Dense0/bias'], activation='lrelu'),
        'out': dense(d['Output/weight'], d['Output/bias'], activation='linear')})
    return {'G': None, 'D': torch_pickles.module('Discriminator', modules=judges, c_dim=0),
            'G_ema': torch_pickles.module('Generator', modules={
                'synthesis': torch_pickles.module('SynthesisNetwork', modules=blocks),
                'mapping': mapping}), 'augment_pipe': None, 'training_set_kwargs': {}}


def torch(protocol=4, **attributes):
    return torch_pickles.dump(torch_modules(**attributes), protocol)


@pytest.fixture(scope='module')
def inputs():
    return GeneratorInputs(small.vaes_of(toy.model().layout), 4)


def check(found, expected):
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize('data', [tensorflow(), tensorflow(4), torch(), torch(3)],
                         ids=['tf 5', 'tf 4', 'torch', 'torch, protocol 3'])
def test_networks_are_the_published_ones(tmp_path, inputs, data):
    (tmp_path / 's.pkl').write_bytes(data)
    loaded = snapshot.load(tmp_path / 's.pkl')
    config = loaded.config
    assert {side: config.channels(side) for side in CHANNELS} == CHANNELS
    assert (config.resolution, config.w_size, config.mapping_layers) == (32, 6, 3)
    assert config.mapping_speed == 0.01
    generator = build.build_generator(config, inputs.size)
    judge = build.build_discriminator(config)
    importer.assign_generator(generator, loaded.generator, inputs)
    importer.assign_discriminator(judge, loaded.discriminator)
    rng = np.random.default_rng(1)
    w, images = rng.normal(size=[2, 6]), rng.normal(size=[2, 32, 32, 3])
    check(generator.synthesis(generator.broadcast(tf.constant(w, tf.float32))),
          reference.synthesis(GENERATOR, w, CHANNELS).transpose(0, 2, 3, 1))
    check(judge(np.float32(images)),
          reference.discriminator(DISCRIMINATOR, images.transpose(0, 3, 1, 2), CHANNELS))
    np.testing.assert_array_equal(generator.w_avg, GENERATOR['dlatent_avg'])


def test_faces_of_coefficients_are_faces_of_the_network(tmp_path, inputs):
    """w of random coefficients is spread as w of random numbers is."""
    channels = {4: 2, 8: 2, 16: 2, 32: 2}
    given, _ = reference.variables(channels, w_size=40, z_size=64, seed=3)
    config = snapshot._config(given, 0.01)
    generator = build.build_generator(config, inputs.size)
    importer.assign_generator(generator, given, inputs)
    rng = np.random.default_rng(2)
    ours = generator.mapping(inputs(np.float32(rng.normal(size=[4000, inputs.latents])))).numpy()
    theirs = reference.mapping(given, rng.normal(size=[4000, 64]))
    scale = theirs.std(axis=0).mean()
    assert np.abs(ours.mean(axis=0) - theirs.mean(axis=0)).max() < 0.5 * scale
    assert 0.8 < ours.std(axis=0).mean() / scale < 1.25


def test_a_training_starts_from_it(tmp_path):
    source = small.write(tmp_path / 'source')
    (tmp_path / 's.pkl').write_bytes(torch())
    out = importer.import_start(str(tmp_path / 's.pkl'), str(tmp_path / 'start.npz'), noise=4,
                                model=source['model'], vaes=source['vaes'])
    generator, inputs, _ = trained.load(out)
    assert 'NVIDIA' in trained.licence(out)
    shape = {'arch': 'stylegan2', 'resolution': 32, 'fmap_base': 128, 'fmap_max': 8, 'w_size': 6,
             'mapping_layers': 3, 'mapping_speed': 0.01, 'start': out}
    config = small.config(source, **shape)
    trainer = GanTrainer(config.network, config.loss, config.schedule, toy.model(), inputs, None)
    start.restore(config, trainer)
    judge = discriminator_file.read(discriminator_file.beside(out))
    for ours, theirs in ((trainer.generator, generator), (trainer.average, generator),
                         (trainer.discriminator, judge)):
        for our, their in zip(ours.weights, theirs.weights):
            np.testing.assert_array_equal(our, their)
    other = small.config(source, **{**shape, 'fmap_max': 4})
    with pytest.raises(ValueError, match='start: expected a file of --fmap_max=4'):
        start.restore(other, trainer)


def changed(values, **changes):
    return {**values, **{name.replace('__', '/'): value for name, value in changes.items()}}


@pytest.mark.parametrize('data, message', [
    (tensorflow(3), 'a network of version 3'),
    (tensorflow(label_size=10), 'with label_size = 10, where 0 is known'),
    (tensorflow(resample_kernel=[1, 1]), r'with resample_kernel = \[1, 1\]'),
    (tensorflow(normalize_latents=False), 'with normalize_latents = False'),
    (torch(taps=TAPS * 2), 'synthesis.b4.resample_filter other than'),
    (torch(activation='relu'), 'mapping.activation relu'),
    (torch_pickles.dump({'G_ema': 3, 'D': 4}), 'int where Record is expected'),
    (torch_pickles.dump({'G': None}), 'dict in it'),
    (tensorflow(generator={}), r'a generator of maps of \[\] pixels and \[\] layers'),
    (tensorflow(generator={name: value for name, value in GENERATOR.items()
                           if 'Dense0' not in name}), r'and \[1, 2\] layers of mapping'),
    (pickles.dump([1, 2]), 'list in it')])
def test_others_are_refused(tmp_path, data, message):
    (tmp_path / 's.pkl').write_bytes(data)
    with pytest.raises(ValueError, match=r's\.pkl: expected networks of StyleGAN2 .*' + message):
        snapshot.load(tmp_path / 's.pkl')


@pytest.mark.parametrize('generator, message', [
    (changed(GENERATOR, G_synthesis__8x8__Skip__weight=np.ones([1, 1, 8, 8])),
     r"unknown \['G_synthesis/8x8/Skip/weight'\]"),
    ({name: value for name, value in GENERATOR.items() if '8x8/ToRGB' not in name},
     'got none called'),
    (changed(GENERATOR, dlatent_avg=np.full(6, np.nan)), 'expected finite numbers')])
def test_other_architectures_are_refused(tmp_path, generator, message):
    (tmp_path / 's.pkl').write_bytes(tensorflow(generator=generator))
    with pytest.raises(ValueError, match=r's\.pkl: .*' + message):
        importer.import_start(str(tmp_path / 's.pkl'), str(tmp_path / 'o.npz'))
    assert not list(tmp_path.glob('*.npz'))


@pytest.mark.parametrize('make', [tensorflow, torch])
def test_a_damaged_pickle_is_refused_or_read(tmp_path, make):
    whole, refused = make(), 0
    for seed in range(60):
        what, data = damage.of_bytes(whole, np.random.default_rng(seed))
        (tmp_path / 's.pkl').write_bytes(data)
        try:
            snapshot.load(tmp_path / 's.pkl')
        except ValueError as error:
            assert 's.pkl' in str(error), what
            refused += 1
    assert refused > 6
