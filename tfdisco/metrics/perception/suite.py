"""How well perception networks see: on rendered people, and on photographs."""

import os
from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.metrics.perception import photo_set, rendered, rendered_set
from tfdisco.metrics.perception import photos as perception_photos
from tfdisco.perception.observe import Perception
from tfdisco.shapes import check_positive

IDENTITY_PATTERN = '(.*)_[0-9]+'  # of photographs named as in LFW


class _PhotoView(NamedTuple):
    """What is looked at in photographs; the graph then leaves the hair out."""

    identity: tf.Tensor
    landmarks: tf.Tensor


def evaluate(model=BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in', data=None, count=300, photos=None, photo_count=2400,
             identity_pattern=IDENTITY_PATTERN, seed=0, sheets=None):
    """Measures perception networks on rendered people, and on photographs if given.

    Args:
      model: the `MorphableModel` of the coefficients, or its name or path.
      reconstruction, recognition, parsing: weights, see `perception.observe.Perception`.
      data: None (people drawn from the model, none of those that training draws) or a
        folder of rendered records.
      count: rendered people, at most.
      photos: None, or photographs with landmarks, see `photo_set.choose`.
      photo_count: photographs, at most.
      identity_pattern: tells the person from a photograph's name, see `photo_set.choose`.
      seed: of everything drawn.
      sheets: None, or a folder for rendered_worst.png and photos_worst.png, the faces of the
        largest landmark errors.

    Returns:
      {'rendered': {field: {'value', 'low', 'high', 'count'}}, 'photos': the same}, see
      `perception_rendered.measure` and `perception_photos.measure` for the fields; without
      photos no 'photos'. If some could not be used, 'skipped': {name: reason} besides.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or does not belong to the model.
    """
    check_positive('count', count)
    model = model if isinstance(model, MorphableModel) else MorphableModel.load(model)
    chosen = photo_set.choose(photos, photo_count, identity_pattern, seed) if photos else None
    perception = Perception.load(model, reconstruction, recognition, parsing)
    faces = (rendered_set.drawn(model, count, seed) if data is None
             else rendered_set.stored(data, model, count))
    found, worst = {}, {}
    found['rendered'], worst['rendered'] = rendered.measure(
        tf.function(perception, autograph=False), model, faces, seed)
    skipped = {}
    if chosen:
        @tf.function(autograph=False)
        def look(images):
            seen = perception(images)
            return _PhotoView(seen.identity, seen.landmarks)

        found['photos'], worst['photos'] = perception_photos.measure(
            look, photo_set.align(chosen, model, skipped), seed)
    if sheets:
        for part, faces in worst.items():
            faces.write(os.path.join(sheets, f'{part}_worst.png'), f'The worst of {part}')
    result = {part: {name: estimate._asdict() for name, estimate in fields.items()}
              for part, fields in found.items()}
    return {**result, 'skipped': skipped} if skipped else result


def table(result):
    """What `evaluate` returns as text, for people."""
    lines = [f'{"":9} {"metric":22} {"value":>9} {"95 % interval":>20} {"count":>7}']
    for part in ('rendered', 'photos'):
        for name, field in result.get(part, {}).items():
            value, low, high = (_number(field[key]) for key in ('value', 'low', 'high'))
            between = f'{low} .. {high}'
            lines.append(f'{part:9} {name:22} {value:>9} {between:>20} {field["count"]:7d}')
    lines += [f'skipped {name}: {reason}' for name, reason in result.get('skipped', {}).items()]
    return '\n'.join(lines)


def _number(value):
    return '-' if value is None else f'{value:.4f}'
