"""Pictures of the page for docs/demo.md, and how long a slider's move takes.

    python -m tests.demo.screenshots

Takes Debian's chromium and the extras demo and browser. The photograph is two rendered people.
"""

import io
import os
import pathlib
import shutil
import statistics
import tempfile
import time

from PIL import Image
from playwright import sync_api

from tfdisco.demo import page
from tfdisco.demo.retoucher import Retoucher
from tfdisco.demo.studio import Studio
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.photo_editor import PhotoEditor
from tfdisco.perception.observe import Perception

DOCS = pathlib.Path(__file__).resolve().parents[2] / 'docs'
PEOPLE = (344, 480, 570, 592)  # two of people.png, left to right
MOVES, PATIENCE = 20, 1_800_000  # of the slider; milliseconds
CHANGED = 'old => document.querySelector("#shown img").src != old'


def photograph(folder):
    """The path of two people, enlarged."""
    with Image.open(DOCS / 'people.png') as people:
        two = people.convert('RGB').crop(PEOPLE)
    path = os.path.join(folder, 'two.png')
    two.resize([4 * edge for edge in two.size], Image.Resampling.BICUBIC).save(path)
    return path


def press(tab, where, keys):
    """Presses keys at a slider, and waits for the face; seconds of each."""
    seconds = []
    tab.locator(where).focus()
    for key in keys:
        before = tab.get_attribute('#shown img >> nth=0', 'src')
        started = time.perf_counter()
        tab.keyboard.press(key)
        tab.wait_for_function(CHANGED, arg=before, polling='raf')
        seconds.append(time.perf_counter() - started)
    return seconds


def save(tab, name, **options):
    """Writes the page, from its top, as docs/NAME.png of 256 colours."""
    tab.evaluate('window.scrollTo(0, 0)')
    picture = Image.open(io.BytesIO(tab.screenshot(**options))).convert('RGB')
    picture.quantize(256, dither=Image.Dither.NONE).save(DOCS / f'{name}.png', optimize=True)


def show(tab, url, folder):
    """Uses both tabs."""
    tab.goto(url)
    tab.wait_for_selector('#shown img')
    moves = press(tab, '#yaw input[type=range]', ['ArrowRight'] * MOVES)
    print(f'a slider move: {1e3 * statistics.median(moves):.0f} ms in the median, '
          f'{1e3 * min(moves):.0f} to {1e3 * max(moves):.0f}')
    press(tab, '#smile input[type=range]', ['End'])
    press(tab, '#light .pad', ['ArrowLeft'])
    save(tab, 'demo_face')
    tab.get_by_role('tab', name='Photograph').click()
    tab.set_input_files('#photograph input[type=file]', photograph(folder))
    tab.wait_for_selector('#found img')
    tab.locator('#photo-yaw input[type=range]').focus()
    for _ in range(15):
        tab.keyboard.press('ArrowRight')
    started = time.perf_counter()
    tab.click('#edit')
    tab.wait_for_selector('#edited img')
    print(f'an edit: {time.perf_counter() - started:.0f} s')
    save(tab, 'demo_photograph', full_page=True)


def main():
    """Serves the page, and uses it."""
    faces = FaceGenerator.load()
    built = page.build(Studio(faces), Retoucher(faces.model, lambda: PhotoEditor(
        faces, Perception.load(faces.model))))
    url = page.launch(built, port=0)
    with sync_api.sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which('chromium'),
            args=['--no-sandbox'] if os.geteuid() == 0 else [])
        tab = browser.new_page(viewport={'width': 900, 'height': 900})
        tab.set_default_timeout(PATIENCE)
        show(tab, url, folder)
        browser.close()
    built.close(verbose=False)


if __name__ == '__main__':
    main()
