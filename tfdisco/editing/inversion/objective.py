"""What an inverted face should be like: the photograph, to the eye and to networks."""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from tfdisco.losses.perceptual import perceptual_distance
from tfdisco.shapes import check_shape


@dataclasses.dataclass(frozen=True)
class Weights:
    """Of the terms of `Objective`.

    pixels: mean absolute difference of colours, each from -1 to 1.
    perceptual: `losses.perceptual.perceptual_distance`.
    identity: 1 less the likeness of the recognition network.
    start: mean squared distance of w+ from the start, in deviations of w.
    strength: mean squared distance of the noise strengths from 1.
    """

    pixels: float = 10.0
    perceptual: float = 1.0
    identity: float = 1.0
    start: float = 0.1
    strength: float = 0.01

    def __post_init__(self):
        """Raises ValueError on a weight below 0."""
        for name, value in dataclasses.asdict(self).items():
            if not value >= 0:
                raise ValueError(f'{name}: expected 0 or more, got {value}')


class Target(NamedTuple):
    """Pictures, and what networks see in them.

    images: [B, R, R, 3] in [-1, 1].
    weight: [B, R, R, 1] of their pixels, 1 in the mean of each picture.
    identity: [B, D].
    maps: list of [B, h, w, C].
    """

    images: tf.Tensor
    weight: tf.Tensor
    identity: tf.Tensor
    maps: list


class Objective:
    """How far drawn faces are from a `Target`; differentiable in the drawn ones.

    Attributes:
      weights: `Weights`.
    """

    def __init__(self, recognition, features, weights=None):
        """See the class.

        Args:
          recognition: `Recognition` or what is called alike.
          features: see `inversion.features`.
          weights: `Weights`, or None for its defaults.
        """
        self._recognition, self._features = recognition, features
        self.weights = weights or Weights()

    def target(self, images, weight):
        """`Target` of pictures [B, R, R, 3] and their pixels' weights [B, R, R, 1]."""
        check_shape('images', images, ['B', 'R', 'R', 3])
        check_shape('weight', weight, [*images.shape[:3], 1])
        weight /= tf.reduce_mean(weight, axis=[1, 2, 3], keepdims=True)
        return Target(images, weight, self._recognition(images), list(self._features(images)))

    def __call__(self, drawn, target):
        """{term: [B]}, weighted; their sum is the loss of each face.

        Args:
          drawn: [B, R, R, 3].
          target: `Target`.
        """
        alike = self._recognition.similarity(self._recognition(drawn), target.identity)
        return {
            'pixels': self.weights.pixels * tf.reduce_mean(
                target.weight * tf.abs(drawn - target.images), axis=[1, 2, 3]),
            'perceptual': self.weights.perceptual * perceptual_distance(
                self._features(drawn), target.maps),
            'identity': self.weights.identity * (1.0 - alike)}


def face_weight(parsed, elsewhere=0.2):
    """[B, R, R, 1] weights of pixels: 1 on face and hair, less elsewhere.

    Args:
      parsed: `perception.parsing.Parsed`.
      elsewhere: the weight of the background, which no edit puts back.
    """
    return 1.0 - (1.0 - elsewhere) * parsed.background
