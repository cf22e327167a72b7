"""A generator as it was trained: with the models that give its inputs a meaning."""

import dataclasses
import os
import pathlib
from typing import NamedTuple

import tensorflow as tf

from tfdisco import files
from tfdisco.face3d.morphable_model import BUILT_IN as OPEN_HEAD
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks import build, generator_file
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs

BUILT_IN = 'built-in'
# Names of what ships; the first is 'built-in'. To ship another, scripts/pack_generator.py writes
# its files into tfdisco/pretrained, and its name goes here.
SHIPPED = ('demo64',)
_PRETRAINED = pathlib.Path(__file__).resolve().parents[1] / 'pretrained'


class TrainedGenerator(NamedTuple):
    """What belongs together.

    Attributes:
      generator: of `networks.build`.
      inputs: `GeneratorInputs`.
      model: `MorphableModel` of the coefficients, or `MissingModel`.
    """

    generator: tf.keras.Model
    inputs: GeneratorInputs
    model: MorphableModel


def resolve(path):
    """The path of a generator's file: `path`, or of one that ships if it is such a name."""
    name = SHIPPED[0] if os.fspath(path) == BUILT_IN else os.fspath(path)
    return str(_PRETRAINED / f'{name}.npz') if name in SHIPPED else name


def licence(path=BUILT_IN):
    """The terms of use of a generator's file, or of the card beside it, or ''.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is no generator's file.
    """
    path = resolve(path)
    stored = files.read_npz(path, generator_file.CONTENT, arrays={
        'licence': files.Array(files.TEXT, [])})
    card = os.path.splitext(path)[0] + '.json'
    beside = files.read_json(card).get('licence') if os.path.isfile(card) else ''
    return str(stored['licence']) or str(beside or '')


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


def vaes_of(path, source):
    """Name or path of the VAEs that a generator's file names: first of a file beside it."""
    return _beside_first(path, source.vaes, BUILT_IN)


def model_of(path, source):
    """Name or path of the morphable model, likewise."""
    return _beside_first(path, source.model, OPEN_HEAD)


def _beside_first(path, name, built_in):
    for beside in (name, os.path.basename(name)):
        beside = os.path.join(os.path.dirname(path), beside)
        if name != built_in and os.path.isfile(beside):
            return beside
    return name


def load(path=BUILT_IN):
    """Reads a generator.npz of scripts/train.py and the models that it names.

    Args:
      path: 'built-in', another name of `SHIPPED`, or a path.

    Returns:
      `TrainedGenerator`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected, or they do not belong together.
    """
    path = resolve(path)
    generator, source = generator_file.read(path)
    model, vaes = model_of(path, source), vaes_of(path, source)
    for what, name, built_in in (('face model', model, OPEN_HEAD), ('VAEs', vaes, BUILT_IN)):
        if name not in ('', built_in) and not os.path.isfile(name):
            raise FileNotFoundError(f'{path}: expected its {what} at {name}, seen from here, or '
                                    'beside it, got none; copy the file there')
    model = MorphableModel.load(model) if model else None
    vaes = CoefficientVAEs.load(vaes, model.layout if model else None)
    model = model or MissingModel(vaes.layout)
    inputs = GeneratorInputs(vaes, source.noise, source.average_identity)
    if inputs.size != generator.input_size:
        raise ValueError(f'{path}: expected inputs of {generator.input_size} numbers, '
                         f'got {inputs.size} of {source.model} and {source.vaes}; these are not '
                         'the files that it was trained with')
    return TrainedGenerator(generator, inputs, model)


def in_precision(trained, precision):
    """A `TrainedGenerator` whose highest resolutions compute in another type.

    Args:
      trained: `TrainedGenerator`; stays as it is.
      precision: of `config.PRECISIONS`; weights are float32 in each.

    Raises:
      ValueError: on another.
    """
    generator = trained.generator
    twin = build.build_generator(dataclasses.replace(generator.config, precision=precision),
                                 generator.input_size, generator.factor_sizes)
    twin.set_weights(generator.get_weights())
    return trained._replace(generator=twin)
