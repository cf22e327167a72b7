"""Stages of a generator whose stages carry known shares."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.metrics import drawn
from tests.training.gan import small
from tfdisco import factors
from tfdisco.metrics import registry, stages
from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig

SHARES = {4: 0.2, 8: 0.7, 16: 0.1}
SIDE = 16


class Generator:
    """Colours are a sum over layers of linear functions of w, each stage's by its share."""

    num_ws = 6

    def __init__(self, size):
        self._weight = tf.constant(np.random.default_rng(0).normal(
            size=(size, SIDE * SIDE * 3)).astype(np.float32) * 0.02)

    def noise_sides(self):
        """A map for each layer but the last."""
        return [4, 8, 8, 16, 16]

    def mapping(self, inputs):
        return inputs

    def broadcast(self, w):
        return tf.tile(w[:, tf.newaxis], [1, self.num_ws, 1])

    def synthesis(self, ws):
        share = [SHARES[4], SHARES[8] / 2, SHARES[8] / 2] + [SHARES[16] / 3] * 3
        w = tf.einsum('bns,n->bs', ws, tf.constant(share))
        return tf.reshape(w @ self._weight, [-1, SIDE, SIDE, 3])


@pytest.fixture(scope='module')
def found():
    faces = drawn.faces()
    size = faces.model.layout.size
    eyes = np.random.default_rng(1).normal(size=(SIDE * SIDE * 3, size + 5))

    def look(images, fields):
        seen = images.reshape(len(images), -1) @ eyes
        return SimpleNamespace(coefficients=seen[:, :size], identity=seen[:, size:])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages.picture_sets, 'in_levels', np.asarray)  # whose steps are not linear
        return stages.measure(SimpleNamespace(
            generator=Generator(faces.inputs.size), inputs=faces.inputs, model=faces.model,
            latents=faces.latents, replace=faces.replace, look=look), 40, 0)


def test_shares_are_those_of_the_stages(found):
    wanted = {f'{side} px': pytest.approx(share, rel=1e-3) for side, share in SHARES.items()}
    for name in ('share', 'color'):
        assert set(found[name]) == set(factors.FACTORS)
        for factor in factors.FACTORS:
            assert {stage: one['value'] for stage, one in found[name][factor].items()} == wanted
    for levels in found['color_levels'].values():
        assert levels['8 px']['value'] == pytest.approx(0.7 * levels['all']['value'], rel=1e-3)
        assert levels['8 px']['low'] < levels['8 px']['value'] < levels['8 px']['high']


def test_maps_are_the_change_in_grey_levels(found):
    faces = drawn.faces()
    generator = Generator(faces.inputs.size)
    z, other = (faces.latents(40, 0, stream) for stream in (0, 1))
    first, last = (generator.synthesis(generator.broadcast(faces.inputs(latents))).numpy()
                   for latents in (z, faces.replace(z, other, ['pose'])))
    expected = 0.7 * 127.5 * np.abs(last - first).mean(axis=(0, 3))
    np.testing.assert_allclose(found['color_maps']['pose']['8 px'], expected, atol=0.051)


def test_result_is_json_a_table_and_a_picture(found):
    assert json.loads(json.dumps(found)) == found
    lines = stages.table(found).splitlines()
    assert any(line.split()[:4] == ['share', 'pose', '8', 'px'] for line in lines)
    image = stages.pictures(found)['maps']
    assert image.dtype == np.uint8 and image.shape[0] > 500 and image.shape[2] == 3
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize('arch, sides', [
    ('stylegan2', [4, 8, 8, 16, 16, 32, 32, 32]), ('stylegan', [4, 4, 8, 8, 16, 16, 32, 32])])
def test_each_w_has_its_stage(arch, sides):
    config = NetworkConfig(arch=arch, resolution=32, fmap_base=64, fmap_max=4, mapping_layers=1,
                           w_size=4)
    assert stages.stage_sides(build.build_generator(config, 5)) == sides


def test_what_changes_nothing_has_no_share(found):
    sums = stages._Sums([4])
    look = SimpleNamespace(images=np.zeros([3, 8, 8, 3]), of=lambda factor: np.ones([3, 2]))
    sums.add('pose', look, look, {4: look})
    figures = sums.figures(0)
    assert figures['share']['4 px']['value'] is None and figures['color']['4 px']['value'] is None
    assert figures['color_levels']['all']['value'] == 0
    nothing = {name: {**found[name], 'pose': {**found[name]['pose'], '8 px': {'value': None}}}
               for name in ('share', 'color')}
    assert stages.pictures({**found, **nothing})['maps'].shape[2] == 3


def test_a_file_is_measured(tmp_path):
    source = small.write(tmp_path)
    small.write_generator(tmp_path / 'g.npz', source)
    options = {'snapshot': str(tmp_path / 'g.npz'), **{name: source[name] for name in (
        'reconstruction', 'recognition', 'parsing')}}
    found = registry.run('stages', **options, count=3)
    assert list(found['share']['identity']) == ['4 px', '8 px', '16 px', '32 px']
    assert len(found['color_maps']['noise']['4 px']) == 32
    with pytest.raises(ValueError, match='count'):
        registry.run('stages', **options, count=0)
