"""The suite `editing` on photographs of discs, with a tiny editor."""

import numpy as np
import pytest

from tests.data import dotted
from tests.editing import small
from tests.face3d import toy
from tfdisco.metrics.editing import photo_source, suite


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('photos')
    (folder / 'detections').mkdir()
    for index, person in enumerate(('ann', 'ann', 'bob', 'bob', 'eve')):
        points = dotted.placed(0.6, 4 * index, (150, 140))
        name = f'{person}_{index}'
        (folder / f'{name}.png').write_bytes(dotted.photograph(points, 280, 300, 6 + index))
        (folder / f'detections/{name}.txt').write_text(
            '\n'.join(f'{x} {y}' for x, y in points))
    (folder / 'text_9.jpg').write_text('nothing')
    return str(folder)


def test_figures_of_every_method(folder, monkeypatch):
    editor = small.editor()
    judge = small.Glance()
    monkeypatch.setattr(suite.PhotoEditor, 'load', lambda *_, **__: editor)
    monkeypatch.setattr(suite.Recognition, 'load', lambda name: judge)
    monkeypatch.setattr(suite, 'LIGHTS', ('left',))
    found = suite.evaluate(folder, count=6, methods='coefficients,optimised', judge='dlib',
                           identity_pattern='(.*)_[0-9]+', edited=2)
    assert found['about'] == {'photos': 5, 'skipped': 1, 'mesh': None}
    for method in ('coefficients', 'optimised'):
        part = found[method]
        assert part['psnr']['count'] == 5 and part['seconds'] > 0
        assert -1 <= part['identity_dlib']['value'] <= 1
        assert set(part['edits']) == {*(f'yaw {angle:+d}' for angle in suite.YAWS), 'light left',
                                      'expression open', 'expression smile'}
        for name, row in part['edits'].items():
            drifts = {key for key in row if key.startswith('drift_')}
            assert row['miss']['count'] == 2 and len(drifts) == 2, name
        assert 0 <= part['frontal']['dlib_after']['value'] <= 1
    assert abs(found['optimised']['psnr']['value']
               - found['coefficients']['psnr']['value']) > 1e-3  # searched, or not
    text = suite.table(found)
    assert 'optimised edits yaw +15 miss' in text and '5 photographs, 1 without' in text


def test_edits_ask_for_what_they_say():
    model = toy.model()
    wanted = suite.edits(model)
    people = toy.people(model, 1)
    yaw = model.layout.slices['pose'].start + 1
    for angle in suite.YAWS:
        moved = wanted[f'yaw {angle:+d}'](people)[0, yaw] - people[0, yaw]
        assert np.degrees(moved) == pytest.approx(angle, abs=1e-3)


def test_people_with_two_photographs_come_first(folder):
    _, people = photo_source.faces(folder, small.editor(), 4, 0, '(.*)_[0-9]+')
    assert sorted(np.unique(people, return_counts=True)[1]) == [2, 2]


def test_wrong_arguments_are_refused(tmp_path):
    for fields, message in (({}, 'photos: expected a folder of photographs, got none'),
                            ({'photos': 'x', 'methods': 'best'}, 'methods: expected one of'),
                            ({'photos': 'x', 'methods': 'encoder'}, 'encoder: expected a file')):
        with pytest.raises(ValueError, match=message):
            suite.evaluate(**fields)
    with pytest.raises(FileNotFoundError, match='photos: expected a folder or .tar, got none at'):
        photo_source.faces(str(tmp_path / 'none'), None, 1, 0)
