"""A generator as it was trained: with the models that give its inputs a meaning."""

import os
import pathlib
from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks import generator_file
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs

BUILT_IN = 'built-in'
_DEMO = pathlib.Path(__file__).resolve().parents[1] / 'pretrained' / 'demo64.npz'


class TrainedGenerator(NamedTuple):
    """What belongs together.

    generator: of `networks.build`.
    inputs: `GeneratorInputs`.
    model: `MorphableModel` of the coefficients, or `MissingModel`.
    """

    generator: tf.keras.Model
    inputs: GeneratorInputs
    model: MorphableModel


class MissingModel:
    """Stands for a morphable model that is not at hand: pictures need none.

    Attributes:
      layout: `factors.CoefficientLayout`.
      expression_names: none.
    """

    expression_names = ()

    def __init__(self, layout):
        """See the class."""
        self.layout = layout

    def __getattr__(self, name):
        """Raises ValueError for all else that a `MorphableModel` has."""
        raise ValueError(f'model: expected a morphable model for its {name}, got none: the '
                         'generator was imported without; import it again with --model=FILE, '
                         'of scripts/import_morphable_model.py')


def load(path=BUILT_IN):
    """Reads a generator.npz of scripts/train.py and the models that it names.

    Args:
      path: 'built-in', of rendered faces of 64 pixels, or a path.

    Returns:
      `TrainedGenerator`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or they do not belong together.
    """
    generator, source = generator_file.read(_DEMO if os.fspath(path) == BUILT_IN else path)
    beside = os.path.join(os.path.dirname(os.fspath(path)), source.vaes)
    vaes = beside if source.vaes != BUILT_IN and os.path.isfile(beside) else source.vaes
    model = MorphableModel.load(source.model) if source.model else None
    vaes = CoefficientVAEs.load(vaes, model.layout if model else None)
    model = model or MissingModel(vaes.layout)
    inputs = GeneratorInputs(vaes, source.noise, source.average_identity)
    if inputs.size != generator.input_size:
        raise ValueError(f'{os.fspath(path)}: expected inputs of {generator.input_size} numbers, '
                         f'got {inputs.size} of {source.model} and {source.vaes}; these are not '
                         'the files that it was trained with')
    return TrainedGenerator(generator, inputs, model)
