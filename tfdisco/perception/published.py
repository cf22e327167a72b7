"""The networks that the paper was trained with, of the frozen graphs that people have."""

import tensorflow as tf

from tfdisco.face3d import deep3d_file, framing
from tfdisco.perception import resize
from tfdisco.perception.frozen_graph import FrozenGraph
from tfdisco.perception.landmarks import LandmarkProjector, ReconstructedFace

FOCAL_PER_WIDTH = 1015.0 / 224.0  # of the camera that Deep3D's translations belong to


class DeepReconstruction:
    """Deep3D's network: pictures to coefficients, translation and landmarks; frozen.

    As DiscoFaceGAN uses it: it is shown the whole picture. Its camera has a shorter focal
    length than ours, so that its translation brings every face nearer: the landmarks are
    projected by its camera, and the translation is what ours needs for the same place and size.

    Attributes:
      network: `FrozenGraph`.
    """

    def __init__(self, graph, model):
        """Takes a `FrozenGraph` and the `MorphableModel`; ValueError if it is another's."""
        deep3d_file.check_model(model, 'reconstruction')
        self.network, self._project = graph, LandmarkProjector(model)

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> `ReconstructedFace`."""
        coefficients, translation = self.decode(
            self.network(resize.to_square(images, self.network.input_size)))
        height, width = (tf.cast(size, tf.float32) for size in resize.size(images))
        center = tf.stack([width, height]) / 2.0
        ours = self._project(coefficients, translation, height, width)
        ratio = FOCAL_PER_WIDTH / framing.FOCAL_PER_WIDTH
        return ReconstructedFace(coefficients, _to_our_camera(translation),
                                 center + ratio * (ours - center))

    def decode(self, raw):
        """Outputs [B, 257] -> coefficients [B, 254] in our order, and translation [B, 3]."""
        sizes = {name: getattr(deep3d_file.LAYOUT, part)
                 for name, part in deep3d_file.PARTS.items()}
        parts = dict(zip((*sizes, deep3d_file.TRANSLATION),
                         tf.split(raw, [*sizes.values(), 3], axis=-1)))
        return (tf.concat([parts[name] for name in deep3d_file.ORDERS[deep3d_file.DISCOFACEGAN]],
                          axis=-1), parts[deep3d_file.TRANSLATION])


class FaceNetRecognition:
    """facenet's network: pictures to unit identity vectors; frozen.

    As DiscoFaceGAN uses it: it is shown the whole picture.

    Attributes:
      network: `FrozenGraph`.
    """

    def __init__(self, graph):
        """Takes a `FrozenGraph`."""
        self.network = graph

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> [B, D]."""
        return tf.math.l2_normalize(
            self.network(resize.to_square(images, self.network.input_size)), axis=-1)

    def similarity(self, first, second):
        """How alike two identities [B, D] are: the cosine [B], as in the paper's Eq. 2."""
        return tf.reduce_sum(first * second, axis=-1)


def load_reconstruction(path, model):
    """`DeepReconstruction` of a FaceReconModel.pb; see `FrozenGraph.load` for errors."""
    return DeepReconstruction(FrozenGraph.load(path, 'reconstruction'), model)


def load_recognition(path):
    """`FaceNetRecognition` of a 20170512-110547.pb; see `FrozenGraph.load` for errors."""
    return FaceNetRecognition(FrozenGraph.load(path, 'recognition'))


def _to_our_camera(translation):
    """f / (D - z) stays, for what is as far away as the model's origin."""
    x, y, z = tf.unstack(translation, axis=-1)
    farther = framing.FOCAL_PER_WIDTH / FOCAL_PER_WIDTH
    return tf.stack([x, y, framing.DISTANCE - farther * (framing.DISTANCE - z)], axis=-1)
