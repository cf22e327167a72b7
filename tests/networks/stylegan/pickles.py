"""Pickles as the published code writes them, of classes that only exist while they are made."""

import contextlib
import pickle
import sys
import types

SOURCE = '''
raise SystemExit('the source in a pickle was run')

def G_mapping(
    latents_in,                             # First input.
    latent_size             = 254+32,          # Dimensionality.
    normalize_latents       = False,         # Normalize latent vectors?
    mapping_lrmul           = 0.01,         # Learning rate multiplier.
    **_kwargs):                             # Ignore unrecognized keyword args.
    pass

def G_synthesis(
    dlatents_in,                        # Input: disentangled latents (W) [minibatch, layers].
    nonlinearity        = 'lrelu',      # Activation function: 'relu', 'lrelu'
    use_pixel_norm      = False,        # Enable pixelwise feature vector normalization?
    fused_scale         = 'auto',       # True = fused, False = separate ops, 'auto' = decide.
    blur_filter         = [1,2,1],      # Low-pass filter (activations). None = no filtering.
    **_kwargs):                         # Ignore unrecognized keyword args.
    nonlinearity = 'relu',
'''


class Network:
    """Stands for dnnlib.tflib.network.Network."""

    def __init__(self, **state):
        self.__dict__.update(state)

    def __getstate__(self):
        return dict(self.__dict__)


class EasyDict(dict):
    """Stands for dnnlib.util.EasyDict."""


@contextlib.contextmanager
def dnnlib():
    """The two classes are found where the published code has them, while this lasts."""
    places = {'dnnlib.tflib.network': Network, 'dnnlib.util': EasyDict}
    modules = {name: types.ModuleType(name) for name in ('dnnlib', 'dnnlib.tflib', *places)}
    for name, kind in places.items():
        setattr(modules[name], kind.__name__, kind)
        kind.__module__ = name
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def network(name, function, variables, parts=None, source=SOURCE, version=3, **arguments):
    """A network of {name: array}."""
    return Network(version=version, name=name, static_kwargs=EasyDict(arguments),
                   components=EasyDict(parts or {}), build_module_src=source,
                   build_func_name=function, variables=list(variables.items()))


def generator(name, variables, source=SOURCE, **arguments):
    """G or Gs of {published name: array}, see `stylegan.published`."""
    def of(part):
        return {key[len(part):]: value for key, value in variables.items()
                if key.startswith(part)}
    parts = {key: network(part, part, of(f'{part}/'), source=source, dlatent_broadcast=14,
                          **arguments)
             for key, part in (('synthesis', 'G_synthesis'), ('mapping', 'G_mapping'))}
    own = {key: value for key, value in variables.items() if '/' not in key}
    return network(name, 'G_style', own, parts, source, **arguments)


def dump(value, protocol=4, numpy_1=False):
    """The bytes of a pickle; by NumPy 1's names on request, with protocols 2 and 3."""
    with dnnlib():
        data = pickle.dumps(value, protocol)
    return data.replace(b'numpy._core', b'numpy.core') if numpy_1 else data
