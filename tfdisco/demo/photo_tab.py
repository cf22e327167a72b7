"""The tab of photographs: one is brought, its faces are edited, a receipt says how well."""

import functools
import os

import gradio as gr

from tfdisco.demo import face_tab, figures, receipts
from tfdisco.demo.answers import answering
from tfdisco.demo.edits import AS_IT_IS, BRIGHTEST, Edits
from tfdisco.demo.settings import MOST
from tfdisco.editing import edit_run
from tfdisco.face3d import lighting

START = Edits(frontal=True)  # any edit; its other fields are the defaults
FILE = 'photograph'
SEARCHING, DRAWING = 'looking for the face', 'drawing it'
PROGRESS = gr.Progress()  # gradio takes such a default for the place of its own
REMEMBERED = 3600  # seconds that a photograph is


def build(retoucher):
    """Makes the tab inside a `gr.Blocks`."""
    brought = gr.State(None, time_to_live=REMEMBERED)
    with gr.Row():
        with gr.Column(min_width=280):
            file = gr.File(label='a photograph', file_types=['image'], height=120,
                           elem_id='photograph')
            face = gr.Radio([], label='which face', visible=False, elem_id='which')
            controls = _controls(retoucher.expressions)
            go = gr.Button('edit', variant='primary', elem_id='edit')
        with gr.Column(min_width=280):
            found = gr.HTML(elem_id='found')
            edited = gr.HTML(elem_id='edited', min_height=140)
    names = ['face', *controls]
    file.upload(
        answering(functools.partial(bring, retoucher)), file, [brought, face, found, edited],
        concurrency_id='find', api_visibility='private')
    file.clear(lambda: (None, gr.update(visible=False), '', ''), None,
               [brought, face, found, edited], api_visibility='private')
    go.click(
        answering(functools.partial(edit, retoucher, names)), [brought, face, *controls.values()],
        [brought, edited], concurrency_id='edit', trigger_mode='once',
        api_visibility='private', show_progress_on=edited)


def bring(retoucher, path):
    """An uploaded file: (`Opened`, the choice of faces, the photograph as HTML, no result).

    Raises:
      ValueError: if it is no photograph that can be edited.
    """
    if not isinstance(path, str):
        raise ValueError(f'{FILE}: expected one file')
    with open(path, 'rb') as file:
        opened, picture = retoucher.open(os.path.basename(path), file.read())
    count = len(opened.points)
    title = f'{opened.name}: ' + ('one face' if count == 1 else f'{count} faces')
    return (opened, gr.update(choices=opened.choices, value=opened.largest, visible=count > 1),
            figures.figures([(picture, title, f'the photograph, its {count} faces framed')],
                            'photographs'), '')


def edit(retoucher, names, opened, progress=PROGRESS, *values):
    """The edit of what was brought: (`Opened`, HTML of the pictures, the files, the receipt).

    Args:
      retoucher: the `Retoucher`.
      names: of the controls whose values follow.
      opened: `retoucher.Opened`, or None.
      progress: gradio's.
      *values: of the controls.

    Raises:
      ValueError: if there is nothing to edit, or it cannot be done.
    """
    if opened is None:
        raise ValueError(f'{FILE}: expected one, got none yet; choose a file first')
    done, opened = retoucher(
        opened, edits_of(retoucher.expressions, dict(zip(names, values))),
        lambda made, steps: progress((made, steps), unit='steps',
                                     desc=SEARCHING if made < steps else DRAWING))
    return opened, page_of(done)


def edits_of(expressions, values):
    """`Edits` of {control: value}; a slider of a known expression moves all of its units."""
    weights = {}
    for label, units in expressions.known.items():
        weights.update(dict.fromkeys(units, values.pop(label)))
    return Edits(**values, expressions=weights)


def page_of(done):
    """HTML of a `retoucher.Done`."""
    return figures.figures([(done.before, 'photograph', 'the photograph'),
                            (done.after, 'edited', 'the edited photograph')], 'photographs'
                           ) + figures.figures(
        [(done.faces, 'each face', 'each face: photograph, reconstruction, edited, put back')],
        'sheet') + figures.downloads([
            (edit_run.EDITED, 'image/png', done.files[edit_run.EDITED], 'edited, PNG'),
            (edit_run.RECEIPT, 'application/json', done.files[edit_run.RECEIPT],
             'receipt, JSON')]) + receipts.page_of(done.receipt)


def _controls(expressions):
    """{field of `Edits` or label: component}."""
    controls = {}

    def slider(name, label, least, most, step):
        controls[name] = gr.Slider(least, most, getattr(START, name, 0), step=step, label=label,
                                   elem_id='photo-' + name.replace(' ', '-'))

    with gr.Accordion('Turn and light'):
        controls['frontal'] = gr.Checkbox(label='look at the camera', elem_id='frontal')
        for angle in face_tab.ANGLES:
            slider(angle, f'turn: {angle}, degrees', -MOST[angle], MOST[angle], 1)
        controls['light'] = gr.Dropdown([AS_IT_IS, *lighting.DIRECTIONS], value=AS_IT_IS,
                                        label='light from', elem_id='photo-light')
        slider('strength', 'its strength', 0, BRIGHTEST, 0.1)
    if expressions.known:
        with gr.Accordion('More or less of an expression'):
            for label in expressions.known:
                slider(label, label, -1, 1, 0.05)
    controls['tune'] = gr.Checkbox(
        label='adapt the generator to each face: more alike, and slow', elem_id='tune')
    return controls
