"""The page in a real browser, as people use it."""

import io
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data import dotted
from tests.editing import small as editing
from tests.training.gan import small
from tfdisco.data.photographs import points as photo_points
from tfdisco.editing import receipt

pytest.importorskip('gradio', reason='the extra demo is not installed')
sync_api = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')
CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not CHROMIUM, reason='there is no chromium here (apt install chromium)')]
FACES = np.stack([dotted.placed(2.0, 3, (400, 500)), dotted.placed(2.5, -4, (1100, 560))])
PATIENCE = 300_000  # milliseconds, of a machine that is busy


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    from tfdisco.editing.face_generator import FaceGenerator
    folder = tmp_path_factory.mktemp('demo')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    return FaceGenerator.load(folder / 'g.npz')


@pytest.fixture(scope='module')
def url(faces):
    from tfdisco.demo import page
    from tfdisco.demo.retoucher import Retoucher
    from tfdisco.demo.studio import Studio
    editor = editing.editor()
    with pytest.MonkeyPatch.context() as patch:
        # mtcnn finds faces in tests of its own; here a photograph shows two.
        patch.setattr(photo_points, 'detect', lambda *_: FACES)
        patch.setattr(receipt, 'load_judges', lambda: {'dlib': 'not imported'})
        built = page.build(Studio(faces), Retoucher(editor.model, lambda: editor))
        yield page.launch(built, port=0)
        built.close(verbose=False)


@pytest.fixture(scope='module')
def photograph(tmp_path_factory):
    """A file of 1600 x 1200 pixels, a PNG of which has some MB."""
    path = tmp_path_factory.mktemp('photograph') / 'group.jpg'
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600, 3), np.uint8)
    Image.fromarray(noise).save(path, quality=95)
    return path


@pytest.fixture(scope='module')
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox'] if os.geteuid() == 0 else [])
        yield started
        started.close()


@pytest.fixture
def tab(browser, url):
    """The page, opened, once the first face is there; it must ask no other server."""
    opened = browser.new_page(viewport={'width': 1000, 'height': 900}, accept_downloads=True)
    opened.set_default_timeout(PATIENCE)
    foreign, broken = [], []
    opened.on('request', lambda request: foreign.append(request.url)
              if not request.url.startswith((url, 'data:')) else None)
    opened.on('pageerror', lambda error: broken.append(str(error)))
    opened.goto(url)
    opened.wait_for_selector('#shown img')
    yield opened
    opened.close()
    assert foreign == [] and broken == []


def faces_after(tab, act):
    """The pictures' sources before, and after `act` has changed the generated one."""
    def sources():
        return tab.eval_on_selector_all('#shown img', 'all => all.map(image => image.src)')

    before = sources()
    act()
    tab.wait_for_function(
        'source => document.querySelector("#shown img").src != source', arg=before[0])
    return before, sources()


def press(tab, where, key):
    tab.locator(where).focus()
    tab.keyboard.press(key)


def test_a_slider_moves_the_face_by_keys_alone(tab):
    before, after = faces_after(tab, lambda: press(tab, '#yaw input[type=range]', 'ArrowRight'))
    assert len(before) == 3 and all(one != other for one, other in zip(before, after))
    assert 'what “yaw” changed' in tab.inner_text('#shown')


def test_the_pad_follows_keys_and_pointer(tab):
    faces_after(tab, lambda: press(tab, '#light .pad', 'ArrowLeft'))
    assert tab.evaluate('document.activeElement.className') == 'pad'  # keys go on
    tab.locator('#light .pad').scroll_into_view_if_needed()
    faces_after(tab, lambda: tab.click('#light .pad', position={'x': 10, 'y': 20}))
    assert 'what “light” changed' in tab.inner_text('#shown')


def test_the_drawer_and_back(tab):
    before, changed = faces_after(tab, lambda: (
        tab.get_by_text('All other units of expression').click(),
        press(tab, '#drawer input[name=smile]', 'End')))
    assert before[1] != changed[1]
    _, after = faces_after(tab, lambda: tab.click('#reset'))
    assert after[:2] == before[:2]
    assert tab.input_value('#drawer input[name=smile]') == '0'


def test_a_lock_holds_against_the_die(tab):
    tab.click('#identity-lock input')
    tab.wait_for_selector('#identity-dice:disabled')
    noise = tab.input_value('#noise input')
    faces_after(tab, lambda: tab.click('#new'))
    assert tab.input_value('#identity input') == '0'
    assert tab.input_value('#noise input') != noise
    tab.click('#identity-lock input')
    tab.wait_for_selector('#identity-dice:enabled')
    faces_after(tab, lambda: tab.click('#identity-dice'))
    assert tab.input_value('#identity input') != '0'


def test_between_two_identities(tab):
    before, after = faces_after(
        tab, lambda: press(tab, '#between input[type=range]', 'End'))
    assert before[1] != after[1] and tab.input_value('#between input[type=number]') == '1'


def test_downloads_are_the_face_that_is_shown(tab, faces, tmp_path):
    faces_after(tab, lambda: press(tab, '#roll input[type=range]', 'ArrowRight'))
    for name in ('face.png', 'face.json'):
        with tab.expect_download() as download:
            tab.click(f'#shown a[download="{name}"]')
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    from tfdisco.editing import generation
    z, coefficients = generation.read_faces(tmp_path / 'face.json', faces, 0)
    picture = np.asarray(Image.open(io.BytesIO((tmp_path / 'face.png').read_bytes())))
    np.testing.assert_array_equal(faces(z, coefficients=coefficients)[0], picture)
    assert json.loads((tmp_path / 'face.json').read_text())['settings']['roll'] == 1


def test_a_wrong_number_is_one_sentence(tab):
    tab.fill('#identity input', '5000000')
    message = tab.locator('.toast-body').first
    message.wait_for()
    assert '999999' in message.inner_text() and 'Traceback' not in message.inner_text()
    faces_after(tab, lambda: tab.fill('#identity input', '12'))


def bring(tab, path):
    tab.get_by_role('tab', name='Photograph').click()
    tab.set_input_files('#photograph input[type=file]', path)


def told(tab):
    """The text of the message that appears."""
    message = tab.locator('.toast-body').first
    message.wait_for()
    text = message.inner_text()
    tab.locator('.toast-close').first.click()
    assert 'Traceback' not in text and '/tmp' not in text
    return text


def test_a_photograph_is_edited(tab, photograph, tmp_path):
    bring(tab, photograph)
    tab.wait_for_selector('#found img')
    assert 'group.jpg: 2 faces' in tab.inner_text('#found')
    assert tab.locator('#which input[type=radio]').evaluate_all(
        'all => all.map(one => [one.value, one.checked])') == [
            ['1', False], ['2', True], ['all', False]]
    tab.click('#edit')  # nothing is moved
    assert 'expected something to change' in told(tab)
    tab.check('#which input[value="1"]')
    press(tab, '#photo-yaw input[type=range]', 'ArrowLeft')
    tab.check('#frontal input')
    tab.click('#edit')
    tab.wait_for_selector('#edited img')
    assert tab.locator('#edited img').count() == 3
    assert 'face 1: ' in tab.inner_text('#edited') and 'yaw' in tab.inner_text('#edited table')
    for name in ('edited.png', 'receipt.json'):
        with tab.expect_download() as download:
            tab.click(f'#edited a[download="{name}"]')
        download.value.save_as(tmp_path / name)
    with Image.open(tmp_path / 'edited.png') as edited:
        assert edited.size == (1600, 1200) and 'generated by tfdisco' in edited.text['Comment']
    assert (tmp_path / 'edited.png').stat().st_size > 3e6
    assert json.loads((tmp_path / 'receipt.json').read_text())['asked_for'] == {
        'set': 'yaw=+-1deg', 'frontal': True, 'face': '1'}


def test_files_that_are_refused(tab, photograph, tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(photograph.read_bytes()[:100_000])
    bring(tab, tmp_path / 'broken.jpg')
    assert 'broken.jpg: expected a photograph' in told(tab)
    with open(tmp_path / 'large.jpg', 'wb') as file:
        file.truncate(100_000_000)
    tab.reload()
    tab.wait_for_selector('#shown img')
    bring(tab, tmp_path / 'large.jpg')
    assert 'maximum allowed size' in told(tab)
    assert tab.locator('#found img').count() == 0
    tab.click('#edit')
    assert 'choose a file first' in told(tab)


def test_a_small_screen_needs_no_scrolling_aside(browser, url):
    opened = browser.new_page(viewport={'width': 360, 'height': 640})
    opened.set_default_timeout(PATIENCE)
    opened.goto(url)
    opened.wait_for_selector('#shown img')
    assert opened.evaluate('document.documentElement.scrollWidth') <= 360
    opened.locator('#roll').scroll_into_view_if_needed()
    box = opened.locator('#shown img').first.bounding_box()
    assert 0 <= box['y'] < 300, 'the face stays in sight'
    opened.close()
