"""NVIDIA's StyleGAN2 and StyleGAN2-ADA, of their pickles; nothing in them is run.

TensorFlow's are tuples (G, D, Gs) as StyleGAN's were, PyTorch's dicts with modules G_ema and
D. Either becomes {name: array} by TensorFlow's names and axes: `G_mapping/Dense0/weight`,
`G_synthesis/8x8/Conv0_up/mod_weight`, `256x256/Skip/weight`.
"""

import os
import re
from typing import NamedTuple

import numpy as np

from tfdisco.networks import pickle_reader, torch_tensor
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.generator import SMALLEST, sides
from tfdisco.networks.pickle_names import Record, checked
from tfdisco.networks.stylegan import snapshot as stylegan

MODULE = 'torch_utils.persistence._reconstruct_persistent_obj'
VERSIONS = (4, 5)  # of TensorFlow's networks
EXPECTED = {'label_size': 0, 'nonlinearity': 'lrelu', 'mapping_nonlinearity': 'lrelu',
            'normalize_latents': True, 'resample_kernel': [1, 3, 3, 1], 'fmap_decay': 1,
            'use_spectral_norm': False, 'use_pagan': False, 'adaptive_dropout': 0}
# Of the functions that say so where the network does not.
FUNCTIONS = ('G_mapping', 'G_synthesis', 'D_main')
TAPS = np.outer(EXPECTED['resample_kernel'], EXPECTED['resample_kernel']) / 64.0
DEEPEST = 5  # modules in one another: generator, synthesis, block, layer, affine
_LAYERS = {'conv0': 'Conv0_up', 'conv1': 'Conv1', 'torgb': 'ToRGB', 'fromrgb': 'FromRGB',
           'skip': 'Skip', 'conv': 'Conv', 'fc': 'Dense0'}


class Published(NamedTuple):
    """What a pickle holds.

    config: `NetworkConfig` of both networks.
    generator: {name: array} of the moving average.
    discriminator: {name: array}.
    """

    config: NetworkConfig
    generator: dict
    discriminator: dict


def load(path):
    """Reads a pickle of either kind.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is no such file, or holds another architecture.
    """
    stored = pickle_reader.read(path, [stylegan.NETWORK, MODULE, *torch_tensor.NAMES])
    try:
        if isinstance(stored, tuple) and len(stored) == 3:
            generator, discriminator, speed = _of_tensorflow(stored)
        elif isinstance(stored, dict) and {'G_ema', 'D'} <= set(stored):
            generator, discriminator, speed = _of_torch(stored)
        else:
            raise ValueError(f'{type(stored).__name__} in it')
        return Published(_config(generator, speed), generator, discriminator)
    except ValueError as error:
        raise ValueError(f'{os.fspath(path)}: expected networks of StyleGAN2 or StyleGAN2-ADA, got '
                         f'{error}') from error


def _config(generator, speed):
    """The `NetworkConfig` whose shapes these are; `stylegan.published` checks the rest."""
    widths, dense = {}, {}  # of weights, which a small file cannot make large
    for name, value in generator.items():
        match = re.fullmatch(r'G_synthesis/(\d{1,4})x\1/Conv1?/weight', name)
        if match and value.ndim == 4:
            widths[int(match.group(1))] = value.shape[3]
        match = re.fullmatch(r'G_mapping/Dense(\d{1,3})/weight', name)
        if match and value.ndim == 2:
            dense[int(match.group(1))] = value.shape[1]
    top, layers = max(widths, default=0), len(dense)
    if (not layers or sorted(dense) != list(range(layers)) or top < SMALLEST or top & (top - 1)
            or sorted(widths) != sides(top)):
        raise ValueError(f'a generator of maps of {sorted(widths)} pixels and {sorted(dense)} '
                         'layers of mapping')
    most = max(widths.values())
    bases = [width * side for side, width in widths.items() if width < most]
    config = NetworkConfig(
        arch='stylegan2', mapping='joint', resolution=top, fmap_max=most,
        fmap_base=max(bases, default=most * top), w_size=dense[layers - 1],
        mapping_layers=layers, mapping_speed=speed)
    if any(config.channels(side) != width for side, width in widths.items()):
        raise ValueError(f'channels {widths}, which no fmap_base gives')
    return config


def _of_tensorflow(stored):
    _, d, average = (stylegan.network_of(record, VERSIONS) for record in stored)
    for network in (d, average):
        for function in (*FUNCTIONS, network.function):
            for name, value in EXPECTED.items():
                found = network.setting(function, name, value)
                if not np.array_equal(found, value):
                    raise ValueError(f'{function} with {name} = {str(found)[:40]}, where {value!r} '
                                     'is known')
    speed = average.setting('G_mapping', *stylegan.MAPPING_SPEED)
    return average.variables, d.variables, checked(speed, float)


def _of_torch(stored):
    g, d = ({name: value for name, value in _module(stored[key])} for key in ('G_ema', 'D'))
    speed = float(checked(g.pop('mapping.fc0:speed', None), float, int, np.number))
    found = []
    for values in (g, d):
        values = {name: value for name, value in values.items() if ':' not in name}
        renamed = {}
        for name, value in values.items():
            if name.endswith('resample_filter'):
                if value.shape != TAPS.shape or np.abs(value - TAPS).max() > 1e-6:
                    raise ValueError(f'{name} other than {EXPECTED["resample_kernel"]}')
                continue
            new, value = _renamed(name, value)
            renamed[new] = value
        found.append(renamed)
    return (*found, speed)


def _module(record, prefix='', depth=0):
    """Yields (name, array) of a module and those in it; of a layer also its learning speed."""
    if checked(record, Record).name != MODULE or depth >= DEEPEST:
        raise ValueError(f'{record.name} {depth} deep in a network')
    try:
        state = checked(checked(record.args[0], dict)['state'], dict)
        if state.get('activation', 'lrelu') not in ('lrelu', 'linear'):
            raise ValueError(f'{prefix}activation {str(state["activation"])[:40]}')
        if 'bias_gain' in state:
            yield f'{prefix[:-1]}:speed', state['bias_gain']
        for kind in ('_parameters', '_buffers'):
            for name, value in checked(state[kind], dict).items():
                if value is not None:
                    yield prefix + name, torch_tensor.array(value)
        for name, part in checked(state['_modules'], dict).items():
            if name != 'mbstd':
                yield from _module(part, f'{prefix}{name}.', depth + 1)
            elif checked(part, Record).args[0]['state'].get('num_channels') != 1:
                raise ValueError(f'{prefix}mbstd of other than one channel')
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f'a module {prefix or "of the file"} without its {error}') from error


def _renamed(name, value):
    """PyTorch's name and array as TensorFlow's; an unknown name stays, to be refused later."""
    if name == 'mapping.w_avg':
        return 'dlatent_avg', value
    if name == 'synthesis.b4.const':
        return 'G_synthesis/4x4/Const/const', value[np.newaxis]
    match = re.fullmatch(r'mapping\.fc(\d+)\.(weight|bias)', name)
    if match:
        return f'G_mapping/Dense{match.group(1)}/{match.group(2)}', value.T
    match = re.fullmatch(r'b4\.out\.(weight|bias)', name)
    if match:
        return f'Output/{match.group(1)}', value.T
    match = re.fullmatch(r'(synthesis\.)?b(\d{1,4})\.(\w+)\.(affine\.)?(\w+)', name)
    if not match or match.group(3) not in _LAYERS:
        return name, value
    drawn, side, layer, affine, kind = match.groups()
    side, theirs = int(side), _LAYERS[layer]
    if not drawn and layer == 'conv1':
        theirs = 'Conv1_down'
    elif not drawn and layer == 'conv0':
        theirs = 'Conv0'
    elif layer == 'conv1' and side == SMALLEST:
        theirs = 'Conv'
    place = f'{"G_synthesis/" if drawn else ""}{side}x{side}/{theirs}'
    if affine:
        return f'{place}/mod_{kind}', value.T if kind == 'weight' else value - 1.0
    if kind == 'noise_const':
        index = 2 * side.bit_length() - (7 if layer == 'conv0' else 6)
        return f'G_synthesis/noise{index}', value[np.newaxis, np.newaxis]
    if value.ndim == 4:
        value = value.transpose(2, 3, 1, 0)
        if drawn and layer == 'conv0':  # a true convolution there, enlarging
            value = value[::-1, ::-1]
    elif kind == 'weight':
        value = value.T
    return f'{place}/{kind}', value
