"""Photographs among the rendered faces that reconstruction trains on: weak supervision."""

import tensorflow as tf

from tfdisco.face3d.framing import DISTANCE
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.losses.perception import photograph
from tfdisco.losses.perception.reconstruction import length
from tfdisco.perception.recognition import Recognition
from tfdisco.training.perception.augment.augmenter import Augmentation, Augmenter

# Photographs are only moved: what is rendered has to look like what the network sees.
MOVED = Augmentation(far=0.0, window=0.0, soft=0.0, tint=0.0, brightness=0.0, grey=0.0, bent=0.0,
                     covered=0.0, compressed=0.0, noisy=0.0)
# What terms count, beside those of rendered faces (`losses.reconstruction.WEIGHTS`).
WEIGHTS = {'photometric': 4.0, 'landmarks': 60.0, 'identity': 0.5, 'likelihood': 0.05}
CLOSEST = 1.0  # decimetres from the camera; a network that does not know yet may come nearer


class PhotoSupervision:
    """The part of a step that photographs take.

    Attributes:
      faces: `perception_data.Faces` with masks; coefficients and translations are not used.
      batch: photographs in a step.
      names: fields of `faces` that are needed.
      augmenter: moves them.
    """

    names = ('image', 'landmarks', 'masks')

    def __init__(self, network, model, faces, batch, recognition=None):
        """See the class.

        Args:
          network: the `ReconstructionNetwork` that trains.
          model: its `MorphableModel`.
          faces: see the class.
          batch: photographs in a step.
          recognition: None, or the name or path of a `perception.Recognition` that compares
            photographs with what is rendered.
        """
        self.faces, self.batch, self._network = faces, int(batch), network
        size = network.input_size
        self.augmenter = Augmenter(size, settings=MOVED)
        self._render = FaceRenderer(model, size, size)
        self._recognition = None if recognition is None else Recognition.load(recognition)

    def terms(self, outputs, seen):
        """Terms of a batch.

        Args:
          outputs: raw [B, K + 3] of the network.
          seen: what the augmenter made: image [B, S, S, 3], landmarks [B, 68, 2] in shares of
            the edge (as found when the photographs were prepared; they hold the face in its
            place), masks [B, S, S, 2] and known [B, S, S, 1].

        Returns:
          {'photo_NAME': []}, weighted.
        """
        coefficients, translation = self._network.decode(outputs)
        # A face behind the camera cannot be drawn.
        depth = tf.minimum(translation[:, 2:], DISTANCE - CLOSEST - 2.0)
        face = self._render(coefficients, tf.concat([translation[:, :2], depth], axis=-1))
        picture = seen['image']
        weight = face.mask * seen['masks'][..., :1] * seen['known']
        apart = face.landmarks / self._render.width - seen['landmarks']
        likely = outputs[:, :self._network.layout.slices['expression'].stop]
        found = {'photometric': photograph.photometric_term(picture, face.image, weight),
                 'landmarks': tf.reduce_mean(length(apart)),
                 'likelihood': photograph.likelihood_term(likely)}
        if self._recognition is not None:
            # On the photograph's own background, as the network knows no face without one.
            drawn = face.mask * face.image + (1.0 - face.mask) * picture
            found['identity'] = photograph.identity_term(self._recognition(picture),
                                                         self._recognition(drawn))
        return {f'photo_{name}': WEIGHTS[name] * value for name, value in found.items()}
