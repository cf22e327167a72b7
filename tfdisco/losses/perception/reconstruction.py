"""How far an estimated face is from a known one, in what can be seen rather than in coefficients.

Errors of coefficients mean little: a mode that moves nothing counts like one that opens
the mouth. These terms measure the surface, its landmarks, its colour and its light, in
the spirit of Deng et al. 2019 ("Accurate 3D Face Reconstruction with Weakly-Supervised
Learning").
"""

import numpy as np
import tensorflow as tf

from tfdisco.face3d import lighting, surface, transforms
from tfdisco.face3d.framing import DISTANCE, FOCAL_PER_WIDTH
from tfdisco.face3d.mesh import VertexNormals
from tfdisco.face3d.surface import MILLIMETRES
from tfdisco.shapes import check_shape

LEVELS = 255.0  # of albedo, from black to white
POINTS = 300  # vertices that stand for the face where all would be too many
OUTLINE = 0.75  # decimetres from the middle of a face to its side
NORMALS = 100  # at which light is compared

# What a term counts, so that each is about 1 at the accuracy that is wanted of it.
WEIGHTS = {
    'identity': 0.15,  # / mm
    'expression': 0.6,  # / mm
    'points': 0.15,  # / mm
    'landmarks': 200.0,  # / width
    'openings': 150.0,  # / width
    'pose': 20.0,  # / radian
    'translation': 0.15,  # / mm
    'texture': 8.0,  # / (black to white)
    'shading': 3.0,  # / share
    'color': 8.0,  # / (black to white)
}
# Landmarks of either eye and of the lips: lids and lips are few vertices among many, but
# whether they are open is what an expression is seen by.
OPENINGS = (slice(36, 42), slice(42, 48), slice(48, 68))
COLOR_TERMS = ('texture', 'shading', 'color')


class ReconstructionLoss:
    """Distances between faces of one morphable model.

    Example:
      loss = ReconstructionLoss(model)
      errors = loss.errors(coefficients, translation, true_coefficients, true_translation,
                           landmarks)  # {name: [B]}
      terms = loss.terms(errors, color_weight)  # {name: []}, their sum is the loss
    """

    def __init__(self, model, seed=0):
        """Takes a `MorphableModel` and the seed of the vertices chosen."""
        self.layout = model.layout
        arrays, face = model.arrays, model.face_mask
        # Landmarks first, then vertices of the face.
        others = np.setdiff1d(np.flatnonzero(face), model.landmark_vertices)
        count = min(max(POINTS - len(model.landmark_vertices), 0), len(others))
        chosen = np.concatenate([model.landmark_vertices, np.random.default_rng(seed).choice(
            others, count, replace=False)])
        self._landmarks = len(model.landmark_vertices)
        shape_basis = np.concatenate([arrays['identity_basis'][:, chosen],
                                      arrays['expression_basis'][:, chosen]])
        mean = np.asarray(arrays['mean_shape'], np.float32)
        with tf.init_scope():
            self._roots = {part: tf.constant(surface.root(arrays[name], face), tf.float32)
                           for part, name in (('identity_shape', 'identity_basis'),
                                              ('expression', 'expression_basis'),
                                              ('identity_texture', 'albedo_basis'))}
            self._mean_shape = _row(mean[chosen])
            self._shape_basis = _rows(shape_basis)
            self._mean_albedo = _row(arrays['mean_albedo'][chosen])
            self._albedo_basis = _rows(arrays['albedo_basis'][:, chosen])
            # Light changes little with the normals of a person: those of the mean face do.
            self._point_normals = tf.gather(
                VertexNormals(model.triangles, model.vertex_count)(mean[np.newaxis]), chosen,
                axis=1)
            self._front_terms = tf.constant(lighting.basis(_front_normals()), tf.float32)

    def errors(self, coefficients, translation, true_coefficients, true_translation, landmarks):
        """Every distance of every face.

        Args:
          coefficients: [B, layout.size] estimated.
          translation: [B, 3] estimated, decimetres.
          true_coefficients: [B, layout.size].
          true_translation: [B, 3] decimetres.
          landmarks: [B, 68, 2] true positions in the picture, shares of its width and
            height (of a square picture).

        Returns:
          {name: [B] float32}: identity, expression, mm root mean square over the face;
          points, mm mean distance of rotated vertices before the translation; landmarks,
          mean distance as a share of the width; openings, the same of eyes' and lips'
          landmarks, each about the middle of its own; pose, |R - R'| / sqrt 2, which is the
          angle between the rotations in radians where it is small; translation, mm in
          the picture's plane (depth counts by how far it moves the outline of the face);
          texture, root mean square of albedo over the face, color, mean difference of
          albedo times shading over vertices, both shares of white; shading, mean
          difference at normals towards the camera as a share of the true shading.

        Raises:
          ValueError: on wrong shapes.
        """
        check_shape('coefficients', coefficients, ['B', self.layout.size])
        check_shape('translation', translation, [coefficients.shape[0], 3])
        check_shape('true_coefficients', true_coefficients, [coefficients.shape[0],
                                                             self.layout.size])
        check_shape('true_translation', true_translation, [coefficients.shape[0], 3])
        check_shape('landmarks', landmarks, [coefficients.shape[0], self._landmarks, 2])
        found, true = (self.layout.split(values) for values in (coefficients, true_coefficients))
        moved = translation - true_translation
        vertices, true_vertices = self._posed(found), self._posed(true)
        rotation, true_rotation = (transforms.rotation_matrix(parts.pose)
                                   for parts in (found, true))
        placed = self._project(vertices[:, :self._landmarks] + translation[:, tf.newaxis])
        return {
            'identity': MILLIMETRES * self._rms(found, true, 'identity_shape'),
            'expression': MILLIMETRES * self._rms(found, true, 'expression'),
            'points': MILLIMETRES * tf.reduce_mean(length(vertices - true_vertices), axis=1),
            'landmarks': tf.reduce_mean(length(placed - landmarks), axis=1),
            'openings': tf.add_n([_shape_error((placed - landmarks)[:, part])
                                  for part in OPENINGS]) / len(OPENINGS),
            'pose': length(tf.reshape(rotation - true_rotation, [-1, 9])) / np.sqrt(2.0),
            'translation': MILLIMETRES * length(moved * [1.0, 1.0, OUTLINE / DISTANCE]),
            'texture': self._rms(found, true, 'identity_texture') / LEVELS,
            'shading': self._shading_error(found.illumination, true.illumination),
            'color': self._color_error(found, true, true_rotation),
        }

    def terms(self, errors, color_weight):
        """What the sum of a training's loss is made of.

        Args:
          errors: {name: [B]} of `errors`.
          color_weight: [B], what colour terms count; 0 where the picture's colours are no
            longer those of the coefficients.

        Returns:
          {name: []} weighted means over the batch.
        """
        return {name: WEIGHTS[name] * tf.reduce_mean(
            error * color_weight if name in COLOR_TERMS else error)
            for name, error in errors.items()}

    def _posed(self, parts):
        """[B, P, 3] the chosen vertices, rotated."""
        coefficients = tf.concat([parts.identity_shape, parts.expression], axis=-1)
        flat = self._mean_shape + tf.matmul(coefficients, self._shape_basis)
        return transforms.pose_vertices(tf.reshape(flat, [-1, flat.shape[-1] // 3, 3]), parts.pose)

    def _project(self, points):
        """[B, N, 3] -> [B, N, 2], shares of a square picture."""
        # A network that does not know yet may put a face behind the camera.
        depth = tf.maximum(DISTANCE - points[..., 2:], 1.0)
        return 0.5 + FOCAL_PER_WIDTH * points[..., :2] * [1.0, -1.0] / depth

    def _rms(self, found, true, part):
        difference = getattr(found, part) - getattr(true, part)
        return length(tf.matmul(difference, self._roots[part]))

    def _shading_error(self, found, true):
        found, true = (_gamma(light) for light in (found, true))
        error = tf.abs(tf.matmul(found - true, self._front_terms, transpose_b=True))
        level = tf.abs(tf.matmul(true, self._front_terms, transpose_b=True))
        return tf.reduce_mean(error, axis=[1, 2]) / (tf.reduce_mean(level, axis=[1, 2]) + 0.05)

    def _color_error(self, found, true, rotation):
        normals = tf.matmul(self._point_normals, rotation, transpose_b=True)
        first, second = (self._albedo(parts.identity_texture)
                         * lighting.shading(normals, parts.illumination)
                         for parts in (found, true))
        return tf.reduce_mean(tf.abs(first - second), axis=[1, 2]) / LEVELS

    def _albedo(self, texture):
        flat = self._mean_albedo + tf.matmul(texture, self._albedo_basis)
        return tf.reshape(flat, [-1, flat.shape[-1] // 3, 3])


def length(vectors):
    """Lengths [...] of [..., N]; the gradient of a zero vector is 0, not NaN."""
    return tf.sqrt(tf.reduce_sum(tf.square(vectors), axis=-1) + 1e-12)


def _shape_error(differences):
    """[B] mean length of [B, N, 2] differences once their mean is taken off."""
    middle = tf.reduce_mean(differences, axis=1, keepdims=True)
    return tf.reduce_mean(length(differences - middle), axis=1)


def _gamma(illumination):
    gamma = tf.reshape(illumination, [-1, 3, illumination.shape[-1] // 3])
    return gamma + tf.constant([lighting.AMBIENT] + [0.0] * (gamma.shape[-1] - 1))


def _front_normals():
    """[N, 3] unit vectors spread evenly over the half sphere towards the camera."""
    index = np.arange(NORMALS) + 0.5
    z, angle = index / NORMALS, np.pi * (1.0 + 5.0**0.5) * index  # a Fibonacci spiral
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)


def _row(values):
    return tf.constant(np.reshape(values, [1, -1]), tf.float32)


def _rows(basis):
    return tf.constant(np.reshape(basis, [len(basis), basis.shape[1] * 3]), tf.float32)
