"""What there is to learn from faces: their coefficients, who they are, where their hair is.

A task has
  names: fields of `perception_data.Faces` that it needs; masks among them or not;
  crop: the central share of pictures that its network sees;
  augmentation: how strongly they are changed;
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

from tfdisco import factors
from tfdisco.face3d.landmarks import OUTER_EYE_CORNERS
from tfdisco.face3d.visibility import visibility
from tfdisco.losses.perception import parsing, recognition
from tfdisco.losses.perception.reconstruction import COLOR_TERMS, ReconstructionLoss
from tfdisco.metrics.perception.verification import verification
from tfdisco.perception.parsing import CLASSES, ParsingNetwork
from tfdisco.perception.recognition import BOX, RecognitionNetwork
from tfdisco.perception.reconstruction import ReconstructionNetwork
from tfdisco.training.perception.augment.augmenter import Augmentation

MARGIN_FROM, MARGIN_UNTIL = 0.3, 0.7  # share of the training in which the margin grows
COEFFICIENTS_WEIGHT = 5.0  # beside nats
PAIRS = 5000  # of one person, and as many of two, in a recognition figure
SURE = 0.5  # the share of a pixel from which on it counts as hair


class ReconstructionTask:
    """Coefficients and translation of a face, see `losses.reconstruction`."""

    names = ('image', 'coefficients', 'translation', 'landmarks')
    crop, augmentation = 1.0, Augmentation()

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
    """Unit vectors that tell people apart, see `losses.recognition`.

    That people are told apart says little of how, and nothing at first. So a linear map,
    which is not kept, has to find the coefficients of a person's shape and colour in the
    vector as well.
    """

    names = ('image', 'identity', 'coefficients')
    crop = BOX[3] - BOX[1]
    # What tells people apart is fine, and gone from a picture that is bad enough.
    augmentation = Augmentation(
        shift=0.02, scale=0.03, far=0.0, window=0.1, soft=0.3, tint=0.04, brightness=0.12,
        grey=0.2, bent=0.2, covered=0.1, compressed=0.2, noisy=0.2)

    def __init__(self, run, model, identities):
        """See `ReconstructionTask`; people are numbered from 0."""
        self.network, self.average = RecognitionNetwork(), RecognitionNetwork()
        self._part = model.layout.factor_slice(factors.IDENTITY)
        self._visibility = visibility(model)[self._part].astype(np.float32)
        self._scale, self._margin = run.scale, run.margin
        self.head = tf.keras.layers.Layer(name='head')
        self._centers, self._to_coefficients = (
            self.head.add_weight(name=name, shape=shape,
                                 initializer=tf.keras.initializers.RandomNormal(stddev=0.1))
            for name, shape in (('centers', (identities, self.network.size)),
                                ('to_coefficients', (self.network.size, len(self._visibility)))))

    def terms(self, outputs, seen, progress):
        """See the module."""
        grown = (progress - MARGIN_FROM) / (MARGIN_UNTIL - MARGIN_FROM)
        margin = self._margin * tf.clip_by_value(grown, 0.0, 1.0)
        # Entries of a unit vector are small.
        found = np.sqrt(self.network.size) * tf.matmul(
            outputs, tf.convert_to_tensor(self._to_coefficients))
        return {
            'margin_softmax': recognition.cosface_term(
                outputs, self._centers, seen['identity'], self._scale, margin),
            'coefficients': COEFFICIENTS_WEIGHT * recognition.coefficients_term(
                found, seen['coefficients'][:, self._part], self._visibility)}

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
    crop, augmentation = 1.0, Augmentation()

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
