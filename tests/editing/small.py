"""A tiny generator of both kinds of mapping, tiny networks that look, and a tiny photograph."""

import functools
import types

import numpy as np
import tensorflow as tf

from tests.face3d import toy
from tests.perception import small as perception  # noqa: F401  for tests
from tests.training.gan import small
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.inversion import objective
from tfdisco.editing.inversion.objective import Weights
from tfdisco.editing.inversion.optimise import Search
from tfdisco.editing.inversion.tuning import Tuning
from tfdisco.editing.loop import Tolerance
from tfdisco.editing.photo_editor import PhotoEditor
from tfdisco.networks import build
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.perception import resize
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsed

SIDE = 32


@functools.lru_cache(maxsize=None)
def faces(mapping='joint', arch='stylegan2'):
    """A `FaceGenerator` of the toy model, whose noise and factors count."""
    inputs = GeneratorInputs(small.vaes_of(toy.model().layout), 4)
    config = NetworkConfig(arch=arch, resolution=SIDE, fmap_base=128, fmap_max=6,
                           mapping_layers=2, w_size=8, mapping=mapping, mapping_speed=1.0)
    tf.keras.utils.set_random_seed(3)
    generator = build.build_generator(config, inputs.size, inputs.factor_sizes)
    generator.mapping.set_normalization(*inputs.spread())
    rng = np.random.default_rng(0)
    for variable in generator.trainable_variables:
        if len(variable.shape) < 2:
            variable.assign_add(0.2 * rng.normal(size=variable.shape))
    return FaceGenerator(generator, inputs, toy.model())


@functools.lru_cache(maxsize=None)
def looking():
    """A tiny `Perception`."""
    return perception.perception()


class Glance:
    """Stands for a recognition network: a random linear map of coarse pictures, fast to trace."""

    def __init__(self):
        self._kernel = tf.constant(np.random.default_rng(1).normal(size=(48, 7)), tf.float32)

    def __call__(self, images):
        values = tf.reshape(resize.to_square(images, 4), [-1, 48])
        return tf.math.l2_normalize(tf.matmul(values, self._kernel), -1)

    @staticmethod
    def similarity(first, second):
        """The cosine."""
        return tf.reduce_sum(first * second, axis=-1)


def coarse(images):
    """Stands for features: pictures of a quarter and of half the size."""
    return [tf.nn.avg_pool2d(images, factor, factor, 'VALID') for factor in (4, 2)]


def goal(**weights):
    """An `Objective` of what costs no time."""
    return objective.Objective(Glance(), coarse, objective.Weights(**weights))


class Eyes:
    """Stands for a reconstruction network: reads off a picture what its colours say."""

    def __call__(self, images):
        images = tf.convert_to_tensor(images, tf.float32)
        mean = tf.reduce_mean(images, axis=[1, 2])
        return types.SimpleNamespace(
            coefficients=0.1 * tf.tile(mean, [1, toy.model().layout.size // 3]),
            translation=0.0 * mean)


class Halves:
    """Stands for a parsing network: the middle of every picture is a face."""

    def __call__(self, images):
        batch, height, width = (tf.shape(images)[axis] for axis in range(3))
        y, x = (tf.abs(2.0 * (tf.cast(tf.range(size), tf.float32) + 0.5) / tf.cast(
            size, tf.float32) - 1.0) for size in (height, width))
        face = tf.cast((y[:, tf.newaxis] < 0.7) & (x[tf.newaxis] < 0.6), tf.float32)
        face = tf.tile(face[tf.newaxis, :, :, tf.newaxis], [batch, 1, 1, 1])
        return Parsed(tf.zeros_like(face), face, 1.0 - face)


def editor(**options):
    """A `PhotoEditor` of a tiny generator, with what stands for networks, fast to trace."""
    return PhotoEditor(faces('sum'), Perception(Eyes(), Glance(), Halves()), coarse,
                       Weights(), Search(3, 0.05), Tuning(2), Tolerance(rounds=2), size=64,
                       **options)


def people(count, seed=0):
    """Coefficients [count, K] of random faces."""
    return faces().coefficients(faces().latents(count, seed))
