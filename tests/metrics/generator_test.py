"""The suite of a trained generator."""

import pytest

from tests.training.gan import small
from tfdisco.metrics import generator as suite

NETWORKS = ('reconstruction', 'recognition', 'parsing')


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('source')
    source = small.write(folder)
    source['snapshot'] = str(folder / 'g.npz')
    small.write_generator(source['snapshot'], source)
    return source


def test_a_file_is_measured_and_shown(source):
    options = {name: source[name] for name in ('snapshot', *NETWORKS)}
    found = suite.evaluate(**options, count=3, slopes=2)
    pose = found['pose_degrees']
    assert 0 < pose['low'] < pose['value'] < pose['high'] < 180 and pose['count'] == 3
    assert -1 <= found['identity_pose']['value'] <= 1
    without = suite.evaluate(**options, count=3, slopes=0)
    assert {**found, **without} == found and set(found) - set(without) == {
        'slopes', 'slopes_rendered', 'slope_curves'}
    assert found['slopes']['expression']['open']['count'] == 2
    assert suite.pictures(without) == {} and suite.pictures(found)['slopes'].shape[2] == 3
    lines = suite.table(without).splitlines()
    assert len(lines) == len(without) + 1
    assert any(line.split()[:2] == ['slopes', 'yaw'] for line in suite.table(found).splitlines())
    assert any(line.split()[0] == 'pose_degrees' and line.endswith('degrees') for line in lines)
    with pytest.raises(ValueError, match='count'):
        suite.evaluate(**options, count=0)
