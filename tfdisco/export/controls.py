"""Settings in plain units to coefficients and noise, inside a graph."""

import math
from typing import NamedTuple

import tensorflow as tf

from tfdisco import factors
from tfdisco.editing.attributes import ANGLES
from tfdisco.face3d import lighting

STRENGTH, AMBIENT = 0.7, 0.4  # as `lighting.light_from_direction` has them
_IDENTITY_STREAM, _NOISE_STREAM = 1, 2  # one seed, different numbers


class Input(NamedTuple):
    """An argument of an exported function.

    Attributes:
      shape: with None for what may vary, the batch first.
      dtype: of TensorFlow.
      meaning: what it is, and its units.
      default: what an argument that is missing is taken as, or None if it has to be there.
    """

    shape: list
    dtype: tf.DType
    meaning: str
    default: object = None


def _number(meaning, default):
    return Input([None], tf.float32, meaning, [default])


PSI = _number('1, or less, down to 0, for identities nearer to the mean', 1.0)
INPUTS = {
    'identity_seed': Input([None], tf.int64, 'whose face; the same on all machines', [0]),
    'identity': Input([None, None], tf.float32, 'coefficients of shape and texture in standard '
                      'deviations, in place of the seed; of width 0, the seed counts', [[]]),
    **{angle: _number('degrees', 0.0) for angle in ANGLES},
    'light_direction': Input([None, 3], tf.float32, '(x, y, z) from the face towards the light: '
                             'x to the right of the image, y up, z towards the viewer, of any '
                             'length', [list(lighting.DIRECTIONS['front'])]),
    'light_strength': _number('shading by that light of a surface that faces it', STRENGTH),
    'light_ambient': _number('shading by even light from everywhere', AMBIENT),
    'expression_names': Input([None], tf.string, 'units of expression, of those in the card', []),
    'expression_weights': Input([None, None], tf.float32, 'of those units, one a column, 1 the '
                                'full expression', [[]]),
    'noise_seed': Input([None], tf.int64, 'of what the other settings leave open', [0]),
    'psi': PSI,
}


class Controls:
    """Settings, each for a whole batch ([1, ..]) or for each face ([B, ..]), to coefficients.

    Example:
      coefficients, noise, psi = Controls(inputs, model)(yaw=tf.constant([20.0]), ...)
    """

    def __init__(self, inputs, model):
        """Takes `networks.inputs.GeneratorInputs` and their `MorphableModel`."""
        self._inputs, self._names = inputs, list(model.expression_names)
        self._units = model.arrays['expression_units'] if self._names else ()

    def __call__(self, expression_names, **settings):
        """Takes a tensor for each of `INPUTS`.

        Returns:
          coefficients [B, K], noise [B, N], psi [B].

        Raises:
          tf.errors.InvalidArgumentError: when it runs, on a unit of expression that there is
            not, or sizes that do not go together.
        """
        batch = tf.reduce_max(tf.stack([tf.shape(value)[0] for value in settings.values()]))
        get = {name: tf.broadcast_to(value, tf.concat([[batch], tf.shape(value)[1:]], 0))
               for name, value in settings.items()}
        parts = {
            factors.IDENTITY: self._identity(get['identity_seed'], get['identity']),
            factors.EXPRESSION: self._expression(expression_names, get['expression_weights']),
            factors.POSE: tf.stack([get[angle] for angle in ANGLES], -1) * (math.pi / 180.0),
            factors.ILLUMINATION: illumination(get['light_direction'], get['light_strength'],
                                               get['light_ambient']),
        }
        coefficients = tf.concat([parts[factor] for factor in factors.INPUT_FACTORS
                                  if factor in parts], axis=-1)
        coefficients = tf.ensure_shape(coefficients, [None, self._inputs.layout.size])
        noise = normals(get['noise_seed'], self._inputs.noise, _NOISE_STREAM)
        return coefficients, noise, get['psi']

    def _identity(self, seed, given):
        vae = self._inputs.vaes.vaes[factors.IDENTITY]
        return tf.cond(
            tf.shape(given)[1] > 0, lambda: tf.ensure_shape(given, [None, vae.size]),
            lambda: vae.decode(normals(seed, vae.latents, _IDENTITY_STREAM)))

    def _expression(self, names, weights):
        size = self._inputs.factor_sizes[factors.EXPRESSION]
        if not self._names:
            return tf.zeros([tf.shape(weights)[0], size])
        chosen = tf.equal(names[:, tf.newaxis], tf.constant(self._names))
        checks = [
            tf.debugging.Assert(tf.reduce_all(tf.reduce_any(chosen, axis=1)), [
                'expression_names: expected units of expression that card.json lists, got',
                names], summarize=-1),
            tf.debugging.Assert(tf.equal(tf.shape(names)[0], tf.shape(weights)[1]), [
                'expression_weights: expected a column for each of expression_names, got columns',
                tf.shape(weights)[1], 'for', names], summarize=-1)]
        with tf.control_dependencies(checks):
            units = tf.matmul(tf.cast(chosen, tf.float32), tf.constant(self._units, tf.float32))
        return tf.matmul(weights, units)


def normals(seeds, size, stream):
    """N(0, 1) of seeds [B] int64: [B, size], each row of its own seed alone."""
    return tf.map_fn(
        lambda seed: tf.random.stateless_normal([size], [seed, stream], alg='philox'), seeds,
        fn_output_signature=tf.TensorSpec([size], tf.float32))


def illumination(direction, strength, ambient):
    """`lighting.light_from_direction` of white light as a graph.

    Args:
      direction: [B, 3], of any length above 0.
      strength, ambient: [B].

    Returns:
      [B, 27].
    """
    colour = (strength[:, tf.newaxis] * lighting.distant(tf.math.l2_normalize(direction, -1))
              + ambient[:, tf.newaxis] * lighting.even().astype('float32'))
    gamma = tf.repeat(colour[:, tf.newaxis], 3, axis=1)
    even = tf.one_hot(0, factors.SH_BANDS) * lighting.AMBIENT
    return tf.reshape(gamma - even, [-1, factors.ILLUMINATION_SIZE])
