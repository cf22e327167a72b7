"""The suite `control`: how well a trained generator obeys."""

import numpy as np
import tensorflow as tf

from tfdisco.metrics import statistics
from tfdisco.metrics.control import control_of_faces
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
      {name: fields of `statistics.Estimate`}, means of `control.control_of_faces`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or the count is not positive.
    """
    generator, inputs, model = trained.load(snapshot)
    perception = Perception.load(model, reconstruction, recognition, parsing)
    generate = tf.function(generator, autograph=False, reduce_retracing=True)
    found = control_of_faces(generate, inputs, model, perception, generator.config.resolution,
                             count, seed)
    return {name: statistics.mean(values, np.arange(len(values)), seed)._asdict()
            for name, values in found.items()}


def table(result):
    """The figures, one a line."""
    lines = [f'{"figure":22} {"value":>8} {"95 % interval":>18}  unit']
    return '\n'.join(lines + [
        f'{name:22} {found["value"]:8.4f} {found["low"]:8.4f} .. {found["high"]:.4f}  '
        f'{UNITS.get(name, SIMILARITY)}' for name, found in result.items()])
