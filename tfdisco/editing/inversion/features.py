"""What networks see in pictures, for the perceptual term: maps of several sizes."""

from tfdisco.perception import resize
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition, RecognitionNetwork, crop
from tfdisco.perception.vgg16 import VGG16

BUILT_IN = 'built-in'


class Trunks:
    """Maps of the backbones of the recognition and the parsing network that ship.

    One has learned what tells people apart, the other where skin, hair and background meet.
    """

    def __init__(self, recognition=None, parsing=None):
        """Takes `RecognitionNetwork` and `ParsingNetwork`, or loads the built-in ones."""
        recognition = recognition or Recognition.load(BUILT_IN).network
        if not isinstance(recognition, RecognitionNetwork):
            raise ValueError("features: expected a recognition network of tfdisco's own, got "
                             f'{type(recognition).__name__}')
        self._recognition = recognition
        self._parsing = parsing or Parsing.load(BUILT_IN).network

    def __call__(self, images):
        """Pictures [B, H, W, 3] in [-1, 1] -> list of [B, h, w, C]."""
        return [*self._recognition.backbone(crop(images, self._recognition.input_size)),
                *self._parsing.backbone(resize.to_square(images, self._parsing.input_size))]


def load(name=BUILT_IN):
    """'built-in' (`Trunks`), or the path of a file of `VGG16`."""
    return Trunks() if name == BUILT_IN else VGG16(name)
