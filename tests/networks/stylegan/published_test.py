"""stylegan's networks are the published ones: against NumPy, and against the authors' code."""

import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tests.networks.stylegan import reference
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.stylegan import published as stylegan_import

# 128 pixels: from there on the published code joins resampling and convolution.
CONFIG = NetworkConfig(arch='stylegan', resolution=128, fmap_base=256, fmap_max=9, w_size=6,
                       mapping_layers=3)
INPUT = 7
# lod: as in the published code, halvings that have yet to grow.
LODS = pytest.mark.parametrize('lod', [0.0, 0.3, 1.0, 2.75, 5.0])


def variables(config, generator):
    """Random {published name: array}; shapes by the published code's rules."""
    rng, top = np.random.default_rng(0), int(np.log2(config.resolution))

    def fmaps(stage):  # the published fmap_base is half of ours
        return min(config.fmap_base // 2 // 2 ** stage, config.fmap_max)

    shapes = {'lod': ()}
    if generator:
        shapes.update({'dlatent_avg': (config.w_size,), 'G_synthesis/lod': (),
                       'G_synthesis/4x4/Const/const': (1, fmaps(1), 4, 4)})
        for index in range(config.mapping_layers):
            shapes[f'G_mapping/Dense{index}/weight'] = (
                config.w_size if index else INPUT, config.w_size)
        for level in range(2, top + 1):
            side = 2 ** level
            name, width = f'G_synthesis/{side}x{side}', fmaps(level - 1)
            names = ('Const', 'Conv') if level == 2 else ('Conv0_up', 'Conv1')
            for place, layer in enumerate(names):
                shapes[f'G_synthesis/noise{2 * (level - 2) + place}'] = (1, 1, side, side)
                shapes[f'{name}/{layer}/Noise/weight'] = (width,)
                shapes[f'{name}/{layer}/StyleMod/weight'] = (config.w_size, 2 * width)
                if layer == 'Const':
                    shapes[f'{name}/Const/bias'] = (width,)
                else:
                    shapes[f'{name}/{layer}/weight'] = (
                        3, 3, fmaps(level - 2) if layer == 'Conv0_up' else width, width)
            shapes[f'G_synthesis/ToRGB_lod{top - level}/weight'] = (1, 1, width, 3)
    else:
        for level in range(2, top + 1):
            name, width = f'{2 ** level}x{2 ** level}', fmaps(level - 1)
            shapes[f'FromRGB_lod{top - level}/weight'] = (1, 1, 3, width)
            if level > 2:
                shapes[f'{name}/Conv0/weight'] = (3, 3, width, width)
                shapes[f'{name}/Conv1_down/weight'] = (3, 3, width, fmaps(level - 2))
        shapes.update({'4x4/Conv/weight': (3, 3, fmaps(1) + 1, fmaps(1)),
                       '4x4/Dense0/weight': (16 * fmaps(1), fmaps(0)),
                       '4x4/Dense1/weight': (fmaps(0), 1)})
    for name, shape in list(shapes.items()):
        if name.endswith('/weight') and 'Noise' not in name:
            shapes[name[:-len('weight')] + 'bias'] = shape[-1:]
    result = {}
    for name, shape in shapes.items():
        scale = 100.0 if name.startswith('G_mapping') else 1.0  # learns at a hundredth
        result[name] = np.float32(scale * rng.normal(size=shape))
    result.update({name: np.float32(0.0) for name in result if name.split('/')[-1] == 'lod'})
    return result


@pytest.fixture(scope='module')
def generator():
    result = build.build_generator(CONFIG, INPUT)
    stylegan_import.assign_generator(result, variables(CONFIG, True))
    return result


@pytest.fixture(scope='module')
def discriminator():
    result = build.build_discriminator(CONFIG)
    stylegan_import.assign_discriminator(result, variables(CONFIG, False))
    return result


def growth(lod):
    return CONFIG.resolution >> int(lod), 1.0 - lod % 1.0


def check(found, expected, tolerance=1e-5):
    """Within a share of the largest number."""
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_mapping(generator):
    inputs = np.random.default_rng(1).normal(size=[3, INPUT]).astype(np.float32)
    check(generator.mapping(inputs), reference.mapping(variables(CONFIG, True), inputs, 3))


@LODS
def test_synthesis(generator, lod):
    w = np.random.default_rng(1).normal(size=[2, CONFIG.w_size]).astype(np.float32)
    resolution, fade = growth(lod)
    found = generator.synthesis(generator.broadcast(w), resolution=resolution, fade=fade).numpy()
    larger = CONFIG.resolution // resolution
    expected = reference.synthesis(variables(CONFIG, True), w, CONFIG.resolution, lod)
    check(found.repeat(larger, 1).repeat(larger, 2), expected.transpose(0, 2, 3, 1))


@LODS
@pytest.mark.parametrize('batch', [3, 8])
def test_discriminator(discriminator, lod, batch):
    resolution, fade = growth(lod)
    images = np.random.default_rng(2).normal(size=[batch, resolution, resolution, 3])
    larger = CONFIG.resolution // resolution
    expected = reference.discriminator(variables(CONFIG, False), images.repeat(larger, 1).repeat(
        larger, 2).transpose(0, 3, 1, 2), lod)
    check(discriminator(np.float32(images), fade=fade), expected)


def test_the_last_layer_is_as_wide_as_two_pixels_would_be():
    narrow = NetworkConfig(arch='stylegan', resolution=32, fmap_base=32, fmap_max=512, w_size=6,
                           mapping_layers=3)
    network = build.build_discriminator(narrow)
    stylegan_import.assign_discriminator(network, variables(narrow, False))
    assert network.dense.weight.shape == (16 * 8, 16)


def test_every_published_number_is_used(generator, discriminator):
    """None is dropped, and none goes to two places."""
    for network, given, apart in (
            (generator, variables(CONFIG, True), 'G_synthesis/lod'),
            (discriminator, variables(CONFIG, False), 'lod')):
        numbers = {name: value for name, value in generator_file.named_weights(network).items()
                   if name not in ('mapping/mean', 'mapping/scale')}
        ours = np.sort(np.concatenate([np.ravel(value) for value in numbers.values()]))
        theirs = np.sort(np.concatenate([value.ravel() for name, value in given.items()
                                         if name != apart]))
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize('name, value, message', [
    ('G_mapping/Dense1/bias', None, r"none called \['G_mapping/Dense1/bias'\], unknown \[\]"),
    ('G_synthesis/256x256/Conv1/bias', np.zeros(2), r"unknown \['G_synthesis/256x256/Conv1/bias"),
    ('G_synthesis/noise2', np.zeros([1, 8, 8, 1]), r'noise2: expected shape \[1, 1, 8, 8\]'),
    ('G_mapping/Dense0/weight', np.zeros([7, 5]), r'Dense0/weight: expected shape \[7, 6\]'),
    ('dlatent_avg', np.full(6, np.nan), 'dlatent_avg: expected finite')])
def test_other_variables_are_refused_and_nothing_is_assigned(generator, name, value, message):
    given = {**variables(CONFIG, True), 'G_synthesis/ToRGB_lod0/bias': np.ones(3), name: value}
    if value is None:
        del given[name]
    before = [np.array(weight) for weight in generator.weights]
    with pytest.raises(ValueError, match=message):
        stylegan_import.assign_generator(generator, given)
    for weight, old in zip(generator.weights, before):
        np.testing.assert_array_equal(weight, old)


def test_what_is_half_grown_is_drawn_so(tmp_path):
    """By default, from a file as well: enlarged to the config's side."""
    given = {**variables(CONFIG, True), 'lod': np.float32(2.75)}
    half = build.build_generator(CONFIG, INPUT)
    stylegan_import.assign_generator(half, given)
    assert half.grown == (32, 0.25)
    path = tmp_path / 'g.npz'
    generator_file.write(path, half, generator_file.GeneratorSource('', '', 0))
    read, _ = generator_file.read(path)
    w = np.random.default_rng(1).normal(size=[2, CONFIG.w_size]).astype(np.float32)
    ws = read.broadcast(w)
    expected = reference.synthesis(given, w, CONFIG.resolution, 2.75).transpose(0, 2, 3, 1)
    check(read.synthesis(ws), expected)
    check(tf.function(read.synthesis)(ws), expected)
    noise = [np.reshape(given[f'G_synthesis/noise{index}'], [1, side, side, 1])
             for index, side in enumerate(read.noise_sides())]
    check(read.synthesis(ws, noise=noise), expected)
    read.grow(8, 1.0)
    assert read.grown == (8, 1.0) and read.synthesis(ws).shape == (2, 128, 128, 3)
    read.lod.assign(6.0)
    with pytest.raises(ValueError, match='lod: expected from 0 to 5, got 6'):
        read.synthesis(ws)


def oracle():
    """What the authors' code gave for random weights, or skips."""
    path = pathlib.Path(os.environ.get('TFDISCO_TEST_DATA', '')) / (
        'oracles/discofacegan/oracle.npz')
    if not path.is_file():
        pytest.skip(f'no {path}: set TFDISCO_TEST_DATA to the folder with oracles/discofacegan, '
                    "inputs and outputs of the authors' networks")
    with np.load(path, allow_pickle=False) as stored:
        values = {name: stored[name] for name in stored.files}
    return values, *({name[len(prefix):]: value for name, value in values.items()
                      if name.startswith(prefix)} for prefix in ('Gs/', 'D/'))


def test_the_authors_networks():
    values, ours, theirs = oracle()
    config = NetworkConfig(arch='stylegan', resolution=256, fmap_base=2048, fmap_max=32,
                           w_size=64)
    network = build.build_generator(config, values['latents'].shape[1])
    stylegan_import.assign_generator(network, ours)
    # Shares of the largest number: their float32 is 7e-6 away from exact numbers.
    check(network.mapping(values['latents']), values['w'][:, 0], 1e-4)
    images = values['images'].transpose(0, 2, 3, 1)
    check(network(values['latents']), images, 1e-4)
    judge = build.build_discriminator(config)
    stylegan_import.assign_discriminator(judge, theirs)
    check(judge(images), values['scores'], 1e-4)
    check(reference.synthesis(ours, values['w'][:, 0], 256), values['images'], 1e-4)
    check(reference.discriminator(theirs, values['images']), values['scores'], 1e-4)
