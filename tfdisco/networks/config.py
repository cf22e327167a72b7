"""What generator and discriminator are made of; each field is a flag of scripts/train.py."""

import dataclasses

from tfdisco.shapes import check_choice, check_positive

ARCHITECTURES = ('stylegan2', 'stylegan')
MAPPINGS = ('joint', 'sum')
PRECISIONS = ('float32', 'float16', 'bfloat16')
SMALLEST, LARGEST = 32, 1024  # pixels of a side


def field(default, meaning):
    """A field of a frozen dataclass with its default, and its meaning as the flag's help."""
    return dataclasses.field(default=default, metadata={'help': meaning})


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """Generator and discriminator."""

    arch: str = field('stylegan2', 'stylegan2, or stylegan, the paper\'s own, which grows from '
                      '8 pixels.')
    resolution: int = field(64, f'Pixels of a side, a power of two from {SMALLEST} to {LARGEST}.')
    fmap_base: int = field(2048, 'Channels at r pixels are min(fmap_base // r, fmap_max); '
                           'the fmap_base of the published StyleGAN code is half of this.')
    fmap_max: int = field(64, 'The most channels.')
    mapping: str = field('joint', 'joint, one network for the whole input, as published; or sum, '
                         'a network for each factor, w being the sum of what they say.')
    mapping_layers: int = field(8, 'Of the mapping network.')
    mapping_speed: float = field(0.01, 'Of the mapping network\'s learning beside the others\'; '
                                 'a run of few images needs more.')
    w_size: int = field(512, 'Of the mapping network\'s layers and of w.')
    precision: str = field('float32', 'Of activations in the highest resolutions: float32, '
                           'float16 or bfloat16; weights are always float32.')
    low_precision_resolutions: int = field(4, 'How many of the highest resolutions that is.')
    minibatch_group: int = field(4, 'Images whose deviation the discriminator is told, at most; '
                                 '1 for none.')

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_choice('arch', self.arch, ARCHITECTURES)
        check_choice('mapping', self.mapping, MAPPINGS)
        check_choice('precision', self.precision, PRECISIONS)
        for name in ('resolution', 'fmap_base', 'fmap_max', 'mapping_layers', 'w_size',
                     'low_precision_resolutions', 'minibatch_group'):
            check_positive(name, getattr(self, name))
        if not 0 < self.mapping_speed <= 1:
            raise ValueError('mapping_speed: expected above 0 and up to 1, got '
                             f'{self.mapping_speed}')
        if self.resolution & (self.resolution - 1) or not (
                SMALLEST <= self.resolution <= LARGEST):
            raise ValueError(f'resolution: expected a power of two from {SMALLEST} to {LARGEST}, '
                             f'got {self.resolution}')
        if self.fmap_base < self.resolution:
            raise ValueError(f'fmap_base: expected at least the resolution {self.resolution}, as '
                             f'fmap_base // resolution are the channels there, got '
                             f'{self.fmap_base}')

    def channels(self, resolution):
        """Channels of the feature maps of `resolution` pixels."""
        return min(self.fmap_base // resolution, self.fmap_max)

    def precision_at(self, resolution):
        """The type of those feature maps, one of `PRECISIONS`."""
        lowest = self.resolution >> (self.low_precision_resolutions - 1)
        return self.precision if resolution >= lowest else 'float32'
