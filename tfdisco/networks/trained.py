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
    model: `MorphableModel` of the coefficients.
    """

    generator: tf.keras.Model
    inputs: GeneratorInputs
    model: MorphableModel


def path_of(path=BUILT_IN):
    """Where the file is that `load` reads."""
    return _DEMO if os.fspath(path) == BUILT_IN else path


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
    generator, source = generator_file.read(path_of(path))
    model = MorphableModel.load(source.model)
    inputs = GeneratorInputs(CoefficientVAEs.load(source.vaes, model.layout), source.noise)
    if inputs.size != generator.input_size:
        raise ValueError(f'{os.fspath(path)}: expected inputs of {generator.input_size} numbers, '
                         f'got {inputs.size} of {source.model} and {source.vaes}; these are not '
                         'the files that it was trained with')
    return TrainedGenerator(generator, inputs, model)
