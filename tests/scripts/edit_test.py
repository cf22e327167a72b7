"""scripts/edit.py as a user calls it."""

import json

import pytest
from PIL import Image

from tests.data import dotted
from tests.scripts.command_line import run_all
from tests.training.gan import small


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('edit')
    source = small.write(folder)
    small.write_generator(folder / 'g.npz', source)
    points = dotted.placed(0.6, 4, (150, 140))
    (folder / 'a.png').write_bytes(dotted.photograph(points, 280, 300))
    (folder / 'detections').mkdir()
    (folder / 'detections/a.txt').write_text('\n'.join(f'{x} {y}' for x, y in points))
    (folder / 'text.png').write_text('nothing')
    given = ['--snapshot=g.npz', '--landmarks=.', '--steps=2', '--rounds=2', *(
        f'--{kind}={source[kind]}' for kind in ('reconstruction', 'recognition', 'parsing'))]
    return folder, run_all('edit.py', {
        'edit': ['--photo=a.png', '--out=edited', '--set=yaw=+5deg,open=0.3', *given],
        'nothing': ['--photo=a.png', '--out=x', *given],
        'name': ['--photo=a.png', '--out=x', '--set=opn=1', *given],
        'no photo': ['--photo=none.png', '--out=x', '--frontal', *given],
        'text': ['--photo=text.png', '--out=x', '--frontal', *given],
        'snapshot': ['--photo=a.png', '--out=x', '--frontal', '--snapshot=text.png'],
        'encoder': ['--photo=a.png', '--out=x', '--frontal', '--encoder=e.npz', *given],
    }, folder)


def test_a_photograph_is_edited(runs):
    folder, results = runs
    status, stdout, stderr = results['edit']
    assert status == 0, stderr
    assert 'face 1: pitch' in stdout and 'wrote edited in' in stdout
    assert {path.name for path in (folder / 'edited').iterdir()} == {
        'edited.png', 'faces.png', 'face-1.npz', 'receipt.json'}
    assert Image.open(folder / 'edited/edited.png').size == (300, 280)
    stored = json.loads((folder / 'edited/receipt.json').read_text())
    assert set(stored['faces'][0]['asked']) == {'pitch', 'yaw', 'roll', 'expression'}


@pytest.mark.parametrize('name, message', [
    ('nothing', 'edit: expected something to change, got nothing: pass --set'),
    ('name', 'did you mean open?'), ('no photo', 'edit: photo: expected a file, got none at none'),
    ('text', 'edit: text.png: expected a photograph, got one that cannot be used: not a picture'),
    ('snapshot', 'edit: text.png: expected a generator .npz'),
    ('encoder', 'edit: encoder: expected a file, got none at e.npz; train one with')])
def test_errors_are_one_line_and_leave_nothing(runs, name, message):
    folder, results = runs
    status, _, stderr = results[name]
    lines = [line for line in stderr.splitlines() if line.startswith('edit: ')]
    assert status == 1 and len(lines) == 1 and message in lines[0]
    assert 'Traceback' not in stderr and not (folder / 'x').exists()
