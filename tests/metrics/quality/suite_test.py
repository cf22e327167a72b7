"""The suite on a small generator, against features and formulas in NumPy."""

import json

import numpy as np
import pytest

from tests.metrics.quality.frechet_test import formula
from tests.metrics.quality.neighbours_test import by_loop
from tests.perception import published_test
from tests.training.gan import small
from tfdisco.data.records import folder as records
from tfdisco.metrics import registry
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.metrics.quality import features, sets, suite
from tfdisco.perception import resize
from tfdisco.perception.recognition import crop

COUNT = 24


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('quality')
    files = small.write(folder)
    small.write_generator(folder / 'g.npz', files)
    records.write_card(files['data'], {**records.read_card(files['data']), 'model': 'toy'})
    return {'snapshot': str(folder / 'g.npz'),
            **{name: files[name] for name in ('reconstruction', 'recognition', 'parsing', 'data')}}


@pytest.fixture(scope='module')
def found(source):
    return suite.evaluate(**source, features='recognition,parsing', count=COUNT)


def described(network, cut, pictures):
    maps = network.backbone(cut(pictures, network.input_size))
    return maps[-1].numpy().astype(np.float64).mean(axis=(1, 2))


def test_figures_are_those_of_formulas(source, found):
    faces = GeneratedFaces.load(*(source[name] for name in (
        'snapshot', 'reconstruction', 'recognition', 'parsing')))
    real = next(records.batches(source['data'], faces.model.layout, COUNT, 32))['image']
    z = faces.latents(COUNT, 0)
    levels = np.rint(127.5 * (faces.render(faces.inputs.coefficients(z), (32, 32)).image + 1))
    pictures = {'generated': faces.draw(z), 'rendered': levels / np.float32(127.5) - 1}
    for name, cut in (('recognition', crop), ('parsing', resize.to_square)):
        network = getattr(faces.perception, name).network
        reference = described(network, cut, real)
        for part, values in pictures.items():
            seen = described(network, cut, values)
            assert found[part][f'fd_{name}24']['value'] == pytest.approx(
                formula(reference, seen), rel=1e-3, abs=1e-6)
            assert found[part][f'precision_{name}24']['value'] == pytest.approx(
                by_loop(seen, reference, 3).mean(), abs=1.01 / COUNT)
            assert found[part][f'recall_{name}24']['value'] == pytest.approx(
                by_loop(reference, seen, 3).mean(), abs=1.01 / COUNT)
        assert found['reference'][f'fd_{name}12']['value'] == pytest.approx(
            formula(reference[:12], reference[12:]), rel=1e-3)
        assert found['generated'][f'ppl_{name}']['value'] > 0
        assert f'ppl_{name}' not in found['rendered']


def test_a_frozen_graph_describes_by_its_vector(tmp_path):
    graph = published_test.definition(published_test.recognition)
    (tmp_path / 'r.pb').write_bytes(graph.SerializeToString())
    kind = features.load('recognition', recognition=str(tmp_path / 'r.pb'))
    pictures = published_test.pictures(160)
    raw = (pictures * 127.5 / 128).mean(axis=(1, 2)) @ published_test.KERNELS['recognition']
    assert (kind.size, kind.maps) == (128, None)
    np.testing.assert_allclose(kind.vectors(pictures),
                               raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=1e-5)
    graph = published_test.definition(published_test.parsing)
    (tmp_path / 'p.pb').write_bytes(graph.SerializeToString())
    with pytest.raises(ValueError, match="parsing: expected a network of tfdisco's own, for its"):
        features.load('parsing', parsing=str(tmp_path / 'p.pb'))


def test_the_same_reference_is_drawn_once(source, monkeypatch):
    first = suite.evaluate(**source, count=COUNT)
    monkeypatch.setattr(sets, 'gather', None)  # no second one
    assert suite.evaluate(**source, count=COUNT) == first
    with pytest.raises(TypeError):
        suite.evaluate(**source, count=COUNT, seed=1)


def test_result_is_json_and_a_table(source, found):
    assert json.loads(json.dumps(found)) == found
    text = registry.table('quality', found)
    row = next(line.split() for line in text.splitlines() if 'generated fd_parsing24' in line)
    assert row[2] == f'{found["generated"]["fd_parsing24"]["value"]:.4f}' and row[-1] == '24'
    assert text.endswith(f'real: 24 rendered of {source["data"]}')


@pytest.mark.parametrize('changes, message', [
    ({'count': 9}, 'count: expected at least 11 pictures, for the covariance of the 8 features'),
    ({'features': 'hair'}, "features: expected one of .* got 'hair'"),
    ({'features': 'inception'}, 'inception needs --inception=FILE: classify_image_graph_def.pb'),
    ({'count': 0}, 'count: expected a positive integer')])
def test_bad_options_end_before_anything_is_drawn(source, changes, message):
    with pytest.raises(ValueError, match=message):
        suite.evaluate(**{**source, **changes})


def test_too_few_real_pictures_are_refused(source, tmp_path):
    records.write_shard(records.shard_path(tmp_path, 0, 1), [])
    records.write_card(tmp_path, {**records.read_card(source['data']), 'count': 7})
    with pytest.raises(ValueError, match='data: expected at least 11 pictures.*got 7'):
        suite.evaluate(**{**source, 'data': str(tmp_path)}, count=COUNT)
    records.write_card(tmp_path, {**records.read_card(source['data']), 'model': 'open head'})
    with pytest.raises(ValueError, match='expected faces of the morphable model toy'):
        suite.evaluate(**{**source, 'data': str(tmp_path)}, count=COUNT)


def test_a_set_must_have_as_many_pictures_as_said():
    with pytest.raises(ValueError, match='count: expected 5 pictures, got 3'):
        sets.gather({}, 5, [np.zeros([2, 8, 8, 3]), np.zeros([1, 8, 8, 3])])


@pytest.mark.parametrize('count, label', [(50000, '50k'), (10000, '10k'), (999, '999'),
                                          (1234, '1234'), (1000, '1k')])
def test_count_in_a_name(count, label):
    assert sets.label(count) == label
