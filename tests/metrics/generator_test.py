"""The suite of a trained generator."""

import pytest

from tests.face3d import toy
from tests.training import gan
from tfdisco.config import NetworkConfig
from tfdisco.metrics import generator as suite
from tfdisco.networks import build, generator_file
from tfdisco.networks.inputs import GeneratorInputs

NETWORKS = ('reconstruction', 'recognition', 'parsing')


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('source')
    source = gan.write(folder)
    inputs = GeneratorInputs(gan.vaes_of(toy.model().layout), 4)
    config = NetworkConfig(resolution=32, fmap_base=128, fmap_max=4, mapping_layers=1, w_size=8)
    source['snapshot'] = str(folder / 'g.npz')
    generator_file.write(source['snapshot'], build.build_generator(config, inputs.size),
                         generator_file.GeneratorSource(source['model'], source['vaes'], 4))
    return source


def test_a_file_is_measured_and_shown(source):
    options = {name: source[name] for name in ('snapshot', *NETWORKS)}
    found = suite.evaluate(**options, count=3)
    assert found['pose_degrees'] > 0 and -1 <= found['identity_pose'] <= 1
    assert found == suite.evaluate(**options, count=3)
    lines = suite.table(found).splitlines()
    assert len(lines) == len(found) + 1
    assert any(line.split()[0] == 'pose_degrees' and line.endswith('degrees') for line in lines)
    with pytest.raises(ValueError, match='count'):
        suite.evaluate(**options, count=0)
