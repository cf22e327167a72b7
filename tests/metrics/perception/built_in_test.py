"""The perception networks that ship do what their cards say, on people never trained on."""

import json
import pathlib

import pytest

from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.metrics.perception import suite
from tfdisco.perception import weights_file

KINDS = ('reconstruction', 'recognition', 'parsing')


def card(kind):
    path = pathlib.Path(weights_file.built_in(kind)).with_suffix('.json')
    return json.loads(path.read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def measured():
    return suite.evaluate(MorphableModel.load('open_head'), count=20)['rendered']


@pytest.mark.parametrize('kind', KINDS)
def test_cards_tell_of_the_files_beside_them(kind):
    path = pathlib.Path(weights_file.built_in(kind))
    found = card(kind)
    assert (found['file'], found['bytes']) == (path.name, path.stat().st_size)
    stored = weights_file.read(path)
    assert stored.kind == kind and stored.licence == found['licence']
    assert found['figures'] and f'--network={kind}' in found['command'] and found['seconds'] > 0


def test_together_they_are_small():
    sizes = [pathlib.Path(weights_file.built_in(kind)).stat().st_size for kind in KINDS]
    assert sum(sizes) < 16e6


@pytest.mark.parametrize('kind, figure, field', [
    ('reconstruction', 'plain/landmarks_percent', 'landmark_percent'),
    ('reconstruction', 'plain/pose_degrees', 'pose_degrees')])
def test_errors_are_those_of_the_card(measured, kind, figure, field):
    # 80 pictures; a few faces in profile make up much of the mean.
    assert measured[field]['value'] < 1.5 * card(kind)['figures'][figure]


def test_people_and_hair_are_told_apart(measured):
    recognition, parsing = (card(kind)['figures'] for kind in KINDS[1:])
    missing = 1 - recognition['plain/recognition_auc']
    assert 1 - measured['recognition_auc']['value'] < 2 * missing + 0.05
    assert measured['hair_iou']['value'] > parsing['plain/hair_iou'] - 0.1
