"""Photographs brought to the page: what is edited is what scripts/edit.py edits."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.data import dotted
from tests.editing import small
from tfdisco.data.photographs import points as photo_points
from tfdisco.demo import figures, receipts
from tfdisco.demo.edits import AS_IT_IS, Edits
from tfdisco.demo.retoucher import Retoucher
from tfdisco.editing import edit_run, receipt

JUDGES = {'dlib': 'not imported; get it'}
LEFT, RIGHT = dotted.placed(0.5, 3, (90, 110)), dotted.placed(0.6, -4, (260, 120))


@pytest.fixture(scope='module')
def data():
    rough = Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 18, 3), np.uint8))
    file = io.BytesIO()
    rough.resize((360, 240), Image.Resampling.BICUBIC).save(file, 'PNG')
    return file.getvalue()


@pytest.fixture(scope='module')
def editor():
    return small.editor()


@pytest.fixture(scope='module')
def retoucher(editor):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipt, 'load_judges', lambda: JUDGES)
        yield Retoucher(editor.model, lambda: editor)


@pytest.fixture
def faces(monkeypatch):
    """The points that are detected, from right to left."""
    found = [RIGHT, LEFT]
    monkeypatch.setattr(photo_points, 'detect', lambda *_: np.stack(found))
    return found


def test_faces_are_found_framed_and_numbered(retoucher, data, faces):
    opened, picture = retoucher.open('group.png', data)
    np.testing.assert_array_equal(opened.points, [LEFT, RIGHT])
    assert opened.choices == ['1', '2', 'all'] and opened.largest == '2'
    plain = np.asarray(Image.open(io.BytesIO(data)))
    assert picture.shape == plain.shape
    changed = np.abs(picture.astype(int) - plain).max(axis=-1) > 0
    for five in (LEFT, RIGHT):
        x, y = five.mean(axis=0).astype(int)
        half = int(np.ptp(five, axis=0).max() * figures.FRAME_SIZE)
        assert picture[y, x - half].tolist() == list(figures.FRAME) and not changed[y, x]
        assert changed[y - half + 4:y - half + 18, x - half + 4:x - half + 18].all()
    del faces[0]
    assert retoucher.open('one.png', data)[0].choices == ['1']
    faces *= 9
    assert retoucher.open('crowd.png', data)[0].choices == list('123456789')


def test_what_is_no_photograph_is_refused(retoucher, data, faces):
    for name, content, message in (
            ('text.jpg', b'nothing', 'text.jpg: expected a photograph, got one that cannot be '
             'used: not a picture'), ('half.png', data[:2000], 'half.png: .* broken PNG')):
        with pytest.raises(ValueError, match=message):
            retoucher.open(name, content)
    small_one = Retoucher(small.editor().model, small.editor, megapixels=0.01)
    with pytest.raises(ValueError, match='too large: 360 x 240 pixels, expected at most 0.01'):
        small_one.open('a.png', data)


def test_no_face_is_refused(retoucher, data, monkeypatch):
    monkeypatch.setattr(photo_points, 'detect', lambda *_: np.zeros([0, 5, 2]))
    with pytest.raises(ValueError, match='a.png: expected a photograph of a face'):
        retoucher.open('a.png', data)


def test_an_edit_is_that_of_the_script(retoucher, editor, data, faces, tmp_path):
    opened, _ = retoucher.open('group.png', data)
    steps = []
    edits = Edits('2', yaw=-20, light='left', strength=0.5, expressions={'open': 0.3}, tune=True)
    done, again = retoucher(opened, edits, lambda *made: steps.append(made))
    assert steps == [(number, 5) for number in range(1, 6)]  # 3 of the search, 2 of tuning
    assert editor.steps(9) == 2 * 3 and editor.steps(9, True) == 2 * 3 + 9 * 2
    (tmp_path / 'group.png').write_bytes(data)
    wanted = edit_run.EditRun(
        str(tmp_path / 'group.png'), 'yaw=+-20deg,light=left:0.5,open=+0.3', face='2', tune=True,
        points=lambda _: np.stack(faces))
    expected = edit_run.run(wanted, editor, tmp_path / 'out', JUDGES)
    assert sorted(done.files) == sorted(path.name for path in (tmp_path / 'out').iterdir())
    for name in (edit_run.EDITED, edit_run.SHEET):
        assert done.files[name] == (tmp_path / 'out' / name).read_bytes()
    for one in (done.receipt, expected):
        one.pop('seconds')
    assert done.receipt == expected
    assert json.loads(done.files[edit_run.RECEIPT])['asked_for'] == {
        'set': 'yaw=+-20deg,light=left:0.5,open=+0.3', 'face': '2', 'tune': True}
    assert done.before.shape == done.after.shape == (240, 360, 3)
    assert np.abs(done.after.astype(int) - done.before).max() > 20
    # That face is known from then on, and others are not.
    other, _ = retoucher(again, Edits('2', frontal=True, tune=True),
                         lambda *_: pytest.fail('a step'))
    assert other.receipt['asked_for'] == {'frontal': True, 'face': '2', 'tune': True}
    retoucher(again, Edits('1', frontal=True), lambda *made: steps.append(made))
    assert steps[5:] == [(number, 3) for number in range(1, 4)]


def test_edits_that_are_none():
    assert Edits(pitch=1.5, expressions={'open': -0.25, 'smile': 0.0}).set == (
        'pitch=+1.5deg,open=+-0.25')
    assert Edits(frontal=True, light=AS_IT_IS).set == ''
    for fields, message in (
            ({}, 'expected something to change, got every control'),
            ({'strength': 0.5}, 'expected something to change'),
            ({'yaw': 50}, 'yaw: expected a number from -45 to 45, got 50'),
            ({'yaw': '5,open=3'}, "yaw: expected a number .*, got '5,open=3'"),
            ({'light': 'within'}, "light: expected one of .*, got 'within'"),
            ({'face': '1; 2', 'yaw': 1}, "face: expected all, largest or a number, got '1; 2'"),
            ({'tune': 'x', 'yaw': 1}, "tune: expected yes or no, got 'x'"),
            ({'expressions': {'open': 2}}, 'expressions: open: expected a number from -1 to 1')):
        with pytest.raises(ValueError, match=message):
            Edits(**fields)


def test_a_receipt_is_a_table_of_text():
    face = {'face': 2, 'reached': False, 'tuned': True, 'reconstruction': {'psnr': 19.04},
            'beyond_range': ['yaw: 89 <is> beyond'],
            'asked': {'yaw': {'requested': -20.0, 'achieved': -18.44, 'unit': 'degrees'},
                      'illumination': {'requested': 1.0, 'achieved': 0.913,
                                       'unit': 'share of the way'}},
            'drift': {'expression': {'value': 1.25, 'two_people': 3.0, 'unit': 'mm'}},
            'identity': {'dlib': {'before': 0.7, 'after': 0.61, 'two_people': 0.3},
                         'other': 'not imported; <b>'}}
    shown = receipts.page_of({'remarks': ['greyscale, <edited>'], 'faces': [face], 'note': 'made',
                              'figures': 'seen', 'seconds': {'all': 12.3}})
    for text in ('greyscale, &lt;edited&gt;', '89 &lt;is&gt; beyond', '12 s.',
                 'face 2: not within the tolerance, reconstruction 19.0 dB, tuned',
                 '<td>yaw, degrees</td><td>-20.0</td><td colspan="2">-18.4</td>',
                 '<td>illumination, share of the way</td><td>1.00</td><td colspan="2">0.91</td>',
                 '<td>expression, mm</td><td>1.2</td><td colspan="2">3.0</td>',
                 '<td>dlib</td><td>0.70</td><td>0.61</td><td colspan="1">0.30</td>',
                 '<td>other</td><td colspan="3">not imported; &lt;b&gt;</td>'):
        assert text in shown, text
