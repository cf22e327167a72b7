"""What there is to learn from faces: their coefficients, who they are, where their hair is.

A task has
  names: fields of `perception_data.Faces` that it needs; masks among them or not;
  crop: the central share of pictures that its network sees;
  network, average: two networks of one make; the trainer trains the first and averages its
    weights in the second;
  head: None, or a layer of weights that are trained as well, but not kept;
  terms(outputs, seen, progress): {name: []} that add up to the loss, of the network's
    outputs for a batch of the augmenter's; progress is the share of the training done;
  measures(outputs, seen): {name: array}, what `figures` needs of a batch, one row a face;
  figures(measures, identity): {name: float} of all batches' measures together.
"""

import numpy as np
import tensorflow as tf

from tfdisco.face3d.landmarks import OUTER_EYE_CORNERS
from tfdisco.losses import parsing, recognition
from tfdisco.losses.reconstruction import COLOR_TERMS, ReconstructionLoss
from tfdisco.metrics.verification import verification
from tfdisco.perception.parsing import CLASSES, ParsingNetwork
from tfdisco.perception.recognition import SHARE, RecognitionNetwork
from tfdisco.perception.reconstruction import ReconstructionNetwork

MARGIN_FROM, MARGIN_UNTIL = 0.05, 0.25  # share of the training in which the margin grows
CENTER_LENGTH = 0.1  # of each entry at first; only the direction counts
PAIRS = 5000  # of one person, and as many of two, in a recognition figure
SURE = 0.5  # the share of a pixel from which on it counts as hair


class ReconstructionTask:
    """Coefficients and translation of a face, see `losses.reconstruction`."""

    names = ('image', 'coefficients', 'translation', 'landmarks')
    crop = 1.0

    def __init__(self, run, model, identities):
        """Takes a `PerceptionRun`, its `MorphableModel` and the number of people."""
        del run, identities
        self.network, self.average = (ReconstructionNetwork.for_model(model) for _ in range(2))
        self.head = None
        self._loss = ReconstructionLoss(model)

    def terms(self, outputs, seen, progress):
        """See the module."""
        del progress
        return self._loss.terms(self._errors(outputs, seen), seen['color_weight'])

    def measures(self, outputs, seen):
        """See the module."""
        errors = self._errors(outputs, seen)
        left, right = (seen['landmarks'][:, corner] for corner in OUTER_EYE_CORNERS)
        percent = 100.0 / tf.norm(right - left, axis=1)  # of the distance of the eyes' corners
        angle = 2.0 * tf.asin(tf.minimum(errors['pose'] / 2.0, 1.0))
        return {'landmarks_percent': percent * errors['landmarks'],
                'openings_percent': percent * errors['openings'],
                'pose_degrees': angle * (180.0 / np.pi), 'points_mm': errors['points'],
                'identity_rms_mm': errors['identity'], 'expression_rms_mm': errors['expression'],
                'translation_mm': errors['translation'],
                **{name: errors[name] for name in COLOR_TERMS}}

    def figures(self, measures, identity):
        """See the module; means over faces."""
        del identity
        return {name: float(values.mean()) for name, values in measures.items()}

    def _errors(self, outputs, seen):
        return self._loss.errors(*self.network.decode(outputs), seen['coefficients'],
                                 seen['translation'], seen['landmarks'])


class RecognitionTask:
    """Unit vectors that tell people apart, see `losses.recognition`."""

    names = ('image', 'identity')
    crop = SHARE

    def __init__(self, run, model, identities):
        """See `ReconstructionTask`; people are numbered from 0."""
        del model
        self.network, self.average = RecognitionNetwork(), RecognitionNetwork()
        self._scale, self._margin = run.scale, run.margin
        self.head = tf.keras.layers.Layer(name='head')
        self._centers = self.head.add_weight(
            name='centers', shape=(identities, self.network.size),
            initializer=tf.keras.initializers.RandomNormal(stddev=CENTER_LENGTH))

    def terms(self, outputs, seen, progress):
        """See the module."""
        grown = (progress - MARGIN_FROM) / (MARGIN_UNTIL - MARGIN_FROM)
        margin = self._margin * tf.clip_by_value(grown, 0.0, 1.0)
        return {'margin_softmax': recognition.cosface_term(
            outputs, self._centers, seen['identity'], self._scale, margin)}

    def measures(self, outputs, seen):
        """See the module."""
        del seen
        return {'features': outputs}

    def figures(self, measures, identity):
        """See the module; see `metrics.verification`."""
        found = verification(measures['features'], identity, PAIRS, seed=0)
        return {name: estimate.value for name, estimate in found.items()}


class ParsingTask:
    """Shares of background, face and hair at each pixel, see `losses.parsing`."""

    names = ('image', 'masks')
    crop = 1.0

    def __init__(self, run, model, identities):
        """See `ReconstructionTask`."""
        del run, model, identities
        self.network, self.average = ParsingNetwork(), ParsingNetwork()
        self.head = None

    def terms(self, outputs, seen, progress):
        """See the module."""
        del progress
        shares = parsing.labels(*tf.split(seen['masks'], 2, axis=-1))
        return {'cross_entropy': parsing.cross_entropy_term(outputs, shares, seen['known']),
                'hair_overlap': parsing.overlap_term(outputs, shares, seen['known'])}

    def measures(self, outputs, seen):
        """See the module; pixels in both and in either, where the picture is known."""
        shares = parsing.labels(*tf.split(seen['masks'], 2, axis=-1))
        found, true = (values > SURE for values in (tf.nn.softmax(outputs), shares))
        known = seen['known'] > 0.0
        return {name: tf.reduce_sum(tf.cast(known & both, tf.float32), axis=[1, 2])
                for name, both in (('both', found & true), ('either', found | true))}

    def figures(self, measures, identity):
        """See the module; intersection over union of all pictures' pixels together."""
        del identity
        overlap = measures['both'].sum(axis=0) / np.maximum(measures['either'].sum(axis=0), 1.0)
        return {f'{name}_iou': float(value) for name, value in zip(CLASSES, overlap)}


TASKS = {'reconstruction': ReconstructionTask, 'recognition': RecognitionTask,
         'parsing': ParsingTask}
