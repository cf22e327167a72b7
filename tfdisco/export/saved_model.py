"""A SavedModel of TensorFlow's own ops, with signatures, for servers and other programs."""

import contextlib
import inspect
import json
import os
import shutil
import tempfile

import numpy as np
import tensorflow as tf

from tfdisco import __version__
from tfdisco.export.functions import OUTPUTS
from tfdisco.networks.trained import MissingModel
from tfdisco.ops import native

DEFAULT = 'serving_default'
CONTROLS = 'controls'  # what the default is
CARD = os.path.join('assets', 'card.json')
WARM_UP = os.path.join('assets.extra', 'tf_serving_warmup_requests')
FIRST_SIDE = 64  # pixels of the photograph of the first request


def write(folder, faces, licence=''):
    """Writes a folder that any TensorFlow of the same or a later version loads and runs.

    Beside the SavedModel it holds `CARD`, which describes the signatures, and `WARM_UP`, a
    request to each for TensorFlow Serving.

    Args:
      folder: appears whole, or not at all; servers want its name to be a version, a number.
      faces: `functions.Faces`.
      licence: the generator's terms of use.

    Raises:
      ValueError: if the folder is there already.
      ImportError: if the extra `export` is not installed.
    """
    from tensorflow_serving.apis import prediction_log_pb2  # before long work
    with _appearing(folder) as temporary, native.standard_ops():  # saving traces once more
        signatures = {name: signature(function) for name, function in faces.functions.items()}
        concrete = save(temporary, signatures, CONTROLS)
        card = describe(faces, {name: function.structured_outputs
                                for name, function in concrete.items()}, licence)
        os.makedirs(os.path.join(temporary, os.path.dirname(CARD)), exist_ok=True)
        with open(os.path.join(temporary, CARD), 'w', encoding='utf-8') as file:
            json.dump(card, file, indent=1)
        os.makedirs(os.path.join(temporary, os.path.dirname(WARM_UP)))
        with tf.io.TFRecordWriter(os.path.join(temporary, WARM_UP)) as file:
            for name in (DEFAULT, *signatures):
                file.write(_warm_up(
                    prediction_log_pb2, name,
                    faces.functions[CONTROLS if name == DEFAULT else name]).SerializeToString())


def save(folder, signatures, default):
    """Saves signatures, and the one called `default` as the default, too.

    Args:
      folder: a path.
      signatures: {name: what `signature` gave}.
      default: a name of these.

    Returns:
      {name: concrete function}.
    """
    concrete = {name: function.get_concrete_function() for name, function in signatures.items()}
    module = tf.Module()
    # The variables alone: Keras 2 cannot save models, in a module, that were not called.
    module.kept = list({id(variable): variable for function in concrete.values()
                        for variable in function.graph.variables}.values())
    tf.saved_model.save(module, folder, {**signatures, DEFAULT: signatures[default]})
    return concrete


def signature(function):
    """A `functions.Function` as a tf.function of that one signature, defaults included."""
    # TensorFlow pairs defaults with names in the order of the alphabet, from the last one on.
    names = sorted(function.inputs, key=lambda name: (
        function.inputs[name].default is not None, name))
    if names != sorted(names):
        raise ValueError(f'inputs: expected those with a default last in the alphabet, got {names}')

    def run(*arguments, **named):
        return function.run(**dict(zip(names, arguments)), **named)

    # SavedModels keep defaults that are tensors, of arguments that a Python function declares.
    run.__signature__ = inspect.Signature([
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD,
                          default=inspect.Parameter.empty
                          if function.inputs[name].default is None
                          else tf.constant(first(function.inputs[name]))) for name in names])
    return tf.function(run, autograph=False, input_signature=[
        tf.TensorSpec(function.inputs[name].shape, function.inputs[name].dtype, name)
        for name in names])


def first(given):
    """The array that stands for an `Input` in a first request: its default, or zeros."""
    dtype = given.dtype.as_numpy_dtype
    if given.default is None:
        return np.zeros([1, *(FIRST_SIDE if size is None else size for size in given.shape[1:])],
                        dtype)
    return np.array(given.default, dtype)  # of strings, objects


def describe(faces, outputs, licence):
    """What `CARD` holds, as JSON takes it: signatures, and what their numbers mean.

    Args:
      faces: `functions.Faces`.
      outputs: {function: {output: tensor}}, for shapes and types.
      licence: the generator's terms of use.
    """
    generator, inputs, model = faces.trained
    result = {}
    for name, function in faces.functions.items():
        result[name] = {
            'meaning': function.meaning,
            'inputs': {key: {'shape': given.shape, 'dtype': given.dtype.name,
                             'default': given.default, 'meaning': given.meaning}
                       for key, given in function.inputs.items()},
            'outputs': {key: {'shape': list(value.shape), 'dtype': value.dtype.name,
                              'meaning': OUTPUTS[key]} for key, value in outputs[name].items()}}
    return {
        'signatures': {DEFAULT: result[CONTROLS], **result},
        'expression_names': list(model.expression_names),
        'coefficients': {part: [where.start, where.stop]
                         for part, where in inputs.layout.slices.items()},
        'latents': {factor: part.shape[1] for factor, part in
                    inputs.by_factor(np.zeros([1, inputs.latents], np.float32)).items()},
        'resolution': generator.config.resolution,
        'face_model': None if isinstance(model, MissingModel) else model.name,
        'licence': licence, 'tfdisco': __version__, 'tensorflow': tf.__version__}


def _warm_up(prediction_log_pb2, name, function):
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = name
    for key, given in function.inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(first(given), given.dtype))
    return log


@contextlib.contextmanager
def _appearing(folder):
    """A new folder beside `folder`, which takes its name when the block ends well."""
    folder = os.path.abspath(folder)
    if os.path.lexists(folder):
        raise ValueError(f'out: expected a folder that is not there yet, got {folder}; servers '
                         'take the highest number beside it as the newest version')
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    temporary = tempfile.mkdtemp(prefix='.export-', dir=os.path.dirname(folder))
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        os.rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary)
        raise
