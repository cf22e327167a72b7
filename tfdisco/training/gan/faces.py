"""Generated faces beside what they were made of and what is seen in them."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco.face3d.renderer import RenderedFace
from tfdisco.perception.observe import Observation
from tfdisco.perception.parsing import Parsed


class Faces(NamedTuple):
    """A batch; what no term needs is None.

    images: [B, R, R, 3] generated.
    coefficients: [B, K].
    rendered: `RenderedFace` of the face region.
    head_image: [B, R, R, 3] rendered, the whole head.
    head_mask: [B, R, R, 1] of it.
    target: [B, D] identity seen in the rendered pictures.
    seen: `Observation` of the images.
    parsed: `Parsed` of the images.
    """

    images: tf.Tensor
    coefficients: tf.Tensor
    rendered: RenderedFace
    head_image: tf.Tensor = None
    head_mask: tf.Tensor = None
    target: tf.Tensor = None
    seen: Observation = None
    parsed: Parsed = None

    def rows(self, which):
        """The faces [start:stop:step] of a slice, or those that an int64 tensor counts."""
        def part(values):
            if values is None or isinstance(values, tuple):
                return values and type(values)(*(part(value) for value in values))
            return values[which] if isinstance(which, slice) else tf.gather(values, which)
        return Faces(*(part(values) for values in self))
