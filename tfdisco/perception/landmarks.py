"""The 68 landmarks of faces, without the rest of their vertices."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.face3d import camera, model_file, transforms
from tfdisco.shapes import check_shape


class ReconstructedFace(NamedTuple):
    """What is seen in a batch of pictures.

    coefficients: [B, K], see `factors.Coefficients`.
    translation: [B, 3] decimetres.
    landmarks: [B, 68, 2] pixels (x, y) of the picture.
    """

    coefficients: tf.Tensor
    translation: tf.Tensor
    landmarks: tf.Tensor


class LandmarkProjector:
    """Coefficients to landmarks in a picture: Eq. 1 for the landmarks' vertices only.

    Attributes:
      layout: `factors.CoefficientLayout` of the coefficients.
    """

    def __init__(self, model):
        """Takes a `MorphableModel`."""
        self.layout = model.layout
        chosen = model.landmark_vertices
        basis = np.concatenate([model.arrays['identity_basis'], model.arrays['expression_basis']])
        with tf.init_scope():  # eager, even if made inside a tf.function
            self._mean = tf.constant(model.arrays['mean_shape'][chosen].reshape(1, -1), tf.float32)
            self._basis = tf.constant(basis[:, chosen].reshape(len(basis), -1), tf.float32)

    def __call__(self, coefficients, translation, height, width):
        """Projects the landmarks of a batch.

        Args:
          coefficients: [B, layout.size].
          translation: [B, 3] decimetres.
          height, width: of the picture, numbers or scalar tensors.

        Returns:
          [B, 68, 2] pixels (x, y), differentiable; they may lie outside the picture.

        Raises:
          ValueError: on wrong shapes.
        """
        coefficients = tf.convert_to_tensor(coefficients, tf.float32)
        check_shape('coefficients', coefficients, ['B', self.layout.size])
        translation = tf.convert_to_tensor(translation, tf.float32)
        check_shape('translation', translation, [coefficients.shape[0], 3])
        parts = self.layout.split(coefficients)
        modes = tf.concat([parts.identity_shape, parts.expression], axis=-1)
        points = tf.reshape(self._mean + tf.matmul(modes, self._basis),
                            [-1, model_file.LANDMARK_COUNT, 3])
        posed = transforms.pose_vertices(points, parts.pose, translation)
        return camera.project(posed, tf.cast(height, tf.float32), tf.cast(width, tf.float32))
