"""Cards of what was trained: what it learned from, how long, how well it does."""

import json
import os

import tensorflow as tf

from tfdisco import files
from tfdisco.metrics import generator as generator_metrics
from tfdisco.training.gan import start
from tfdisco.training.gan.upkeep import DISCRIMINATOR, GENERATOR
from tfdisco.training.run.folder import CURVES, history

LICENCE = 'MIT'
LOSSES = ('discriminator/real', 'discriminator/fake', 'discriminator/r1')


def licence(data):
    """The terms of use of what was trained on records with this card."""
    if data['kind'] == 'rendered':
        return f'{LICENCE}; trained on rendered faces alone'
    return f'{LICENCE}; trained on photographs, whose terms apply as well'


def write(config, folder, data, images, seconds):
    """Writes the cards beside generator and discriminator.

    The figures of the generator are measured with its file as it is; those of the
    discriminator are the losses of the last point of the curves.

    Args:
      config: `config.GanConfig`.
      folder: the run's `RunFolder`.
      data: the card of the records it was trained on.
      images: that the discriminator saw.
      seconds: of training.
    """
    source = config.source
    figures = generator_metrics.evaluate(
        folder.file(GENERATOR), source.reconstruction, source.recognition, source.parsing,
        config.upkeep.measured_faces, slopes=0)
    with open(folder.file(CURVES), encoding='utf-8') as file:
        last = json.loads(file.readlines()[-1])
    for name, rest in (
            (GENERATOR, {'measured_faces': config.upkeep.measured_faces,
                         'figures': {name: figure['value'] for name, figure in figures.items()}}),
            (DISCRIMINATOR, {'figures': {name: last[name] for name in LOSSES if name in last}})):
        path = folder.file(name)
        stem = os.path.splitext(name)[0]
        files.write_json(folder.file(f'{stem}.json'), {
            'file': name, 'command': config.command(), 'seconds': round(seconds, 1),
            'images': images, 'licence': licence(data), 'data': data,
            'bytes': os.path.getsize(path), 'tensorflow': tf.__version__,
            'before': history(start.origin(source.start, stem), stem), **rest})
