"""How far two faces are apart in one factor, and how much of an asked change is seen.

In units that one can picture: degrees, millimetres, shading.
"""

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d import lighting, surface, transforms
from tfdisco.face3d.surface import MILLIMETRES

MEASURED = (factors.POSE, factors.EXPRESSION, factors.ILLUMINATION)
UNITS = {factors.POSE: 'degrees', factors.EXPRESSION: 'mm', factors.ILLUMINATION: 'shading'}
NORMALS = 400  # at which light is compared, all round
PAIRS = 512  # of random faces, for what is ordinary


class Measures:
    """Distances of coefficients [B, K] in one factor.

    expression: root mean square distance of the face's vertices, millimetres.
    illumination: root mean square difference of a white sphere's shading.
    pose: the angle of the rotation from one to the other, degrees.
    """

    def __init__(self, model):
        """Takes the `MorphableModel` of the coefficients."""
        self._layout = model.layout
        normals = lighting.sphere(NORMALS)
        terms = lighting.basis(normals)
        # Squared distances are products with these, whatever the rest of the face.
        self._products = {
            factors.EXPRESSION: MILLIMETRES ** 2 * surface.gram(
                model.arrays['expression_basis'], model.face_mask),
            factors.ILLUMINATION: np.kron(np.eye(3), terms.T @ terms / len(normals)) / 3.0}

    def distance(self, factor, first, second):
        """[B] in the unit of `UNITS`, of coefficients [B, K] each."""
        first, second = self._part(factor, first), self._part(factor, second)
        if factor == factors.POSE:
            one, two = (transforms.rotation_matrix(tf.constant(part)).numpy()
                        for part in (first, second))
            # |R1 - R2| = 2 sqrt(2) sin(angle / 2).
            apart = np.linalg.norm(one - two, axis=(1, 2)) / np.sqrt(8.0)
            return np.degrees(2.0 * np.arcsin(np.minimum(apart, 1.0)))
        apart = first - second
        return np.sqrt(np.maximum(np.einsum(
            'bi,ij,bj->b', apart, self._products[factor], apart), 0.0))

    def share(self, factor, start, goal, seen):
        """How much of the way from `start` to `goal` is seen: [B], 1 for all of it.

        The projection onto the way, for expression and illumination; 1 where there is no way.
        """
        start, goal, seen = (self._part(factor, part) for part in (start, goal, seen))
        along = (goal - start) @ self._products[factor]
        length = np.einsum('bi,bi->b', along, goal - start)
        done = np.einsum('bi,bi->b', along, seen - start)
        return np.where(length > 1e-12, done / np.maximum(length, 1e-12), 1.0)

    def ordinary(self, faces, seed=0):
        """{factor: median distance of two random faces of a `FaceGenerator`}."""
        first, second = (faces.coefficients(faces.latents(PAIRS, [seed, index]))
                         for index in (0, 1))
        return {factor: float(np.median(self.distance(factor, first, second)))
                for factor in MEASURED}

    def _part(self, factor, coefficients):
        return np.asarray(coefficients, np.float64)[:, self._layout.factor_slice(factor)]
