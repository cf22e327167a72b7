"""StyleGAN2 networks of a higher resolution that do what smaller ones do.

So a run at 128 pixels begins with what one at 64 has learned. In place of a fade (Karras et al.
2018) nothing changes at first, as in Net2Net (Chen et al. 2016): the generator's picture is the
smaller one's, enlarged; the discriminator judges the picture made smaller.
"""

import dataclasses
import math

import numpy as np

from tfdisco.networks.generator_file import named_weights
from tfdisco.networks.stylegan2.discriminator import HALF, Discriminator
from tfdisco.networks.stylegan2.generator import Generator

SLOPE = 0.2  # of `bias_act`'s leaky ReLU, whose gain is sqrt(2)
GAIN = math.sqrt(2.0)
CODES = 6  # channels that carry the three colours past a leaky ReLU, see `_decode`


def grown_generator(small, resolution):
    """A `Generator` that draws what a smaller one does, enlarged: its new layers add no colour.

    Args:
      small: a `stylegan2.Generator`.
      resolution: pixels of a side, above the smaller one's.

    Returns:
      One of this resolution and the same channels.
    """
    config = dataclasses.replace(small.config, resolution=resolution)
    generator = Generator(config, small.input_size, small.factor_sizes)
    _copy(generator, small)
    for side in _new_sides(generator, small):
        colors = getattr(generator, f'rgb{side}')
        for weight in (colors.weight, colors.bias):
            weight.assign(np.zeros(weight.shape))
    return generator


def grown_discriminator(small, resolution):
    """A `Discriminator` that judges as a smaller one does: its new blocks shrink the picture.

    Args:
      small: a `stylegan2.Discriminator`.
      resolution: pixels of a side, above the smaller one's.

    Returns:
      One of this resolution and the same channels.

    Raises:
      ValueError: if a layer is too narrow for the colours.
    """
    config = dataclasses.replace(small.config, resolution=resolution)
    discriminator = Discriminator(config)
    sides = _new_sides(discriminator, small)
    if config.channels(resolution) < CODES:
        raise ValueError(f'start: expected {CODES} channels or more at {resolution} pixels, got '
                         f'{config.channels(resolution)}; networks of a larger fmap_base can grow '
                         'so far')
    _copy(discriminator, small, without='from_rgb/')
    _set(discriminator.from_rgb, _code(np.eye(3)))
    for side in reversed(sides):
        block = getattr(discriminator, f'block{side}')
        _set(block.conv0, _code(_decode()))
        if side > sides[0]:
            _set(block.conv1, _code(_decode()) / HALF)
        else:
            colors = small.from_rgb
            _set(block.conv1, _decode() @ colors.scaled_weight().numpy()[0, 0] / HALF,
                 colors.scaled_bias().numpy() / HALF)
        block.skip.weight.assign(np.zeros(block.skip.weight.shape))
    return discriminator


def _code(colors):
    """A weight [I, 3] of colours, made one [I, 6] of them and of their negatives."""
    return np.concatenate([colors, -colors], axis=1)


def _decode():
    """[6, 3]: from lrelu of colours and negatives back; lrelu(x) - lrelu(-x) = 1.2 sqrt(2) x."""
    return np.concatenate([np.eye(3), -np.eye(3)]) / (GAIN * (1.0 + SLOPE))


def _set(layer, weight, bias=None):
    """Gives a convolution [I, O] in its middle.

    Its other outputs keep their random weights, and learn; nothing that follows looks at them
    yet, since what follows gets such a weight as well.
    """
    stored = np.array(layer.weight) * layer.scale
    height, width = stored.shape[:2]
    inputs, outputs = weight.shape
    stored[..., :outputs] = 0.0
    stored[height // 2, width // 2, :inputs, :outputs] = weight
    layer.weight.assign(stored / layer.scale)
    values = np.zeros(layer.bias.shape)
    if bias is not None:
        values[:outputs] = bias
    layer.bias.assign(values)


def _copy(network, small, without=None):
    theirs = named_weights(small)
    for name, variable in named_weights(network).items():
        if name in theirs and not (without and name.startswith(without)):
            variable.assign(np.asarray(theirs[name]))


def _new_sides(network, small):
    """[sides] above the smaller network's, in rising order."""
    side, found = small.config.resolution, []
    while side < network.config.resolution:
        side *= 2
        found.append(side)
    return found
