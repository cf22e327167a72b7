"""Pictures in a folder are measured as a generator that draws the same would be."""

import numpy as np
import pytest

from tests.training.gan import small
from tfdisco import files, images
from tfdisco.data.records import folder as records
from tfdisco.metrics import registry
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.metrics.quality import suite as quality

COUNT = 24
NETWORKS = ('reconstruction', 'recognition', 'parsing')


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('outside')
    source = small.write(folder)
    source['snapshot'] = str(folder / 'g.npz')
    small.write_generator(source['snapshot'], source)
    records.write_card(source['data'], {**records.read_card(source['data']), 'model': 'toy'})
    faces = GeneratedFaces.load(source['snapshot'], *(source[name] for name in NETWORKS))
    z = faces.latents(COUNT, 0)
    for index, image in enumerate(images.to_uint8(faces.draw(z))):
        images.write_png(folder / 'pictures' / f'{index:03d}.png', image)
    source['images'] = str(folder / 'pictures')
    source['coefficients'] = str(folder / 'coefficients.npz')
    files.write_npz(source['coefficients'], {'coefficients': faces.inputs.coefficients(z).numpy()})
    return {**source, 'faces': faces, 'z': z}


def options(source, *names):
    return {name: source[name] for name in ('images', 'model', 'data', *NETWORKS, *names)}


def test_same_pictures_same_figures(source):
    found = registry.run('images', **options(source, 'coefficients'))
    own = quality.evaluate(source['snapshot'], data=source['data'], count=COUNT, **{
        name: source[name] for name in NETWORKS})
    for name in ('fd_recognition24', 'precision_recognition24', 'recall_recognition24'):
        assert found['images'][name] == own['generated'][name]
    assert found['reference'] == own['reference']
    # The renderer itself obeys, and the generator draws something else.
    faces, z = source['faces'], source['z']
    seen = faces.look(faces.draw(z), ('coefficients',)).coefficients
    light = faces.model.layout.factor_slice('illumination')
    assert found['images']['illumination_l1']['value'] > 0
    assert not np.allclose(seen[:, light], faces.inputs.coefficients(z)[:, light], atol=0.01)
    assert found['images']['pose_degrees']['count'] == COUNT
    assert -1 <= found['images']['identity_rendered']['value'] < 0.999
    text = registry.table('images', found)
    assert 'images fd_recognition24' in text
    assert f'images: 24 pictures of {source["images"]}' in text


def test_rendered_pictures_are_whom_they_show(source, tmp_path):
    faces = source['faces']
    coefficients = faces.inputs.coefficients(source['z'])
    for index, image in enumerate(images.to_uint8(faces.render(coefficients, (32, 32)).image)):
        images.write_png(tmp_path / f'{index:03d}.png', image)
    found = registry.run('images', **{**options(source, 'coefficients'), 'images': str(tmp_path)})
    assert found['images']['identity_rendered']['value'] == pytest.approx(1, abs=1e-3)


def test_without_coefficients_only_what_applies(source):
    found = registry.run('images', **options(source), count=20)
    assert set(found['images']) == {f'{name}_recognition20' for name in (
        'fd', 'precision', 'recall')}


def test_bad_input(source, tmp_path):
    few = options(source, 'coefficients')
    files.write_npz(tmp_path / 'few.npz', {'coefficients': np.zeros(
        (3, source['faces'].model.layout.size), np.float32)})
    with pytest.raises(ValueError, match=r'few.npz: coefficients: expected shape \[24, 39\], got'):
        registry.run('images', **{**few, 'coefficients': str(tmp_path / 'few.npz')})
    with pytest.raises(ValueError, match='images: expected at least 11 pictures.*got 10'):
        registry.run('images', **few, count=10)
    with pytest.raises(ValueError, match='images: expected a folder of pictures, got none'):
        registry.run('images')
    with pytest.raises(FileNotFoundError, match='nowhere'):
        registry.run('images', **{**few, 'images': 'nowhere'})
    records.write_shard(records.shard_path(tmp_path, 0, 1), [])
    records.write_card(tmp_path, {**records.read_card(source['data']), 'size': 48})
    with pytest.raises(ValueError, match='data: expected pictures whose side is a multiple of 32'):
        registry.run('images', **{**few, 'data': str(tmp_path)})
