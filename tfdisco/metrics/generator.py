"""The suite `control`: how well a trained generator obeys."""

import numpy as np
import tensorflow as tf

from tfdisco.metrics import slope_plot, statistics, tables
from tfdisco.metrics import slopes as slope_figures
from tfdisco.metrics.control import control_of_faces
from tfdisco.metrics.generated import GeneratedFaces
from tfdisco.networks import trained

UNITS = {'landmark_percent': '% of the eyes\' distance', 'pose_degrees': 'degrees',
         'illumination_l1': 'relative', 'expression_mm': 'mm'}
SIMILARITY = 'similarity'


def evaluate(snapshot=trained.BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in', count=1024, slopes=16, seed=0, progress=None):
    """Measures a generator.

    Args:
      snapshot: 'built-in', or the path of a generator.npz.
      reconstruction, recognition, parsing: see `Perception.load`; the networks that look.
      count: of random faces.
      slopes: of faces that are asked for everything in `slopes.requests`; 0 for none.
      seed: of their latents.
      progress: see `metrics.generated`.

    Returns:
      {name: fields of `statistics.Estimate`}, means of `control.control_of_faces`; and what
      `slopes.measure` returns.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or the count is not positive.
    """
    faces = GeneratedFaces.load(snapshot, reconstruction, recognition, parsing)
    generate = tf.function(faces.generator, autograph=False, reduce_retracing=True)
    found = control_of_faces(generate, faces.inputs, faces.model, faces.perception,
                             faces.generator.config.resolution, count, seed)
    result = {name: statistics.mean(values, np.arange(len(values)), seed)._asdict()
              for name, values in found.items()}
    return {**result, **(slope_figures.measure(faces, slopes, seed, progress) if slopes else {})}


def table(result):
    """The figures, one a line."""
    lines = [f'{"figure":36} {"value":>8} {"95 % interval":>18}  unit']
    return '\n'.join(lines + [
        f'{" ".join(path):36} {found["value"]:8.4f} {found["low"]:8.4f} .. {found["high"]:.4f}  '
        f'{_unit(path)}' for path, found in tables.leaves(result)])


def pictures(result):
    """{'slopes': uint8 [H, W, 3]}; nothing without slopes."""
    return {'slopes': slope_plot.draw(result)} if 'slopes' in result else {}


def _unit(path):
    if path[0].startswith('slopes'):
        return 'seen for 1 asked'
    return UNITS.get(path[0], SIMILARITY)
