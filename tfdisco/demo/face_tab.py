"""The tab of faces that do not exist: a control for each factor, the pictures beside them."""

import functools
from typing import NamedTuple, Optional

import gradio as gr
import numpy as np

from tfdisco.demo import figures, widgets
from tfdisco.demo.answers import answering
from tfdisco.demo.settings import MOST, SEEDS, STRONGEST, Settings
from tfdisco.demo.studio import LARGEST_CHANGE, change

START = Settings()
REST = 'other units of expression'
DIE = '⚄'
ANGLES = 'yaw', 'pitch', 'roll'  # what is moved most first
_ROLL = f'Math.floor(Math.random() * {SEEDS})'


class Seen(NamedTuple):
    """What one visitor saw, to be compared with.

    moved: the control that was moved last.
    before: uint8 [H, W, 3], the face before it was; None at first.
    now: the face now.
    """

    moved: str = ''
    before: Optional[np.ndarray] = None
    now: Optional[np.ndarray] = None

    def then(self, moved, face):
        """After `moved` made it `face`: one control moved on and on is one change."""
        before = self.before if moved == self.moved else self.now
        return Seen(moved, face if before is None else before, face)


def build(studio):
    """Makes the tab inside a `gr.Blocks`; returns its `load`, the listener that fills it."""
    seen = gr.State(Seen(), time_to_live=3600)
    with gr.Row():
        with gr.Column(min_width=280, elem_classes='pictures'):
            shown = gr.HTML(elem_id='shown')
            with gr.Row():
                new = gr.Button(f'{DIE} new face', size='sm', min_width=80, elem_id='new')
                reset = gr.Button('reset', size='sm', min_width=80, elem_id='reset')
        with gr.Column(min_width=280):
            controls, locks, others, dice = _controls(studio.expressions)
    names, inputs = list(controls), list(controls.values())

    def listen(trigger, moved):
        return trigger(
            answering(functools.partial(draw, studio, names, moved)), [seen, *inputs],
            [shown, seen], trigger_mode='always_last', show_progress='hidden',
            concurrency_id='draw', api_visibility='private')

    for name, control in controls.items():
        listen(control.input, REST if name == 'expressions' else name)
    for name, button in dice.items():
        listen(button.click(None, None, controls[name], js=f'() => {_ROLL}').then, name)
    rolled = new.click(
        None, [controls['identity'], locks['identity'], controls['noise'], locks['noise']],
        [controls['identity'], controls['noise']],
        js=f'(a, held, b, kept) => [held ? a : {_ROLL}, kept ? b : {_ROLL}]')
    listen(rolled.then, 'new face')
    start = [_start(name) for name in names]
    listen(reset.click(lambda: start, None, inputs, api_visibility='private').then, 'reset')
    for name, lock in locks.items():
        lock.input(functools.partial(_hold, len(others[name])), lock, others[name],
                   api_visibility='private', show_progress='hidden')
    return lambda page: listen(page.load, '')


def draw(studio, names, moved, seen, *values):
    """One answer: the pictures as HTML, and what has been `Seen` now.

    Args:
      studio: the `Studio`.
      names: of the controls whose values follow.
      moved: which of them was moved.
      seen: `Seen` before.
      *values: of the controls.

    Raises:
      ValueError: on a value that cannot be drawn.
    """
    drawn = studio(settings_of(studio.expressions, dict(zip(names, values))))
    seen = seen.then(moved, drawn.face)
    return page_of(drawn, seen), seen


def settings_of(expressions, values):
    """`Settings` of {control: value}; a slider of a known expression moves all of its units."""
    weights = values.pop('expressions')
    if not isinstance(weights, dict):
        raise ValueError(f'expressions: expected weights by name, got {str(weights)[:40]}')
    weights = dict(weights)
    for label, units in expressions.known.items():
        weight = values.pop(label)
        weights.update({unit: weight for unit in units})
    return Settings(**values, expressions=weights)


def page_of(drawn, seen):
    """HTML of what was `Drawn`, of what changed, and of the files to take along."""
    picture, grey = change(seen.before, seen.now)
    of = f'what “{seen.moved}” changed' if seen.moved else 'what changes'
    pictures = [(drawn.face, 'generated', 'generated face')]
    if drawn.rendered is not None:
        pictures.append((drawn.rendered, '3D face of these settings', 'rendered 3D face'))
    pictures.append((picture, f'{of}: {grey:.1f} of 255 grey levels in the mean',
                     f'map of changes, dark where {LARGEST_CHANGE} grey levels or more'))
    return figures.figures(pictures) + figures.downloads([
        ('face.png', 'image/png', figures.png(drawn.face), 'PNG'),
        ('face.json', 'application/json', drawn.text.encode(), 'settings, JSON')])


def _controls(expressions):
    """{setting or label: component}, {lock}, {lock: what it holds}, {setting: dice}."""
    controls, locks, others, dice = {}, {}, {}, {}

    def number(name, label, locked):
        with gr.Row(equal_height=True):
            controls[name] = gr.Number(_start(name), label=label, precision=0, minimum=0,
                                       maximum=SEEDS - 1, min_width=120, elem_id=name)
            dice[name] = gr.Button(DIE, scale=0, min_width=50, elem_id=f'{name}-dice')
            if locked:
                locks[name] = gr.Checkbox(label='lock', scale=0, min_width=90,
                                          elem_id=f'{name}-lock')
                others[name] = [controls[name], dice[name]]

    def slider(name, label, least, most, step):
        controls[name] = gr.Slider(least, most, _start(name), step=step, label=label,
                                   elem_id=name.replace(' ', '-'))

    with gr.Accordion('Who'):
        number('identity', 'identity', True)
        number('other', 'another identity', False)
        slider('between', 'between the two', 0, 1, 0.01)
        number('noise', 'noise: all that is left open', True)
    with gr.Accordion('Pose and light'):
        for angle in ANGLES:
            slider(angle, f'{angle}, degrees', -MOST[angle], MOST[angle], 1)
        with gr.Row():
            controls['light'] = widgets.light_pad()
            slider('strength', 'its strength', 0, STRONGEST, 0.05)
    if expressions.known:
        with gr.Accordion('Expression'):
            for label in expressions.known:
                slider(label, label, 0, 1, 0.05)
    with gr.Accordion(f'All {REST}', open=False, visible=bool(expressions.rest)):
        controls['expressions'] = widgets.drawer(expressions.rest)
    return controls, locks, others, dice


def _start(name):
    value = getattr(START, name, 0)
    return list(value) if isinstance(value, tuple) else value


def _hold(count, locked):
    return [gr.update(interactive=not locked) for _ in range(count)]
