"""The published StyleGAN's variables by name, as this project's networks hold them.

Names are those of the TensorFlow 1 code without the network's own in front:
`G_mapping/Dense0/weight`, `G_synthesis/8x8/Conv0_up/weight`, `256x256/Conv0/bias`. Arrays
are the published ones, channels first where they are images.
"""

import math

import numpy as np

from tfdisco.networks.generator import SMALLEST, sides
from tfdisco.networks.generator_file import named_weights
from tfdisco.shapes import check_shape


def assign_generator(generator, variables):
    """Gives a generator the published weights.

    The published network takes its input as it is: `mapping.mean` and `scale` become 0 and
    1.

    Args:
      generator: `stylegan.Generator` of the published sizes.
      variables: {published name: array}, all of them and no other.

    Raises:
      ValueError: if a variable is missing, unknown, of a wrong shape or not finite, or the
        generator cannot have grown so far; it is then as it was.
    """
    most = len(generator.sides()) - 1
    if not 0 <= np.max(variables.get('lod', 0)) <= most:
        raise ValueError(f'lod: expected from 0 to {most}, got {variables["lod"]}')
    names = {'w_avg': 'dlatent_avg', 'lod': 'lod', 'start': 'G_synthesis/4x4/Const/const'}
    for index in range(generator.config.mapping_layers):
        names.update(layer(f'mapping/dense{index}', f'G_mapping/Dense{index}'))
    for level, side in enumerate(generator.sides()):
        first, second = ('Const', 'Conv') if side == SMALLEST else ('Conv0_up', 'Conv1')
        for place, (ours, theirs) in enumerate((('up', first), ('conv', second))):
            ours, theirs = f'{ours}{side}', f'G_synthesis/{side}x{side}/{theirs}'
            epilogue = ours
            if theirs != 'G_synthesis/4x4/Const':  # which has no convolution
                names[f'{ours}/weight'] = f'{theirs}/weight'
                epilogue = f'{ours}/epilogue'
            names.update({f'{epilogue}/bias': f'{theirs}/bias',
                          f'{epilogue}/strength': f'{theirs}/Noise/weight',
                          f'{epilogue}/noise': f'G_synthesis/noise{2 * level + place}',
                          **layer(f'{epilogue}/norm/affine', f'{theirs}/StyleMod')})
        names.update(layer(f'rgb{side}', f'G_synthesis/ToRGB_lod{_lod(generator, side)}'))
    size = generator.input_size
    assign(generator, names, variables,
            {'mapping/mean': np.zeros(size), 'mapping/scale': np.ones(size)},
            ignored=('G_synthesis/lod',))  # the same as `lod`


def assign_discriminator(discriminator, variables):
    """Gives a discriminator the published weights.

    Args:
      discriminator: `stylegan.Discriminator` of the published sizes.
      variables: {published name: array}, all of them and no other.

    Raises:
      ValueError: see `assign_generator`.
    """
    names = {**layer('conv', '4x4/Conv'), **layer('dense', '4x4/Dense0'),
             **layer('logit', '4x4/Dense1')}
    for side in sides(discriminator.config.resolution):
        names.update(layer(f'from{side}', f'FromRGB_lod{_lod(discriminator, side)}'))
        if side > SMALLEST:
            names.update({**layer(f'conv{side}', f'{side}x{side}/Conv0'),
                          **layer(f'down{side}', f'{side}x{side}/Conv1_down')})
    assign(discriminator, names, variables, {}, ignored=('lod',))


def layer(ours, theirs):
    """{our name: published name} of a layer's weight and bias."""
    return {f'{ours}/{kind}': f'{theirs}/{kind}' for kind in ('weight', 'bias')}


def _lod(network, side):
    return int(math.log2(network.config.resolution // side))


def assign(network, names, variables, values, ignored):
    """Gives a network published weights and others.

    Args:
      network: of this project.
      names: {our name: published name}.
      variables: {published name: array}, all of them and no other but the ignored.
      values: {our name: array} of what has no published name.
      ignored: published names that are of no use.

    Raises:
      ValueError: see `assign_generator`.
    """
    missing = sorted(set(names.values()) - set(variables))
    unknown = sorted(set(variables) - set(names.values()) - set(ignored))
    if missing or unknown:
        raise ValueError(f'variables: expected the {len(names)} of a published network of '
                         f'{network.config.resolution} pixels, got none called {missing[:5]}, '
                         f'unknown {unknown[:5]}; is it of another size or kind?')
    ours, values = named_weights(network), dict(values)
    for name, published in names.items():
        array = np.asarray(variables[published])
        shape = list(ours[name].shape)
        if name == 'dense/weight':  # of [C, 4, 4] flattened
            channels = shape[0] // SMALLEST ** 2
            check_shape(published, array, shape)
            array = array.reshape(channels, SMALLEST ** 2, -1).swapaxes(0, 1).reshape(shape)
        elif name.split('/')[-1] in ('start', 'noise'):
            check_shape(published, array, [1, shape[3], *shape[1:3]])
            array = array.transpose(0, 2, 3, 1)
        check_shape(published, array, shape)
        if not np.isfinite(array).all():
            raise ValueError(f'{published}: expected finite numbers, got NaN or infinity')
        values[name] = array
    for name, array in values.items():
        ours[name].assign(np.float32(array))
