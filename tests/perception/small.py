"""Small perception networks with random weights, and smooth pictures to look at."""

import numpy as np

from tests.face3d import toy
from tests.perception import reference
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing, ParsingNetwork
from tfdisco.perception.recognition import Recognition, RecognitionNetwork
from tfdisco.perception.reconstruction import Reconstruction, ReconstructionNetwork

WIDTHS, BLOCKS = (4, 6, 8), (1, 1, 2)
SIZE = 32


def reconstruction(seed=0):
    """A `ReconstructionNetwork` of the toy model that trains."""
    network = ReconstructionNetwork.for_model(toy.model(), widths=WIDTHS, blocks=BLOCKS,
                                              channels=5, hidden=12, input_size=SIZE)
    reference.stir(network, seed)
    network.scale.assign(0.1 * np.array(network.scale))  # the face stays in the picture
    return network


def recognition(seed=1):
    """A `RecognitionNetwork` that trains."""
    return reference.stir(RecognitionNetwork(size=7, widths=WIDTHS, blocks=BLOCKS, channels=5,
                                             input_size=SIZE), seed)


def parsing(seed=2):
    """A `ParsingNetwork` that trains."""
    return reference.stir(ParsingNetwork(widths=WIDTHS, blocks=BLOCKS, input_size=SIZE), seed)


def perception():
    """A `Perception` of the three, frozen."""
    return Perception(Reconstruction(reconstruction().freeze(), toy.model()),
                      Recognition(recognition().freeze()), Parsing(parsing().freeze()))


def pictures(count, height, width, seed=0):
    """[count, height, width, 3] in (-1, 1), the same smooth scene at any size."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid((np.arange(height) + 0.5 - height / 2) / width,
                       (np.arange(width) + 0.5) / width - 0.5, indexing='ij')
    waves = rng.uniform(-9, 9, size=(count, 3, 4, 2))
    phases = rng.uniform(0, 6, size=(count, 3, 4, 1, 1))
    angle = waves[..., :1, np.newaxis] * x + waves[..., 1:, np.newaxis] * y + phases
    return np.moveaxis(np.tanh(np.sin(angle).sum(axis=2) / 2), 1, -1).astype(np.float32)
