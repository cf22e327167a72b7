"""Networks that no loss has seen: a generator pleases those that trained it."""

import tensorflow as tf

from tfdisco import factors
from tfdisco.perception.recognition import Recognition


class Judge:
    """What independent networks see in faces.

    Attributes:
      recognition: `Recognition`, or anything that is called alike; None for none.
    """

    def __init__(self, recognition=None):
        """See the class."""
        self.recognition = recognition
        self._recognize = recognition and tf.function(recognition, reduce_retracing=True)

    @classmethod
    def load(cls, name):
        """Loads a judge: 'dlib', 'mobilefacenet' or a weights file, see `Recognition.load`."""
        return cls(Recognition.load(name))

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> {factor: [B, its size]} of what it sees."""
        return {factors.IDENTITY: self._recognize(tf.constant(images)).numpy()}

    def similarity(self, first, second):
        """How alike two identities [B, D] are: [B], see `Recognition.similarity`."""
        return self.recognition.similarity(first, second)
