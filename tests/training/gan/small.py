"""What a tiny GAN training needs, as files: face model, VAEs, perception, faces."""

import tensorflow as tf

from tests.face3d import toy
from tests.perception import small
from tests.training.perception import rendered
from tfdisco import factors
from tfdisco.face3d import model_file
from tfdisco.networks import build, generator_file
from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.networks.vae import file as vae_file
from tfdisco.perception import weights_file
from tfdisco.training.gan.config import GanConfig

LATENTS = {factors.IDENTITY: 3, factors.EXPRESSION: 2, factors.ILLUMINATION: 4, factors.POSE: 3}
NETWORK = {'resolution': 32, 'fmap_base': 128, 'fmap_max': 8, 'mapping_layers': 2, 'w_size': 8,
           'noise': 4}
# One step a stage: pixel, imitative, contrastive, with every regulariser among the first two.
SCHEDULE = {'batch': 4, 'pixel_kimg': 0.008, 'imitative_kimg': 0.012, 'contrastive_kimg': 0.004,
            'r1_every': 2, 'path_length_every': 2, 'log_every': 1, 'snapshot_every': 2,
            'picture_every': 4, 'measured_faces': 4, 'ema_kimg': 0.01}


def write(folder):
    """Writes the files; {field of `config.SourceConfig`: path} of them."""
    folder.mkdir(parents=True, exist_ok=True)
    model_file.write(folder / 'toy.npz', toy.arrays())
    layout = toy.model().layout
    vaes = vaes_of(layout)
    vae_file.write(folder / 'vaes.npz', vae_file.StoredVAEs(
        {name: vae.arrays() for name, vae in vaes.vaes.items()},
        {name: {'source': 'test', 'licence': 'none'} for name in vaes.vaes},
        layout), dtype='float32')
    for kind in ('reconstruction', 'recognition', 'parsing'):
        weights_file.write(folder / f'{kind}.npz', getattr(small, kind)().stored('test', 'none'))
    rendered.write(folder / 'faces', size=64)
    return {'model': str(folder / 'toy.npz'), 'vaes': str(folder / 'vaes.npz'),
            'data': str(folder / 'faces'),
            **{kind: str(folder / f'{kind}.npz')
               for kind in ('reconstruction', 'recognition', 'parsing')}}


def write_generator(path, source):
    """Writes an untrained generator of 32 pixels that belongs to the files of `write`."""
    inputs = GeneratorInputs(vaes_of(toy.model().layout), NETWORK['noise'])
    config = NetworkConfig(resolution=32, fmap_base=128, fmap_max=4, mapping_layers=1, w_size=8)
    generator_file.write(path, build.build_generator(config, inputs.size),
                         generator_file.GeneratorSource(source['model'], source['vaes'],
                                                        inputs.noise))


def vaes_of(layout):
    """Four untrained VAEs for a `CoefficientLayout`, the same each time."""
    tf.keras.utils.set_random_seed(0)
    return CoefficientVAEs(layout, LATENTS, {factor: 8 for factor in LATENTS})


def values(source, **changes):
    """{field: value} of a training of a few steps through all stages."""
    return {**NETWORK, **SCHEDULE, **source, **changes}


def config(source, **changes):
    """Those values as a `GanConfig`."""
    return GanConfig.of(**values(source, **changes))


def flags(source, **changes):
    """Those values as flags of scripts/train.py."""
    return [f'--{name}={value}' for name, value in values(source, **changes).items()]
