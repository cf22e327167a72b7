"""A mapping network that is a sum, one part a factor: w = sum_f g_f(u_f)."""

import math

import tensorflow as tf

from tfdisco import factors
from tfdisco.networks.layers import EqualDense, InputScale

HIDDEN = 256  # units of the parts' layers before the last


class FactorMapping(InputScale):
    """The generator's input to w, each factor by a network of its own: [B, I] -> [B, w_size].

    A change of one factor moves w by the same vector whatever the others are, so that the
    paper's Property 1 of the space W (Sec. 5.1) holds by construction, and no factor is
    louder for having more numbers: at first each contributes the same variance. Property 2 does
    not follow: where a part is not linear, an offset moves w by another vector elsewhere.

    Attributes:
      sizes: {factor: numbers of it in the input}, in their order.
    """

    def __init__(self, sizes, w_size, layers, lr_multiplier, **kwargs):
        """See the class.

        Args:
          sizes: see the class.
          w_size: of w.
          layers: dense layers of a part; the last is linear, so that w is a sum.
          lr_multiplier: of `EqualLayer`.
          **kwargs: of the Keras layer.

        Raises:
          ValueError: if there are less than two layers.
        """
        if layers < 2:
            raise ValueError(f'mapping_layers: expected at least 2 of a sum, got {layers}')
        super().__init__(sum(sizes.values()), **kwargs)
        self.sizes, self._count = dict(sizes), layers
        for factor, size in self.sizes.items():
            for index in range(layers):
                last = index == layers - 1
                # An attribute each: of lists and dicts, checkpoints with Keras 3 keep nothing.
                setattr(self, f'{factor}{index}', EqualDense(
                    size if index == 0 else HIDDEN, w_size if last else HIDDEN,
                    'linear' if last else 'lrelu', lr_multiplier=lr_multiplier,
                    gain=1.0 / math.sqrt(len(self.sizes)) if last else 1.0))

    def parts(self, values):
        """Inputs [B, I] -> {factor: what it adds to w, [B, w_size]}."""
        values = self.scaled(values)
        found = dict(zip(self.sizes, tf.split(values, list(self.sizes.values()), axis=-1)))
        for factor in found:
            for layer in self.part_layers(factor):
                found[factor] = layer(found[factor])
        return found

    def part_layers(self, factor):
        """The layers of a factor's part, in their order."""
        return [getattr(self, f'{factor}{index}') for index in range(self._count)]

    def scale_part(self, factor, scale):
        """Makes what a factor adds to w `scale` times as large."""
        last = self.part_layers(factor)[-1]
        for weight in (last.weight, last.bias):
            weight.assign(scale * tf.convert_to_tensor(weight))

    def call(self, values):
        return tf.add_n(list(self.parts(values).values()))


def sizes_of(weights):
    """{factor: numbers in the input} of {name: array} as `generator_file` has them, or None."""
    first = {factor: weights.get(f'mapping/{factor}0/weight') for factor in factors.INPUT_FACTORS}
    return {factor: weight.shape[0] for factor, weight in first.items()
            if weight is not None and weight.ndim == 2} or None
