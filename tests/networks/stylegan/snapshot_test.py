"""Published snapshots: networks of a pickle that nothing is run from."""

import dataclasses

import numpy as np
import pytest

from tests.networks.stylegan import pickles, reference
from tests.networks.stylegan.published_test import INPUT, check, oracle, variables
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.stylegan import snapshot

CONFIG = NetworkConfig(arch='stylegan', resolution=32, fmap_base=128, fmap_max=7, w_size=6,
                       mapping_layers=2)
ARGUMENTS = {'num_channels': 3, 'resolution': 32, 'label_size': 0}


def networks(config=CONFIG, change=None, **arguments):
    """G, D, Gs of three different sets of random variables, and those sets."""
    arguments = {**ARGUMENTS, **arguments}
    g, d, average = variables(config, True), variables(config, False), variables(config, True)
    g = {name: np.float32(-0.5) * value for name, value in g.items()}
    sets = {'G': g, 'D': d, 'Gs': average}
    if change:
        change(sets)
    return (pickles.generator('G', sets['G'], **arguments),
            pickles.network('D', 'D_basic', sets['D'], **arguments),
            pickles.generator('Gs', sets['Gs'], **arguments)), sets


def write(path, value, protocol=4):
    path.write_bytes(pickles.dump(value, protocol))
    return path


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_networks_of_a_snapshot(tmp_path, protocol):
    value, sets = networks()
    loaded = snapshot.load(write(tmp_path / 's.pkl', value, protocol))
    assert loaded.average.config == dataclasses.replace(CONFIG, fmap_base=128)
    rng = np.random.default_rng(1)
    inputs, images = rng.normal(size=[2, INPUT]), rng.normal(size=[2, 32, 32, 3])
    for network, given in ((loaded.generator, sets['G']), (loaded.average, sets['Gs'])):
        w = reference.mapping(given, inputs, 2)
        check(network.mapping(np.float32(inputs)), w)
        check(network(np.float32(inputs)), reference.synthesis(given, w, 32).transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(network.w_avg, given['dlatent_avg'])
    check(loaded.discriminator(np.float32(images)),
          reference.discriminator(sets['D'], images.transpose(0, 3, 1, 2)))


@pytest.mark.parametrize('source', [
    'what is no Python (', '', 'def G_mapping(normalize_latents = open("x"),\n **kwargs):\n'])
def test_the_source_is_text(tmp_path, source):
    value, _ = networks(source=source)
    path = write(tmp_path / 's.pkl', value)
    assert snapshot.load(path).average.config == CONFIG


def test_what_the_source_says_counts_where_the_network_says_nothing(tmp_path):
    def mapping(text, **arguments):
        source = pickles.SOURCE.replace('mapping_lrmul           = 0.01,', text)
        assert source != pickles.SOURCE
        value, _ = networks(source=source, **arguments)
        return snapshot.load(write(tmp_path / 's.pkl', value)).average.config.mapping_speed

    assert mapping('mapping_lrmul=0.1,  # a remark') == 0.1
    assert mapping('mapping_lrmul = 0.1 ,', mapping_lrmul=0.25) == 0.25
    assert mapping('mapping_lrmul = 1 / 100,') == 0.01  # an expression is not evaluated
    stylegan = pickles.SOURCE.replace('normalize_latents       = False,',
                                      'normalize_latents       = True,')
    assert stylegan != pickles.SOURCE
    value, _ = networks(source=stylegan)
    with pytest.raises(ValueError, match="normalize_latents = True, where False is known: "
                       "StyleGAN's own networks make faces of random numbers"):
        snapshot.load(write(tmp_path / 's.pkl', value))
    for line, other, message in (
            ('= [1,2,1],', '= [1,3,3,1],', 'blur_filter = a list'),
            ("'lrelu',      # Act", "'relu',  # Act", "G_synthesis with nonlinearity = 'relu'"),
            ("= 'auto',", '=False,', 'fused_scale = False')):
        value, _ = networks(source=pickles.SOURCE.replace(line, other))
        with pytest.raises(ValueError, match=message):
            snapshot.load(write(tmp_path / 's.pkl', value))
    value, _ = networks(source=stylegan, normalize_latents=False)
    assert snapshot.load(write(tmp_path / 's.pkl', value)).average.config == CONFIG


@pytest.mark.parametrize('base', [60, 64, 1000])
def test_channels_by_the_published_rule(tmp_path, base):
    """By `fmap_base`, or by the variables alone where these say enough."""
    config = dataclasses.replace(CONFIG, fmap_base=2 * base, fmap_max=13)
    value, _ = networks(config, fmap_base=base, fmap_max=13)
    loaded = snapshot.load(write(tmp_path / 's.pkl', value))
    for side in (2, 4, 8, 16, 32):
        assert loaded.average.config.channels(side) == config.channels(side)
    if base == 64:
        assert snapshot.load(write(tmp_path / 's.pkl', networks(config)[0])).average.config == (
            config)


def test_a_half_grown_network(tmp_path):
    def half(sets):
        sets['Gs']['lod'] = sets['D']['lod'] = np.float32(1.25)

    value, sets = networks(change=half)
    loaded = snapshot.load(write(tmp_path / 's.pkl', value))
    assert loaded.average.grown == (16, 0.75) and loaded.generator.grown == (32, 1.0)
    inputs = np.random.default_rng(1).normal(size=[2, INPUT])
    expected = reference.synthesis(sets['Gs'], reference.mapping(sets['Gs'], inputs, 2), 32, 1.25)
    check(loaded.average(np.float32(inputs)), expected.transpose(0, 2, 3, 1))


def drop(network, name):
    return lambda sets: sets[network].pop(name)


def put(network, name, value):
    return lambda sets: sets[network].update({name: value})


@pytest.mark.parametrize('change, arguments, message', [
    (None, {'label_size': 2}, 'G_mapping with label_size = 2, where 0 is known'),
    (None, {'mapping_nonlinearity': 'relu'}, "mapping_nonlinearity = 'relu'"),
    (None, {'fused_scale': False}, 'fused_scale = False'),
    (None, {'blur_filter': None}, 'blur_filter = None'),
    (None, {'blur_filter': [1, 3, 3, 1]}, 'blur_filter = a list'),
    (None, {'use_pixel_norm': True}, 'use_pixel_norm = True'),
    (None, {'mbstd_num_features': 2}, 'mbstd_num_features = 2'),
    (None, {'mbstd_group_size': 'all'}, "mbstd_group_size = 'all', where a number"),
    (None, {'mbstd_group_size': 0}, 'minibatch_group: expected a positive'),
    (None, {'mapping_lrmul': 2.0}, 'mapping_speed: expected above 0 and up to 1'),
    (put('Gs', 'G_mapping/Dense0/bias', np.zeros(5)), {}, 'mapping layers of 5 and 6 numbers'),
    (drop('Gs', 'G_mapping/Dense0/weight'), {}, 'G_style without G_mapping/Dense0/weight'),
    (drop('Gs', 'G_synthesis/noise3'), {}, 'resolution: expected a power of two .* got 16'),
    (drop('Gs', 'G_synthesis/16x16/Conv1/weight'), {}, 'none called .*16x16/Conv1/weight'),
    (put('G', 'G_synthesis/noise4', np.zeros([1, 1, 8, 8])), {}, r'noise4: expected shape'),
    (put('G', 'G_synthesis/new', np.zeros(1)), {}, 'unknown .*G_synthesis/new'),
    (put('Gs', 'G_synthesis/8x8/Conv1/bias', np.zeros(9)), {}, 'channels .* which no fmap_base'),
    (drop('D', '4x4/Dense0/bias'), {}, 'D_basic without 4x4/Dense0/bias'),
    (put('Gs', 'dlatent_avg', np.full(6, np.nan)), {}, 'dlatent_avg: expected finite'),
    (put('Gs', 'lod', np.float32(4)), {}, 'lod: expected from 0 to 3, got 4'),
])
def test_other_architectures_are_refused(tmp_path, change, arguments, message):
    value, _ = networks(change=change, **arguments)
    path = write(tmp_path / 's.pkl', value)
    with pytest.raises(ValueError, match=r's\.pkl: expected a snapshot \(G, D, Gs\) .*' + message):
        snapshot.load(path)


def changed(record, **state):
    return pickles.Network(**{**record.__getstate__(), **state})


@pytest.mark.parametrize('change, message', [
    (lambda g, d, gs: (g, d), 'tuple in it'),
    (lambda g, d, gs: [g, d, gs], 'list in it'),
    (lambda g, d, gs: (g, d, {}), 'dict in place of a network'),
    (lambda g, d, gs: (gs, g, d), 'a network made by G_style, not D_basic'),
    (lambda g, d, gs: (g, d, changed(gs, build_func_name='G_main')), 'made by G_main, not G_styl'),
    (lambda g, d, gs: (g, d, changed(gs, version=4)), 'a network of version 4'),
    (lambda g, d, gs: (g, d, changed(gs, variables={})), 'variables that is a dict'),
    (lambda g, d, gs: (g, d, changed(gs, variables=[('lod', 'x')])), 'a variable that is no pair'),
    (lambda g, d, gs: (g, d, changed(gs, variables=[('lod', np.array([1j]))])), 'no pair of name'),
    (lambda g, d, gs: (g, d, changed(gs, components={'other': g})), 'of which one is other'),
    (lambda g, d, gs: (g, d, changed(gs, components={'mapping': g})), 'of which one is synthesi'),
])
def test_other_pickles_are_refused(tmp_path, change, message):
    value, _ = networks()
    path = write(tmp_path / 's.pkl', change(*value))
    with pytest.raises(ValueError, match=r's\.pkl: expected a snapshot .*' + message):
        snapshot.load(path)


def test_a_network_in_itself_ends_well(tmp_path):
    (g, d, gs), _ = networks()
    gs.components['mapping'] = gs
    with pytest.raises(ValueError, match='of which one is'):
        snapshot.load(write(tmp_path / 's.pkl', (g, d, gs)))
    endless = []
    endless.append(endless)
    value, _ = networks(blur_filter=endless)
    with pytest.raises(ValueError, match='blur_filter = a list'):
        snapshot.load(write(tmp_path / 's.pkl', value))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        snapshot.load(tmp_path / 'none.pkl')


def test_the_authors_snapshot(tmp_path):
    """What the published code computes for its own pickle of random weights."""
    values, average, judge = oracle()
    arguments = {'num_channels': 3, 'resolution': 256, 'label_size': 0, 'fmap_base': 1024,
                 'fmap_max': 32, 'dlatent_size': 64, 'mapping_fmaps': 64}
    loaded = snapshot.load(write(tmp_path / 's.pkl', (
        pickles.generator('G', {**average, 'dlatent_avg': np.ones(64)}, **arguments),
        pickles.network('D', 'D_basic', judge, **arguments),
        pickles.generator('Gs', average, **arguments))))
    assert loaded.average.config == NetworkConfig(
        arch='stylegan', resolution=256, fmap_base=2048, fmap_max=32, w_size=64)
    check(loaded.average.mapping(values['latents']), values['w'][:, 0], 1e-5)
    images = values['images'].transpose(0, 2, 3, 1)
    check(loaded.average(values['latents']), images, 1e-4)
    check(loaded.discriminator(images), values['scores'], 1e-4)
    np.testing.assert_array_equal(loaded.average.w_avg, average['dlatent_avg'])
    np.testing.assert_array_equal(loaded.generator.w_avg, np.ones(64))
