"""The published code's snapshots: pickles (G, D, Gs), read without running anything in them."""

import ast
import dataclasses
import os
import re
from typing import NamedTuple

import numpy as np

from tfdisco.networks import build, pickle_reader
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.generator import SMALLEST, sides
from tfdisco.networks.stylegan import published

NETWORK = 'dnnlib.tflib.network.Network'
VERSIONS = (2, 3)  # of its state
# What a network is made by, and its parts.
GENERATOR, DISCRIMINATOR = 'G_style', 'D_basic'
PARTS = {'synthesis': 'G_synthesis', 'mapping': 'G_mapping'}
# {function: {argument: the value that this project's network has}}, as published where
# neither the network's own arguments nor its source say otherwise.
EXPECTED = {
    'G_mapping': {'label_size': 0, 'mapping_nonlinearity': 'lrelu', 'use_wscale': True,
                  'normalize_latents': False},
    'G_synthesis': {'fmap_decay': 1.0, 'use_styles': True,
                    'const_input_layer': True, 'use_noise': True, 'nonlinearity': 'lrelu',
                    'use_wscale': True, 'use_pixel_norm': False, 'use_instance_norm': True,
                    'fused_scale': 'auto', 'blur_filter': [1, 2, 1]},
    'D_basic': {'label_size': 0, 'fmap_decay': 1.0, 'nonlinearity': 'lrelu',
                'use_wscale': True, 'mbstd_num_features': 1, 'fused_scale': 'auto',
                'blur_filter': [1, 2, 1]}}
# What this project's network can have otherwise.
MAPPING_SPEED, GROUP, BASE = ('mapping_lrmul', 0.01), ('mbstd_group_size', 4), 'fmap_base'
ADVICE = {'normalize_latents': ": StyleGAN's own networks make faces of random numbers, not of "
                               'coefficients'}
MOST_LEVELS = 11  # of resolution; what has more is refused with its size


class PublishedNetwork(NamedTuple):
    """What a snapshot says of a network.

    function: name of the function that it was made by.
    arguments: {name: value} it was made with.
    source: text of the module with the function; never run.
    variables: {name: array}, those of its parts included.
    parts: {part's function: its own `PublishedNetwork`}.
    """

    function: str
    arguments: dict
    source: str
    variables: dict
    parts: dict

    def setting(self, function, name, default):
        """An argument of a function: as given, or by default in the source, or `default`."""
        for arguments in (self.parts[function].arguments if function in self.parts else {},
                          self.arguments):
            if name in arguments:
                return arguments[name]
        head = re.search(rf'\bdef {function}\((.*?)\):', self.source, re.DOTALL)
        line = head and re.search(rf'^\s*{name}\s*=\s*([^#\n]{{1,80}}?)\s*,\s*(?:#.*)?$',
                                  head.group(1), re.MULTILINE)
        try:
            return ast.literal_eval(line.group(1)) if line else default
        except (ValueError, SyntaxError):  # an expression, which is not evaluated
            return default


class Snapshot(NamedTuple):
    """The networks of a snapshot, as this project has them.

    generator: `stylegan.Generator` as it was trained last.
    discriminator: `stylegan.Discriminator`.
    average: `stylegan.Generator`, the moving average, which makes the better faces.
    """

    generator: object
    discriminator: object
    average: object


def load(path):
    """Reads a network-snapshot-NNN.pkl of the authors of DiscoFaceGAN.

    Args:
      path: of the file.

    Returns:
      `Snapshot`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is no such file, or holds another architecture.
    """
    stored = pickle_reader.read(path, [NETWORK])
    try:
        if not isinstance(stored, tuple) or len(stored) != 3:
            raise ValueError(f'{type(stored).__name__} in it')
        g, d, average = (network_of(record) for record in stored)
        for network, function in ((g, GENERATOR), (d, DISCRIMINATOR), (average, GENERATOR)):
            if network.function != function:
                raise ValueError(f'a network made by {network.function}, not {function}')
        config, inputs = configuration(average, d)
        result = Snapshot(build.build_generator(config, inputs), build.build_discriminator(config),
                          build.build_generator(config, inputs))
        published.assign_generator(result.generator, g.variables)
        published.assign_discriminator(result.discriminator, d.variables)
        published.assign_generator(result.average, average.variables)
        return result
    except ValueError as error:
        raise ValueError(f'{os.fspath(path)}: expected a snapshot (G, D, Gs) of the published '
                         f'DiscoFaceGAN, got {error}') from error


def configuration(g, d):
    """The `NetworkConfig` of a generator and a discriminator, and the size of the input.

    Sizes are those of the variables.

    Args:
      g, d: `PublishedNetwork`s.

    Raises:
      ValueError: if this project's networks cannot be such.
    """
    for network, functions in ((g, PARTS.values()), (d, [DISCRIMINATOR])):
        for function in functions:
            for name, value in EXPECTED[function].items():
                found = network.setting(function, name, value)
                if not np.array_equal(found, value):
                    raise ValueError(f'{function} with {name} = {_shown(found)}, where {value!r} '
                                     f'is known{ADVICE.get(name, "")}')
    layers = [name for name in g.variables if re.fullmatch(r'G_mapping/Dense\d+/weight', name)]
    noises = [name for name in g.variables if re.fullmatch(r'G_synthesis/noise\d+', name)]
    inputs = _shape(g, 'G_mapping/Dense0/weight', 2)[0]
    hidden, w_size = (_shape(g, f'G_mapping/Dense{index}/bias', 1)[0]
                      for index in (0, len(layers) - 1))
    if hidden != w_size:
        raise ValueError(f'mapping layers of {hidden} and {w_size} numbers, where one size is '
                         'known')
    levels = min(len(noises) // 2 + 1, MOST_LEVELS)
    config = NetworkConfig(
        arch='stylegan', mapping='joint', resolution=2 ** levels, w_size=w_size,
        mapping_layers=len(layers), mapping_speed=_number(g, 'G_mapping', *MAPPING_SPEED),
        minibatch_group=int(_number(d, 'D_basic', *GROUP)))
    widths = {side: _shape(g, f'G_synthesis/{side}x{side}/'
                              f'{"Conv" if side == SMALLEST else "Conv1"}/bias', 1)[0]
              for side in sides(config.resolution)}
    # The published base is half of ours; two pixels, had the discriminator those, are widest.
    most = _shape(d, '4x4/Dense0/bias', 1)[0]
    for base in (2 * int(_number(g, 'G_synthesis', BASE, 0)),
                 widths[config.resolution] * config.resolution):
        if base >= config.resolution:
            found = dataclasses.replace(config, fmap_base=base, fmap_max=most)
            if all(found.channels(side) == width for side, width in widths.items()):
                return found, inputs
    raise ValueError(f'channels {widths}, which no fmap_base gives')


def _number(network, function, name, default):
    value = network.setting(function, name, default)
    if not isinstance(value, (int, float, np.number)) or not abs(value) < 2 ** 31:
        raise ValueError(f'{function} with {name} = {_shown(value)}, where a number is expected')
    return value


def _shown(value):
    """Text of an argument; of what is nested, which may be endless, its type alone."""
    return repr(value)[:80] if isinstance(value, (str, int, float, type(None))) else (
        f'a {type(value).__name__}')


def _shape(network, name, axes):
    if np.ndim(network.variables.get(name)) != axes:
        raise ValueError(f'{network.function} without {name} of {axes} axes')
    return network.variables[name].shape


def network_of(record, versions=VERSIONS, inside=False):
    """The `PublishedNetwork` of a `pickle_names.Record`.

    Args:
      record: what a pickle has in a network's place.
      versions: of the state that are known.
      inside: whether it is a part of another network, and may have none itself.

    Raises:
      ValueError: if it is no network.
    """
    state = getattr(record, 'state', None)
    if not isinstance(state, dict):
        raise ValueError(f'{type(record).__name__} in place of a network')
    if state.get('version') not in versions:
        raise ValueError(f'a network of version {state.get("version")}')
    fields = {}
    for name, kind in (('build_func_name', str), ('static_kwargs', dict),
                       ('build_module_src', str), ('variables', list), ('components', dict)):
        fields[name] = state.get(name, kind())  # version 2 may lack components
        if not isinstance(fields[name], kind):
            raise ValueError(f'{name} that is a {type(fields[name]).__name__}')
    variables = {}
    for entry in fields['variables']:
        if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
                and isinstance(entry[1], (np.ndarray, np.generic))
                and entry[1].dtype.kind in 'fiu'):
            raise ValueError('a variable that is no pair of name and array of numbers')
        variables[entry[0]] = entry[1]
    parts = {}
    for key, part in fields['components'].items():
        if inside or key not in PARTS:
            raise ValueError(f'a network in parts of which one is {key}')
        parts[PARTS[key]] = network_of(part, versions, inside=True)
        variables.update({f'{PARTS[key]}/{name}': value
                          for name, value in parts[PARTS[key]].variables.items()})
    return PublishedNetwork(fields['build_func_name'], fields['static_kwargs'],
                            fields['build_module_src'], variables, parts)
