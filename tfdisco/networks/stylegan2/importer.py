"""NVIDIA's StyleGAN2 networks, which know no coefficients, as what a training starts from."""

import numpy as np

from tfdisco import files
from tfdisco.face3d.morphable_model import BUILT_IN as OPEN_HEAD
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.networks import build, discriminator_file, generator_file
from tfdisco.networks.generator import SMALLEST
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.stylegan import published
from tfdisco.networks.stylegan2 import snapshot
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.networks.vae.file import BUILT_IN

LICENCE = ('Weights of others: the terms are those of whoever trained them. The code they were '
           'trained with is StyleGAN2 or StyleGAN2-ADA, (c) NVIDIA, for non-commercial use.')
NOISE = 32  # numbers beside the coefficients, as in the paper
LOD = ('lod', 'G_synthesis/lod')  # of networks that could have grown


def import_start(source, out, noise=NOISE, model=OPEN_HEAD, vaes=BUILT_IN):
    """Writes the moving average as a generator.npz, and the discriminator beside it.

    The faces are the network's own, but who they are, what they express, and so on has
    nothing to do with the coefficients until a training (`--start`) has taught it: the
    mapping takes random directions of the coefficients' space for its random numbers.

    Args:
      source: a pickle, see `snapshot.load`.
      out: the .npz to write; an existing file is replaced.
      noise: numbers of noise in the input.
      model, vaes: name or path of what the input shall be made with.

    Returns:
      `out`.

    Raises:
      FileNotFoundError: if a file is missing.
      ValueError: if a file is not as expected; nothing is then written.
    """
    files.check_target(out, '.npz')
    inputs = GeneratorInputs(CoefficientVAEs.load(vaes, MorphableModel.load(model).layout), noise)
    networks = snapshot.load(source)
    generator = build.build_generator(networks.config, inputs.size, inputs.factor_sizes)
    discriminator = build.build_discriminator(networks.config)
    try:
        assign_generator(generator, networks.generator, inputs)
        assign_discriminator(discriminator, networks.discriminator)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from error
    discriminator_file.write(discriminator_file.beside(out), discriminator, LICENCE)
    generator_file.write(out, generator, generator_file.GeneratorSource(model, vaes, noise),
                         LICENCE)
    return out


def assign_generator(generator, variables, inputs):
    """Gives a generator the published weights.

    The published mapping begins with z of N(0, 1), brought to unit length. Here that is a
    random projection of the input, which is as long in the mean, so that w has about the
    distribution that synthesis has learned with.

    Args:
      generator: `stylegan2.Generator` of the published sizes.
      variables: `snapshot.Published.generator`.
      inputs: `GeneratorInputs`.

    Raises:
      ValueError: if a variable is missing, unknown, of a wrong shape or not finite.
    """
    first = 'G_mapping/Dense0/'
    names = {'w_avg': 'dlatent_avg', 'start': 'G_synthesis/4x4/Const/const',
             'mapping/dense0/bias': f'{first}bias'}
    for index in range(1, generator.config.mapping_layers):
        names.update(published.layer(f'mapping/dense{index}', f'G_mapping/Dense{index}'))
    for level, side in enumerate(generator.sides()):
        theirs = f'G_synthesis/{side}x{side}'
        layers = {f'conv{side}': (f'{theirs}/{"Conv" if side == SMALLEST else "Conv1"}', 2 * level)}
        if side > SMALLEST:
            layers[f'up{side}'] = f'{theirs}/Conv0_up', 2 * level - 1
        for ours, (layer, noise) in layers.items():
            names.update({**_modulated(ours, layer), f'{ours}/strength': f'{layer}/noise_strength',
                          f'{ours}/noise': f'G_synthesis/noise{noise}'})
        names.update(_modulated(f'rgb{side}', f'{theirs}/ToRGB'))
    weight = np.asarray(variables[f'{first}weight'], np.float64)
    directions = np.random.default_rng(0).normal(size=[inputs.size, len(weight)])
    mean, scale = inputs.spread()
    published.assign(
        generator, names,
        {name: value + 1.0 if name.endswith('/mod_bias') else value
         for name, value in variables.items()},
        {'mapping/dense0/weight': directions @ weight / np.sqrt(len(weight)),
         'mapping/mean': mean, 'mapping/scale': scale},
        ignored=(f'{first}weight', *LOD))


def assign_discriminator(discriminator, variables):
    """Gives a discriminator the published weights; see `assign_generator`."""
    side = discriminator.config.resolution
    names = {**published.layer('from_rgb', f'{side}x{side}/FromRGB'),
             **published.layer('conv', '4x4/Conv'), **published.layer('dense', '4x4/Dense0'),
             **published.layer('logit', 'Output')}
    for side in discriminator.sides:
        ours, theirs = f'block{side}', f'{side}x{side}'
        names.update({**published.layer(f'{ours}/conv0', f'{theirs}/Conv0'),
                      **published.layer(f'{ours}/conv1', f'{theirs}/Conv1_down'),
                      f'{ours}/skip/weight': f'{theirs}/Skip/weight'})
    published.assign(discriminator, names, variables, {}, ignored=LOD)


def _modulated(ours, theirs):
    return {**published.layer(ours, theirs), f'{ours}/affine/weight': f'{theirs}/mod_weight',
            f'{ours}/affine/bias': f'{theirs}/mod_bias'}
