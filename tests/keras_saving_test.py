"""Every network goes through Keras' own files and comes back the same in another process."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.perception import small
from tests.training.gan.small import vaes_of
from tfdisco.factors import CoefficientLayout
from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.vae.vaes import CoefficientVAE
from tfdisco.perception.dlib_descriptor import DlibDescriptor

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
ARCHITECTURES = ('stylegan2', 'stylegan')
PERCEPTION = ('reconstruction', 'recognition', 'parsing')
NAMES = ('vae', 'vaes', 'dlib', *PERCEPTION, *(f'{kind}_frozen' for kind in PERCEPTION),
         *(f'{arch}_{part}' for arch in ARCHITECTURES for part in ('generator', 'discriminator')),
         'sum_generator')
# Loads each network of a folder and writes down what it gives.
LOADER = """
import json, pathlib, sys
import numpy as np
import tensorflow as tf
import tfdisco.networks.build, tfdisco.networks.vae, tfdisco.perception.observe
folder = pathlib.Path(sys.argv[1])
facts = {}
for path in sorted(folder.glob('*.keras')):
    network = tf.keras.models.load_model(path)
    with np.load(folder / f'{path.stem}.npz', allow_pickle=False) as given:
        np.save(folder / f'{path.stem}.npy', np.asarray(network(given['inputs'])))
    config = getattr(network, 'config', None)
    facts[path.stem] = {'class': f'{type(network).__module__}.{type(network).__name__}',
                        'config': repr(config), 'name': network.name,
                        'trainable': len(network.trainable_weights)}
(folder / 'facts.json').write_text(json.dumps(facts))
"""


def networks():
    """{name: (network, shape of an input)}."""
    layout = CoefficientLayout(5, 4, 6)
    result = {'vae': (CoefficientVAE(6, 2, 5), [6]), 'vaes': (vaes_of(layout), [layout.size]),
              'dlib': (DlibDescriptor(), [150, 150, 3])}
    for kind in PERCEPTION:
        network = getattr(small, kind)()
        result[kind] = network, [small.SIZE, small.SIZE, 3]
        result[f'{kind}_frozen'] = network.freeze(), [small.SIZE, small.SIZE, 3]
    for arch in ARCHITECTURES:
        config = NetworkConfig(arch=arch, resolution=32, fmap_base=128, fmap_max=6,
                               mapping_layers=2, w_size=7, minibatch_group=2)
        generator = build.build_generator(config, 5)
        result[f'{arch}_generator'] = generator, [5]
        result[f'{arch}_discriminator'] = build.build_discriminator(config), [32, 32, 3]
    summed = dataclasses.replace(config, arch='stylegan2', mapping='sum')
    result['sum_generator'] = build.build_generator(summed, 5, {'identity': 3, 'noise': 2}), [5]
    return result


def stir(network, rng):
    """Other weights than any constructor's, those that do not train too."""
    for variable in network.weights:
        value = np.asarray(variable)
        if value.ndim > 1:
            value = value + rng.normal(size=value.shape) / np.sqrt(np.prod(value.shape[:-1]))
        else:  # a variance, say, stays above 0
            value = value * rng.uniform(0.8, 1.2, value.shape) + rng.uniform(0, 0.1, value.shape)
        variable.assign(value)


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """What all networks gave before, and the folder with what they gave once loaded."""
    folder, rng, before = tmp_path_factory.mktemp('keras'), np.random.default_rng(0), {}
    for name, (network, shape) in networks().items():
        stir(network, rng)
        if name == 'stylegan_generator':
            network.grow(16, 0.25)
        inputs = rng.normal(size=[2, *shape]).astype(np.float32)
        np.savez(folder / f'{name}.npz', inputs=inputs)
        before[name] = network, np.asarray(network(inputs))
        network.save(folder / f'{name}.keras')
    subprocess.run([sys.executable, '-c', LOADER, str(folder)], check=True, cwd=folder,
                   env={**os.environ, 'PYTHONPATH': str(REPOSITORY)})
    return before, folder, json.loads((folder / 'facts.json').read_text())


@pytest.mark.parametrize('name', NAMES)
def test_it_comes_back_as_it_was(files, name):
    before, folder, facts = files
    network, expected = before[name]
    assert np.abs(expected).max() > 1e-3 and np.abs(expected[0] - expected[1]).max() > 1e-4
    np.testing.assert_allclose(np.load(folder / f'{name}.npy'), expected, rtol=1e-6, atol=1e-6)
    assert facts[name] == {
        'class': f'{type(network).__module__}.{type(network).__name__}',
        'config': repr(getattr(network, 'config', None)), 'name': network.name,
        'trainable': len(network.trainable_weights)}


def test_no_two_networks_have_one_name(files):
    kinds = {type(network) for network, _ in files[0].values()}
    names = {tf.keras.utils.get_registered_name(kind) for kind in kinds}
    assert len(names) == len(kinds) and all(name.startswith('tfdisco>') for name in names)


@pytest.mark.parametrize('arch', ARCHITECTURES)
@pytest.mark.parametrize('part', ['generator', 'discriminator'])
def test_a_configuration_that_is_wrong_is_named(files, arch, part):
    network, _ = files[0][f'{arch}_{part}']
    stored = network.get_config()
    stored['config'] = {**stored['config'], 'resolution': 48}
    with pytest.raises(ValueError, match='^resolution: expected a power of two'):
        type(network).from_config(stored)
