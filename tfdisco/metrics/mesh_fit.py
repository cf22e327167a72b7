"""What a mesh of points says of other numbers: linear maps, found on examples."""

import numpy as np

from tfdisco.shapes import check_shape

ROUNDS = 3  # of aligning to the mean shape and taking the mean again
FOLDS = 4
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # shares of the mean square of the examples' products


class MeshFit:
    """Meshes [B, P, 3] (x right, y up, z towards the camera, shares of the width) to numbers.

    'pose' is linear in the angles of the rotation that takes the mean shape to the mesh, and
    in where the mesh is and how large, for perspective; all else is a ridge regression on the
    points: 'landmarks' as they are in the picture, any other once they are turned back.

    Attributes:
      means: {name: [K] mean of the examples}.
    """

    def __init__(self, meshes, targets):
        """Fits.

        Args:
          meshes: [N, P, 3].
          targets: {name: [N, K]}, 'pose' in radians and 'landmarks' [N, 2 L], shares of the
            width, y down, among them.
        """
        check_shape('meshes', meshes, ['N', 'P', 3])
        shapes = _normalised(meshes)[0]
        self._mean = shapes.mean(axis=0)  # turned as faces are on average
        for _ in range(ROUNDS):
            self._mean = _aligned(shapes, self._mean)[0].mean(axis=0)
        features = self._features(meshes)
        self.means = {name: values.mean(axis=0) for name, values in targets.items()}
        self._centres = {name: values.mean(axis=0) for name, values in features.items()}
        self._maps = {}
        for name, values in targets.items():
            given = features[_kind(name)] - self._centres[_kind(name)]
            wanted = values - self.means[name]
            self._maps[name] = (np.linalg.lstsq(given, wanted, rcond=None)[0] if name == 'pose'
                                else _ridge(given, wanted))

    def __call__(self, meshes):
        """Meshes [B, P, 3] -> {name: [B, K]}."""
        features = self._features(meshes)
        return {name: self.means[name]
                + (features[_kind(name)] - self._centres[_kind(name)]) @ weights
                for name, weights in self._maps.items()}

    def _features(self, meshes):
        """{'pose', 'landmarks', 'shape': [B, features]}."""
        shapes, centres, sizes = _normalised(meshes)
        turned, rotations = _aligned(shapes, self._mean)
        angles = _angles(rotations)
        return {'pose': np.concatenate([angles, centres[:, :2], sizes[:, np.newaxis]], axis=1),
                'landmarks': meshes[..., :2].reshape(len(meshes), -1),
                'shape': np.concatenate([turned.reshape(len(meshes), -1), angles], axis=1)}


def _kind(name):
    return name if name in ('pose', 'landmarks') else 'shape'


def _normalised(meshes):
    """Meshes without place and size, and these: [B, P, 3], [B, 3], [B]."""
    centres = meshes.mean(axis=1)
    shapes = meshes - centres[:, np.newaxis]
    sizes = np.sqrt(np.square(shapes).sum(axis=-1).mean(axis=1))
    return shapes / sizes[:, np.newaxis, np.newaxis], centres, sizes


def _aligned(shapes, mean):
    """Shapes [B, P, 3] turned back to the mean shape, and what turned them [B, 3, 3] (Kabsch)."""
    left, _, right = np.linalg.svd(np.einsum('bpi,pj->bij', shapes, mean))
    flip = np.ones([len(shapes), 3])
    flip[:, 2] = np.sign(np.linalg.det(left @ right))
    rotations = (left * flip[:, np.newaxis]) @ right
    return shapes @ rotations, rotations


def _angles(rotations):
    """Pitch, yaw and roll [B, 3] of `face3d.transforms.rotation_matrix`."""
    return np.stack([np.arctan2(rotations[:, 2, 1], rotations[:, 2, 2]),
                     np.arcsin(np.clip(-rotations[:, 2, 0], -1, 1)),
                     np.arctan2(rotations[:, 1, 0], rotations[:, 0, 0])], axis=1)


def _ridge(given, wanted):
    """Weights [F, K] of the ridge that predicts left-out quarters best."""
    fold = np.arange(len(given)) % FOLDS
    errors = [sum(np.square(given[fold == part] @ _solve(given[fold != part], wanted[fold != part],
                                                         share) - wanted[fold == part]).sum()
                  for part in range(FOLDS)) for share in RIDGES]
    return _solve(given, wanted, RIDGES[int(np.argmin(errors))])


def _solve(given, wanted, share):
    products = given @ given.T  # fewer examples than features
    ridge = share * np.trace(products) / len(products)
    return given.T @ np.linalg.solve(products + ridge * np.eye(len(products)), wanted)
