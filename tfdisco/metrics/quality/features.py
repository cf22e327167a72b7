"""What pictures are compared by: features of networks, by name."""

from typing import Callable, NamedTuple, Optional

import tensorflow as tf

from tfdisco.metrics.quality import inception
from tfdisco.perception import resize
from tfdisco.perception.dlib_descriptor import DlibDescriptor
from tfdisco.perception.frozen_graph import FrozenGraph
from tfdisco.perception.parsing import Parsing, ParsingNetwork
from tfdisco.perception.recognition import Recognition, RecognitionNetwork, crop
from tfdisco.perception.vgg16 import VGG16
from tfdisco.shapes import check_choice

NAMES = ('recognition', 'parsing', 'dlib', 'inception', 'vgg16')


class Features(NamedTuple):
    """A way to describe pictures [B, H, W, 3] in [-1, 1].

    name: what figures are called by: fd_NAME, but fid for inception.
    size: D.
    vectors: pictures to [B, D], what distributions are compared by.
    maps: pictures to a list of [B, h, w, C], what a pair is compared by; None if there is
      no such thing.
    """

    name: str
    size: int
    vectors: Callable
    maps: Optional[Callable]

    @property
    def distance(self):
        """The name of its Frechet distance: FID is that of Inception and no other."""
        return 'fid' if self.name == 'inception' else f'fd_{self.name}'


def load(name, recognition='built-in', parsing='built-in', inception_file=None,
         vgg16_file=None):
    """Features by name.

    Args:
      name: 'recognition' or 'parsing', the mean over places of the last map of that network,
        or of a frozen graph for recognition its vector; 'dlib', its descriptor; 'inception';
        'vgg16', the mean over places of its last map.
      recognition, parsing: weights of the first two, see `Perception.load`.
      inception_file: what 'inception' reads, see `inception.load`.
      vgg16_file: what 'vgg16' reads, see `perception.vgg16`.

    Returns:
      `Features`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: on another name, or a file that is not as expected.
    """
    check_choice('features', name, NAMES)
    if name == 'inception':
        if not inception_file:
            raise ValueError(f'features: inception needs --inception=FILE: {inception.ADVICE}')
        return Features(name, inception.SIZE, inception.load(inception_file), None)
    if name == 'vgg16':
        if not vgg16_file:
            raise ValueError("features: vgg16 needs --vgg16=FILE, Keras' weights without top: "
                             'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5')
        return _of_maps(name, VGG16(vgg16_file), VGG16.size)
    if name == 'dlib':
        network = Recognition.load(DlibDescriptor.KIND).network
        return Features(name, network.size, tf.function(
            lambda pictures: network.descriptor(crop(pictures, network.input_size)),
            reduce_retracing=True), None)
    if name == 'recognition':
        seen, own, cut = Recognition.load(recognition), RecognitionNetwork, crop
        if isinstance(seen.network, FrozenGraph):
            return Features(name, seen.network.size, tf.function(seen, reduce_retracing=True), None)
    else:
        seen, own, cut = Parsing.load(parsing), ParsingNetwork, resize.to_square
    network = seen.network
    if not isinstance(network, own):
        raise ValueError(f"features: {name}: expected a network of tfdisco's own, for its maps, "
                         f'got {type(network).__name__}; pass other --features')

    def maps(pictures):
        return network.backbone(cut(pictures, network.input_size))

    return _of_maps(name, maps, network.backbone.widths[-1])


def _of_maps(name, maps, size):
    return Features(name, size, tf.function(
        lambda pictures: tf.reduce_mean(maps(pictures)[-1], axis=[1, 2]), reduce_retracing=True),
        maps)


def load_all(names, **files):
    """{name: `Features`} of names with commas between; see `load`."""
    wanted = [name.strip() for name in names.split(',')]
    return {name: load(name, **files) for name in dict.fromkeys(wanted)}
