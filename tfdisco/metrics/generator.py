"""The suite `control`: how well a trained generator obeys."""

import tensorflow as tf

from tfdisco.metrics.control import control
from tfdisco.networks import trained
from tfdisco.perception.observe import Perception

UNITS = {'landmark_percent': '% of the eyes\' distance', 'pose_degrees': 'degrees',
         'illumination_l1': 'relative', 'expression_mm': 'mm'}
SIMILARITY = 'similarity'


def evaluate(snapshot=trained.BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in', count=1024, seed=0):
    """Measures a generator.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      reconstruction, recognition, parsing: see `Perception.load`; the networks that look.
      count: of random faces.
      seed: of their latents.

    Returns:
      {name: float} of `control.control`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or the count is not positive.
    """
    generator, inputs, model = trained.load(snapshot)
    perception = Perception.load(model, reconstruction, recognition, parsing)
    generate = tf.function(generator, reduce_retracing=True)
    return control(generate, inputs, model, perception, generator.config.resolution, count, seed)


def table(result):
    """The figures, one a line."""
    lines = [f'{"figure":22} {"value":>8}  unit']
    return '\n'.join(lines + [f'{name:22} {value:8.4f}  {UNITS.get(name, SIMILARITY)}'
                              for name, value in result.items()])
