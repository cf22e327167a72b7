"""The suite `images`: pictures of any origin by the ruler of our own, as far as it applies."""

import itertools

import numpy as np
import tensorflow as tf

from tfdisco.face3d import coefficient_file
from tfdisco.face3d.morphable_model import BUILT_IN, MorphableModel
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.metrics import control, pictures, statistics, tables
from tfdisco.metrics.quality import features as feature_kinds
from tfdisco.metrics.quality import sets
from tfdisco.perception.observe import Perception
from tfdisco.shapes import check_shape


def evaluate(images=None, coefficients=None, model=BUILT_IN, data=None, features='recognition',
             inception=None, vgg16=None, reconstruction='built-in', recognition='built-in',
             parsing='built-in', count=None, seed=0, progress=None):
    """Measures a folder of pictures.

    Args:
      images: a folder or .tar of pictures of one size, framed as in `face3d.framing`.
      coefficients: None, or an .npz with what the pictures were made of, in the order of
        their names, see `face3d.coefficient_file`.
      model: the `MorphableModel` of the coefficients, or its name or path.
      data: what is real, see `pictures.real`; as many of them as pictures, at most.
      features, inception, vgg16: see `quality.features.load_all`.
      reconstruction, recognition, parsing: networks that look, see `Perception.load`.
      count: None, or how many pictures at most.
      seed: of people drawn, and of intervals.
      progress: see `metrics.generated`.

    Returns:
      {'images', 'reference': {figure: fields of `statistics.Estimate`}, 'about': {'images',
      'reference': what they are}}: the Frechet distance, precision and recall as in the suite
      quality, and with coefficients the means of `control.errors`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, pictures are too few or of several sizes, or
        coefficients are not as many as pictures.
    """
    if not images:
        raise ValueError('images: expected a folder of pictures, got none; pass --images=DIR')
    model = model if isinstance(model, MorphableModel) else MorphableModel.load(model)
    kinds = feature_kinds.load_all(features, recognition=recognition, parsing=parsing,
                                   inception_file=inception, vgg16_file=vgg16)
    shown = pictures.folder(images, count)
    sets.check_count(shown.count, kinds, 'images')
    made_of = None
    if coefficients:
        made_of = coefficient_file.read(coefficients)[:count]
        check_shape(f'{coefficients}: coefficients', made_of, [shown.count, model.layout.size])
    batches = iter(shown.batches)
    first = next(batches)
    real = pictures.real(data, model, first.shape[2], shown.count, seed)
    sets.check_count(real.count, kinds, 'data')
    reference = sets.gather(kinds, real.count, real.batches)
    own = {name: sets.FeatureSet(kind, shown.count) for name, kind in kinds.items()}
    found = {}
    if made_of is not None:
        check = _Check(model, Perception.load(model, reconstruction, recognition, parsing),
                       first.shape[1:3])
    batches, start = itertools.chain([first], batches), 0
    for batch in batches if progress is None else progress(
            batches, total=-(-shown.count // pictures.BATCH), desc='images'):
        for one in own.values():
            one.add(batch)
        if made_of is not None:
            for name, values in check(batch, made_of[start:start + len(batch)]).items():
                found.setdefault(name, []).append(values)
        start += len(batch)
    result = {'images': {}, 'reference': {}}
    for name, kind in reference.items():
        result['images'].update(sets.compare(kind, own[name], seed))
        result['reference'].update(sets.floor(kind))
    result['images'].update({name: statistics.mean(np.concatenate(values), np.arange(start), seed)
                             for name, values in found.items()})
    return {**{part: {name: estimate._asdict() for name, estimate in figures.items()}
               for part, figures in result.items()},
            'about': {'images': f'{shown.count} {shown.source}',
                      'reference': f'{real.count} {real.source}'}}


def table(result):
    """The figures, one a line, and what was compared."""
    return '\n'.join([tables.figures(result), *(
        f'{name}: {what}' for name, what in result['about'].items())])


class _Check:
    """Pictures against the coefficients that they were made of."""

    def __init__(self, model, perception, size):
        self._model, self._perception = model, perception
        self._look = tf.function(perception, reduce_retracing=True)
        self._render = FaceRenderer(model, *size)

    def __call__(self, batch, coefficients):
        return {name: np.asarray(values) for name, values in control.errors(
            self._model, self._perception, self._look(batch), self._render(coefficients),
            coefficients).items()}
