"""The card of a trained generator: what it learned from, how long, how well it obeys."""

import os

import tensorflow as tf

from tfdisco.metrics import generator as generator_metrics
from tfdisco.training.run.folder import history, write_json

LICENCE = 'MIT'


def licence(data):
    """The terms of use of what was trained on records with this card."""
    if data['kind'] == 'rendered':
        return f'{LICENCE}; trained on rendered faces alone'
    return f'{LICENCE}; trained on photographs, whose terms apply as well'


def write(config, folder, name, data, images, seconds):
    """Writes the card beside a generator, of figures measured with the file as it is.

    Args:
      config: `config.GanConfig`.
      folder: the run's `RunFolder`.
      name: of the generator's file in it.
      data: the card of the records it was trained on.
      images: that the discriminator saw.
      seconds: of training.
    """
    path, source = folder.file(name), config.source
    write_json(os.path.splitext(path)[0] + '.json', {
        'file': name, 'command': config.command(), 'seconds': round(seconds, 1),
        'images': images, 'licence': licence(data),
        'data': data, 'bytes': os.path.getsize(path), 'tensorflow': tf.__version__,
        'before': history(source.start, os.path.splitext(name)[0]),
        'measured_faces': config.upkeep.measured_faces,
        'figures': {name: figure['value'] for name, figure in generator_metrics.evaluate(
            path, source.reconstruction, source.recognition, source.parsing,
            config.upkeep.measured_faces, slopes=0).items()}})
