"""The page without a browser: what it answers, and what its server refuses."""

import base64
import io
import json
import pathlib
import re
import socket
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

gr = pytest.importorskip('gradio', reason='the extra demo is not installed')

from tfdisco.demo import face_tab, figures, page, photo_tab  # noqa: E402
from tfdisco.demo.answers import UNEXPECTED, answering  # noqa: E402
from tfdisco.demo.edits import Edits  # noqa: E402
from tfdisco.demo.face_tab import Seen  # noqa: E402
from tfdisco.demo.retoucher import Done, Opened  # noqa: E402
from tfdisco.demo.settings import Expressions, Settings  # noqa: E402
from tfdisco.demo.studio import Drawn  # noqa: E402


class GreyStudio:
    """Draws the yaw as a grey level, once `go` is set."""

    expressions = Expressions.of(['jawOpen', 'tongueOut'])

    def __init__(self):
        self.go, self.asked = threading.Event(), []
        self.go.set()

    def __call__(self, settings):
        self.asked.append(settings)
        assert self.go.wait(60)
        picture = np.full([8, 8, 3], 100 + settings.yaw, np.uint8)
        return Drawn(picture, picture // 2, '{"yaw": "<&>"}')


class GreyRetoucher:
    """Finds as many faces as a file has bytes, and remembers what it was asked."""

    expressions = Expressions.of(['jawOpen', 'mouthSmileLeft', 'mouthSmileRight'])

    def __init__(self):
        self.brought, self.asked = [], []

    def open(self, name, data):
        self.brought.append((name, data))
        points = np.arange(len(data) * 10.0).reshape([-1, 5, 2])
        points[1:2] *= 3  # the largest
        return Opened(name, data, points, {}), np.zeros([8, 9, 3], np.uint8)

    def __call__(self, opened, edits, progress=None):
        self.asked.append(edits)
        progress(1, 2)
        grey = np.zeros([8, 9, 3], np.uint8)
        return Done(grey, grey + 1, grey + 2, {'edited.png': b'png', 'receipt.json': b'{}'}, {
            'remarks': ['<remark>'], 'faces': [], 'note': '', 'figures': '',
            'seconds': {'all': 1}}), opened._replace(known={'1': []})


@pytest.fixture(scope='module')
def served():
    """The studio, the page and its URL."""
    studio = GreyStudio()
    studio.retoucher = GreyRetoucher()
    built = page.build(studio, studio.retoucher)
    url = page.launch(built, port=0)
    yield studio, built, url
    built.close(verbose=False)


def ask(url, data=None, kind='application/json'):
    """(status, text)."""
    request = urllib.request.Request(url, data, {'Content-Type': kind} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(errors='replace')
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors='replace')


def values(**changed):
    """Of all controls."""
    start = {'identity': 0, 'other': 1, 'between': 0, 'noise': 0, 'pitch': 0, 'yaw': 0, 'roll': 0,
             'light': [0, 0], 'strength': 0.7, 'mouth open': 0, 'expressions': {}}
    return {**start, **changed}


def test_controls_are_settings():
    given = values(yaw=20, light=[0.5, -0.5], expressions={'tongueOut': 0.3})
    given['mouth open'] = 0.8
    found = face_tab.settings_of(GreyStudio.expressions, given)
    assert found == Settings(yaw=20, light=(0.5, -0.5),
                             expressions={'tongueOut': 0.3, 'jawOpen': 0.8})
    with pytest.raises(ValueError, match='expressions: expected weights by name, got x'):
        face_tab.settings_of(GreyStudio.expressions, values(expressions='x'))


def test_pictures_and_files_lie_in_the_answer():
    names, seen = list(values()), Seen('', None, None)
    first, seen = face_tab.draw(GreyStudio(), names, '', seen, *values().values())
    answer, seen = face_tab.draw(GreyStudio(), names, 'yaw', seen, *values(yaw=32).values())
    links = re.findall(r'(?:src|href)="data:([^;]+);base64,([^"]+)"', answer)
    assert [kind for kind, _ in links] == ['image/png'] * 4 + ['application/json']
    data = [base64.b64decode(text) for _, text in links]
    pictures = [np.asarray(Image.open(io.BytesIO(png))) for png in data[:4]]
    assert [picture.shape for picture in pictures] == [(8, 8, 3)] * 4
    assert (pictures[0] == 132).all() and (pictures[1] == 66).all()
    assert pictures[2][0, 0].tolist() == [132, 152, 181]  # see studio_test
    assert data[4] == b'{"yaw": "<&>"}' and data[3] == data[0]
    assert 'what “yaw” changed: 32.0 of 255 grey levels' in answer
    assert 'what changes: 0.0 of 255' in first


def test_one_control_moved_on_is_one_change():
    pictures = [np.full([1, 1, 3], level, np.uint8) for level in range(5)]
    seen = Seen().then('', pictures[0])
    compared = []
    for moved, picture in zip(['yaw', 'yaw', 'smile', 'yaw'], pictures[1:]):
        seen = seen.then(moved, picture)
        compared.append((seen.before[0, 0, 0], seen.now[0, 0, 0]))
    assert compared == [(0, 1), (0, 2), (2, 3), (3, 4)]


def test_what_people_write_is_text():
    shown = figures.figures([(np.zeros([1, 1, 3], np.uint8), '<b>', '"')])
    assert '&lt;b&gt;' in shown and 'alt="&quot;"' in shown


def test_errors_are_one_sentence(caplog):
    def fail(error):
        raise error

    for error, text in ((ValueError('yaw: <1>\nTraceback'), 'yaw: &lt;1&gt;'),
                        (OSError('no file'), 'no file'), (KeyError('secret'), UNEXPECTED)):
        with pytest.raises(gr.Error) as caught:
            answering(fail)(error)
        assert caught.value.message == text
    assert 'secret' in caplog.text  # in the log instead
    assert answering(lambda value: value)(3) == 3


def test_a_photograph_is_brought(tmp_path):
    (tmp_path / 'a<b>.jpg').write_bytes(b'12')
    retoucher = GreyRetoucher()
    opened, choice, shown, result = photo_tab.bring(retoucher, str(tmp_path / 'a<b>.jpg'))
    assert retoucher.brought == [('a<b>.jpg', b'12')] and opened.data == b'12' and result == ''
    assert (choice['choices'], choice['value'], choice['visible']) == (['1', '2', 'all'], '2', True)
    assert 'a&lt;b&gt;.jpg: 2 faces' in shown and str(tmp_path) not in shown
    (tmp_path / 'one.jpg').write_bytes(b'1')
    _, choice, shown, _ = photo_tab.bring(retoucher, str(tmp_path / 'one.jpg'))
    assert (choice['value'], choice['visible']) == ('1', False) and 'one face' in shown
    with pytest.raises(ValueError, match='photograph: expected one file'):
        photo_tab.bring(retoucher, None)


def test_controls_are_edits():
    names = ['face', 'frontal', 'yaw', 'pitch', 'roll', 'light', 'strength', 'smile',
             'mouth open', 'tune']
    values, made = ['all', True, -5, 0, 0, 'left', 0.5, -0.5, 0.25, True], []
    retoucher, opened = GreyRetoucher(), Opened('a', b'', np.zeros([0, 5, 2]), {})
    again, shown = photo_tab.edit(retoucher, names, opened,
                                  lambda steps, **_: made.append(steps), *values)
    assert retoucher.asked == [Edits(
        'all', 0, -5, 0, True, 'left', 0.5,
        {'mouthSmileLeft': -0.5, 'mouthSmileRight': -0.5, 'jawOpen': 0.25}, True)]
    assert made == [(1, 2)] and again.known == {'1': []}
    links = dict(re.findall(r'download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', shown))
    assert {name: base64.b64decode(text) for name, text in links.items()} == {
        'edited.png': b'png', 'receipt.json': b'{}'}
    assert '&lt;remark&gt;' in shown
    with pytest.raises(ValueError, match='photograph: expected one, got none yet'):
        photo_tab.edit(retoucher, names, None, None, *values)


def test_only_this_machine_is_listened_to(served):
    port = int(served[2].rsplit(':', 1)[1].strip('/'))
    # Lines of "sl local_address rem_address st", addresses in hexadecimal, 0A for listening.
    lines = [line.split() for name in ('tcp', 'tcp6')
             for line in pathlib.Path('/proc/net', name).read_text().splitlines()[1:]]
    listening = {fields[1] for fields in lines
                 if fields[3] == '0A' and int(fields[1].rsplit(':', 1)[1], 16) == port}
    assert listening == {f'0100007F:{port:04X}'}


@pytest.mark.parametrize('where', ['file=', 'file/', 'proxy=', 'static/', 'assets/'])
def test_no_file_is_read_by_its_path(served, where, tmp_path):
    secret = tmp_path / 'secret.txt'
    secret.write_text('secret')
    for path in (secret, pathlib.Path(__file__), '/etc/passwd', '../setup.py', 'setup.py',
                 '../../../../../../etc/passwd', f'file://{secret}',
                 'http://localhost:1/', '..%2f..%2f..%2f..%2fetc%2fpasswd'):
        for root in ('', 'gradio_api/'):
            status, text = ask(f'{served[2]}{root}{where}{path}')
            assert status >= 400 and 'root:' not in text and 'secret' not in text.replace(
                str(secret), ''), (where, path)


def test_large_uploads_are_refused(served):
    def form(size):
        return (b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
                + bytes(size) + b'\r\n--x--\r\n')

    upload, kind = f'{served[2]}gradio_api/upload', 'multipart/form-data; boundary=x'
    assert ask(upload, form(1000), kind)[0] == 200
    status, text = ask(upload, form(11_000_000), kind)
    assert status == 413 and 'maximum allowed size' in text


def test_no_file_of_the_server_is_taken_for_an_upload(served, tmp_path):
    studio, built, url = served
    number, = [number for number, block in built.fns.items() if block.targets[0][1] == 'upload']
    (tmp_path / 'secret.jpg').write_bytes(b'secret')
    for visitor, path in enumerate(('/etc/passwd', str(tmp_path / 'secret.jpg'),
                                    str(pathlib.Path(__file__)), '../setup.py',
                                    f'{url}gradio_api/file=/etc/passwd')):
        body = {'data': [{'path': path, 'url': path, 'meta': {'_type': 'gradio.FileData'}}],
                'fn_index': number, 'session_hash': f'thief{visitor}'}
        status, _ = ask(f'{url}gradio_api/queue/join', json.dumps(body).encode())
        assert status == 200
        _, told = ask(f'{url}gradio_api/queue/data?session_hash=thief{visitor}')
        assert '"success":false' in told.replace(' ', '') and 'root:' not in told
    assert studio.retoucher.brought == []


def test_the_queue_has_an_end(served):
    studio, built, url = served
    number, = [number for number, block in built.fns.items() if block.targets[0][1] == 'load']

    def join(visitor, **changed):
        body = {'data': [None, *values(**changed).values()], 'fn_index': number,
                'session_hash': f'visitor{visitor}'}
        return ask(f'{url}gradio_api/queue/join', json.dumps(body).encode())

    studio.go.clear()
    try:
        answers = [join(visitor, yaw=1) for visitor in range(page.QUEUE + 4)]
    finally:
        studio.go.set()
    statuses = [status for status, _ in answers]
    assert statuses[:page.QUEUE] == [200] * page.QUEUE and statuses[-1] == 503
    assert 'Queue is full' in answers[-1][1]


def test_a_port_that_is_taken(served):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        with pytest.raises(OSError, match='port'):
            page.launch(page.build(GreyStudio(), GreyRetoucher()), port=taken.getsockname()[1])
