"""What an edit did, in numbers, beside the result and in a line on the screen."""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.editing.attributes import ANGLES
from tfdisco.editing.measures import UNITS
from tfdisco.perception import importers, resize
from tfdisco.perception.recognition import Recognition

JUDGES = ('dlib', 'mobilefacenet')  # neither needs to have been in a loss
TALE = 'seen by the reconstruction network; cosines by networks that tell people apart'


def load_judges(names=JUDGES):
    """{name: `Recognition`, or a text that says why there is none}."""
    found = {}
    for name in names:
        try:
            found[name] = Recognition.load(name)
        except FileNotFoundError:
            found[name] = f'not imported; get it with {importers.PACKAGES[name].advice}'
    return found


def identity(judges, photograph, plain, edited):
    """{judge: {'before', 'after': cosine with the photograph, 'two_people': what strangers have}}.

    Args:
      judges: of `load_judges`.
      photograph: [S, S, 3] in [-1, 1], the aligned face.
      plain, edited: [R, R, 3], the face as the generator draws it, before and after the edit.
    """
    result = {}
    for name, judge in judges.items():
        if isinstance(judge, str):
            result[name] = judge
            continue
        vectors = [judge(tf.constant(picture[np.newaxis], tf.float32)).numpy()[0]
                   for picture in (photograph, plain, edited)]
        result[name] = {'before': float(vectors[0] @ vectors[1]),
                        'after': float(vectors[0] @ vectors[2]),
                        'two_people': float(judge.network.STRANGERS)}
    return result


def of(editor, known, edited, index, judges):
    """The receipt of one edited face.

    Args:
      editor: `PhotoEditor`.
      known: `KnownFace`.
      edited: `loop.Edited`.
      index: which of its pictures.
      judges: of `load_judges`.

    Returns:
      A dict that JSON can hold.
    """
    photograph = known.face.image / np.float32(127.5) - 1
    small = resize.to_square(photograph[np.newaxis], len(known.plain)).numpy()[0]
    layout = editor.model.layout
    result = {'face': known.face.number, 'reached': bool(np.ravel(edited.reached)[
        index if np.size(edited.reached) > 1 else 0]), 'pictures_drawn': int(edited.rounds),
        'tuned': bool(known.changes), 'border': round(float(known.face.border), 4)}
    asked = {}
    for factor, miss in edited.miss.items():
        part = layout.factor_slice(factor)
        if factor == factors.POSE:
            goal, seen = (np.degrees(values[index, part]) for values in (edited.goal, edited.seen))
            asked.update({angle: {'requested': round(float(one), 2), 'achieved': round(
                float(two), 2), 'unit': 'degrees'} for angle, one, two in zip(ANGLES, goal, seen)})
        else:
            share = editor.measures.share(factor, known.seen[np.newaxis],
                                          edited.goal[index:index + 1],
                                          edited.seen[index:index + 1])
            asked[factor] = {'requested': 1.0, 'achieved': round(float(share[0]), 3),
                             'unit': 'share of the way'}
        del miss
    result['asked'] = asked
    result['drift'] = {factor: {
        'value': round(float(values[index]), 3), 'unit': UNITS[factor],
        'two_people': round(editor.ordinary[factor], 3)} for factor, values in edited.drift.items()}
    apart = known.plain - small
    result['reconstruction'] = {
        'psnr': round(psnr(known.plain, small), 2),
        'mean_difference': round(float(np.abs(apart).mean()) / 2, 4)}
    result['identity'] = identity(judges, photograph, known.plain, edited.images[index])
    return result


def psnr(first, second):
    """Peak signal to noise, dB, of pictures in [-1, 1]."""
    error = np.mean(np.square(np.asarray(first, np.float64) - np.asarray(second, np.float64)) / 4)
    return float(-10.0 * np.log10(max(error, 1e-12)))


def line(receipt):
    """A receipt in one line."""
    words = [f'face {receipt["face"]}:']
    for name, found in receipt['asked'].items():
        if found['unit'] == 'degrees':
            words.append(f'{name} {found["requested"]:.0f} asked, {found["achieved"]:.1f} seen;')
        else:
            words.append(f'{name} {100 * found["achieved"]:.0f} % of the way seen;')
    if not receipt['reached']:
        words.append('not within the tolerance;')
    for name, found in receipt['identity'].items():
        if isinstance(found, dict):
            words.append(f'{name} {found["before"]:.2f} before, {found["after"]:.2f} after '
                         f'(two people {found["two_people"]:.2f});')
    words.append(f'reconstruction {receipt["reconstruction"]["psnr"]:.1f} dB')
    return ' '.join(words)
