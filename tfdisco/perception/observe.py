"""What the losses see of a picture: every perception network, run once."""

import os
from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d.morphable_model import BUILT_IN as BUILT_IN_MODEL
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.perception.network import PRECISIONS
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.perception.weights_file import BUILT_IN
from tfdisco.shapes import check_choice, check_shape

SMALLEST = 32  # pixels of a side of a picture


class Observation(NamedTuple):
    """What is seen in a batch of pictures; differentiable in them.

    Attributes:
      identity: [B, D] unit vectors, to be compared by `Perception.similarity`.
      coefficients: [B, K], see `factors.Coefficients`.
      landmarks: [B, 68, 2] pixels (x, y) of the picture.
      hair: [B, H, W, 1] probability.
    """

    identity: tf.Tensor
    coefficients: tf.Tensor
    landmarks: tf.Tensor
    hair: tf.Tensor


class Perception:
    """The frozen networks together.

    No part of it trains, and none is saved with a checkpoint of what uses it.

    Example:
      perception = Perception.load('open_head')
      seen = perception(images)  # Observation

    Attributes:
      reconstruction: `Reconstruction`, or anything that is called alike; so are
      recognition: `Recognition`, and
      parsing: `Parsing`.
    """

    def __init__(self, reconstruction, recognition, parsing):
        """See the class."""
        self.reconstruction, self.recognition, self.parsing = reconstruction, recognition, parsing

    @classmethod
    def load(cls, model=BUILT_IN_MODEL, reconstruction=BUILT_IN, recognition=BUILT_IN,
             parsing=BUILT_IN, precision='float32'):
        """Loads networks.

        Args:
          model: the `MorphableModel` of the coefficients, or its name or path.
          reconstruction, parsing: 'built-in' or a path; a frozen graph (.pb) as well.
          recognition: 'built-in', 'dlib' or a path.
          precision: of the networks' maps, one of `network.PRECISIONS`; bfloat16
            has 8 of float32's 24 binary digits, and is faster where the processor knows it.

        Raises:
          FileNotFoundError: if a file is missing.
          ValueError: if a file is not as expected or belongs to another model, or on another
            precision.
        """
        check_choice('precision', precision, PRECISIONS)
        model = MorphableModel.load(model) if isinstance(model, (str, os.PathLike)) else model
        parts = (Reconstruction.load(reconstruction, model), Recognition.load(recognition),
                 Parsing.load(parsing))
        for part in parts:
            part.network.precision = precision
        return cls(*parts)

    def __call__(self, images):
        """Looks at pictures.

        Args:
          images: [B, H, W, 3] in [-1, 1], B > 0, H and W from 32 up, framed as in `face3d.framing`.

        Returns:
          `Observation`.

        Raises:
          ValueError: on a wrong shape.
        """
        images = tf.convert_to_tensor(images, tf.float32)
        check_shape('images', images, ['B', None, None, 3])
        if images.shape[0] == 0:  # TensorFlow's convolutions on the CPU fail obscurely
            raise ValueError('images: expected at least one picture, got none')
        if any(size is not None and size < SMALLEST for size in images.shape[1:3]):
            raise ValueError(f'images: expected sides of {SMALLEST} pixels or more, got '
                             f'{images.shape[1]} x {images.shape[2]}')
        face = self.reconstruction(images)
        return Observation(self.recognition(images), face.coefficients, face.landmarks,
                           self.parsing(images).hair)

    def similarity(self, first, second):
        """How alike two identities [B, D] are: [B]; see `Recognition.similarity`."""
        return self.recognition.similarity(first, second)
