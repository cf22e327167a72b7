"""The perception suite as a whole: where faces come from, and the form of the result."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.data.dotted import photograph, placed
from tests.face3d import toy
from tests.training.perception import rendered
from tfdisco.data.records import folder as records
from tfdisco.metrics import registry
from tfdisco.metrics.perception import rendered_set, suite
from tfdisco.perception.observe import Observation, Perception

RENDERED = {'landmark_percent', 'pose_degrees', 'pose_degrees_95', 'illumination_l1',
            'expression_mm', 'recognition_auc', 'recognition_accuracy', 'hair_iou'}
PHOTOS = {'landmark_percent', 'recognition_auc', 'recognition_accuracy'}


def blind(images):
    """Sees the mean face in each picture, in a graph."""
    batch = tf.shape(images)[0]
    brightness = tf.reduce_mean(images, axis=(1, 2, 3))
    return Observation(tf.stack([tf.cos(brightness), tf.sin(brightness)], axis=1),
                       tf.zeros([batch, toy.model().layout.size]), tf.zeros([batch, 68, 2]),
                       tf.ones_like(images[..., :1]))


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """What `Perception.load` is asked for; it returns `blind`."""
    calls = []
    monkeypatch.setattr(Perception, 'load', lambda *names: calls.append(names) or blind)
    return calls


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Rendered people in 'faces', photographs in 'photos'."""
    folder = tmp_path_factory.mktemp('sets')
    rendered.write(folder / 'faces')
    records.write_card(folder / 'faces', {'kind': 'rendered', 'model': 'toy'})
    (folder / 'photos').mkdir()
    names = [f'{person}_{index}.png' for person in ('ann', 'bob', 'cy') for index in range(3)]
    five = []
    for index, name in enumerate(names):
        five.append(placed(0.6, 3.0 * index, (160 + index, 150)))
        (folder / 'photos' / name).write_bytes(photograph(five[-1], 300, 320, 6.0 + index))
    (folder / 'photos' / names[-1]).write_bytes(b'no picture')
    np.savez(folder / 'photos' / 'landmarks.npz', filename=np.array(names),
             points5=np.array(five), points68=np.random.default_rng(0).uniform(
                 50, 250, (len(names), 68, 2)))
    return folder


def test_form_of_the_result(folder, loaded, tmp_path):
    options = {'data': str(folder / 'faces'), 'model': toy.model(), 'count': 5,
               'recognition': 'dlib'}
    result = registry.run('perception', photos=str(folder / 'photos'),
                          sheets=str(tmp_path / 'sheets'), **options)
    assert loaded == [(toy.model(), 'built-in', 'dlib', 'built-in')]
    assert list(result) == ['rendered', 'photos', 'skipped']
    assert set(result['rendered']) == RENDERED and set(result['photos']) == PHOTOS
    assert result['skipped'] == {'cy_2.png': 'not a picture of a known format'}
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    for part in ('rendered', 'photos'):
        for field in result[part].values():
            assert list(field) == ['value', 'low', 'high', 'count']
            assert field['low'] <= field['value'] <= field['high']
    assert result['rendered']['pose_degrees']['count'] == 5 * rendered.PICTURES
    assert result['rendered']['hair_iou']['value'] == pytest.approx(0.25)  # all is hair
    assert result['photos']['landmark_percent']['count'] == 8
    assert result['photos']['recognition_auc']['count'] == 2 * (3 + 3 + 1)
    for name in ('rendered_worst.png', 'photos_worst.png'):
        assert np.asarray(Image.open(tmp_path / 'sheets' / name)).std() > 10
    text = registry.table('perception', result).splitlines()
    assert len(text) == 1 + len(RENDERED) + len(PHOTOS) + 1
    assert any(line.split()[:2] == ['photos', 'recognition_auc'] for line in text)
    # Without photographs there is no word of them, and the rest is the same.
    assert registry.run('perception', **options) == {'rendered': result['rendered']}


def test_people_are_drawn_unless_given(folder, monkeypatch):
    given = list(rendered_set.stored(folder / 'faces', toy.model(), rendered.PEOPLE))
    monkeypatch.setattr(rendered_set, 'drawn', lambda model, count, seed: given[:4 * count])
    found = suite.evaluate(toy.model(), count=3)['rendered']
    assert found['hair_iou']['count'] == 12


def test_a_figure_without_pairs_is_none(folder):
    result = suite.evaluate(toy.model(), data=str(folder / 'faces'), count=1)
    assert result['rendered']['recognition_auc'] == {'value': None, 'low': None, 'high': None,
                                                     'count': 0}
    row = next(line for line in suite.table(result).splitlines() if 'auc' in line)
    assert row.split() == ['rendered', 'recognition_auc', '-', '-', '..', '-', '0']


def test_errors_come_before_the_work(folder, monkeypatch):
    def never(*_):
        raise AssertionError('measured')

    monkeypatch.setattr(suite.rendered, 'measure', never)
    for options, message in (({'count': 0}, 'count: expected a positive integer'),
                             ({'photos': str(folder / 'faces')}, 'landmarks.npz'),
                             ({'data': str(folder / 'nowhere')}, 'nowhere')):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            suite.evaluate(toy.model(), **{'data': str(folder / 'faces'), **options})
