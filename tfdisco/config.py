"""What a training run is made of: frozen dataclasses, one field a flag of scripts/train.py.

A field that is wrong by itself is refused where it is declared; fields that do not fit
together are refused by the record that holds both.
"""

import dataclasses

from tfdisco.shapes import check_choice, check_positive

ARCHITECTURES = ('stylegan2', 'stylegan')
PRECISIONS = ('float32', 'float16', 'bfloat16')
SMALLEST, LARGEST = 32, 1024  # pixels of a side


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """Generator and discriminator.

    arch: 'stylegan2', or 'stylegan', the paper's own, which grows from 8 pixels.
    resolution: pixels of a side, a power of two from 32 to 1024.
    fmap_base, fmap_max: channels at r pixels are min(fmap_base // r, fmap_max).
    mapping_layers, w_size: of the mapping network.
    precision: of activations in the highest resolutions; weights are always float32.
    low_precision_resolutions: how many of the highest resolutions that is.
    """

    arch: str = 'stylegan2'
    resolution: int = 64
    fmap_base: int = 2048
    fmap_max: int = 64
    mapping_layers: int = 8
    w_size: int = 512
    precision: str = 'float32'
    low_precision_resolutions: int = 4

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_choice('arch', self.arch, ARCHITECTURES)
        check_choice('precision', self.precision, PRECISIONS)
        for name in ('resolution', 'fmap_base', 'fmap_max', 'mapping_layers', 'w_size',
                     'low_precision_resolutions'):
            check_positive(name, getattr(self, name))
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
