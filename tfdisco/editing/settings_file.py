"""A face as JSON: z and coefficients, beside the settings in plain units that they come from."""

import json

import numpy as np

from tfdisco import files
from tfdisco.shapes import check_shape

ENDING = '.json'


def text(z, coefficients, settings):
    """The file's text.

    Args:
      z: [N, latents].
      coefficients: [N, K].
      settings: a dict that JSON takes, for people; `read` does not look at it.
    """
    return json.dumps({'settings': settings, 'z': _numbers(z),
                       'coefficients': _numbers(coefficients)})


def read(path, widths, advice=''):
    """Arrays of such a file.

    Args:
      path: of the file.
      widths: {'z': latents, 'coefficients': K}.
      advice: what to do about another file.

    Returns:
      {name: [N, width] float32} of those that are there, N the same.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is none.
    """
    stored = files.read_json(path, advice)
    found = {}
    for name, width in widths.items():
        if name not in stored:
            continue
        try:
            found[name] = np.array(stored[name], np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f'{path}: {name}: expected rows of {width} numbers, got others '
                             f'({error}); {advice}') from error
        rows = len(next(iter(found.values()))) if found[name].ndim else None
        check_shape(f'{path}: {name}', found[name], [rows, width])
        if not np.isfinite(found[name]).all():
            raise ValueError(f'{path}: {name}: expected finite numbers, got NaN or infinity; '
                             + advice)
    return found


def _numbers(values):
    # The shortest decimals that are the same float32.
    return [[float(str(value)) for value in row] for row in np.asarray(values, np.float32)]
