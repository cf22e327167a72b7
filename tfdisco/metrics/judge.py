"""Networks that no loss has seen: a generator pleases those that trained it."""

import tensorflow as tf

from tfdisco import factors
from tfdisco.metrics.face_mesh import FaceMesh
from tfdisco.perception.recognition import Recognition

MESH = 'mediapipe'


class Judge:
    """What independent networks see in faces.

    Attributes:
      recognition: None, or `Recognition` or what is called alike: judges identity.
      mesh: None, or `FaceMesh` or what is called alike: judges pose and expression.
    """

    def __init__(self, recognition=None, mesh=None):
        """See the class."""
        self.recognition, self.mesh = recognition, mesh
        self._recognize = recognition and tf.function(recognition, reduce_retracing=True)

    @classmethod
    def load(cls, names, model, side):
        """Loads judges.

        Args:
          names: 'dlib', 'mobilefacenet' or a weights file for identity, see
            `Recognition.load`; 'mediapipe' for pose and expression; or both, with a comma.
          model: the `MorphableModel` of the coefficients that 'mediapipe' is fitted to.
          side: pixels of the pictures that will be looked at.

        Raises:
          FileNotFoundError: if a file is missing.
          ValueError: if it is not as expected, or there are two judges of the same.
        """
        names = [name.strip() for name in names.split(',')]
        others = [name for name in names if name != MESH]
        if not all(names) or len(others) > 1 or names.count(MESH) > 1:
            raise ValueError(f"judge: expected one network for identity, '{MESH}', or both with a "
                             f'comma between, got {",".join(names)!r}')
        return cls(Recognition.load(others[0]) if others else None,
                   FaceMesh(model, side) if MESH in names else None)

    @property
    def error(self):
        """None, or how well pose and expression are told, see `FaceMesh`."""
        return self.mesh and self.mesh.error

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> {factor: [B, its size]} of what is judged.

        NaN where no face was found.
        """
        found = {}
        if self.recognition:
            found[factors.IDENTITY] = self._recognize(tf.constant(images)).numpy()
        if self.mesh:
            seen = self.mesh(images)
            found.update({factor: seen[factor] for factor in (factors.EXPRESSION, factors.POSE)})
        return found

    def similarity(self, first, second):
        """How alike two identities [B, D] are: [B], see `Recognition.similarity`."""
        return self.recognition.similarity(first, second)
