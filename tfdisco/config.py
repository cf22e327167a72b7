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


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """Terms and their weights; the defaults are the paper's (supplement, Sec. I).

    imitative, contrastive: whether these terms are used at all; neither is the paper's
      ablation "adversarial only".
    identity_weight, landmarks_weight, illumination_weight, skin_weight: of Eq. 2 to 5.
    pixel_weight: of the difference to the rendered face, before the others begin.
    late_landmarks_weight: in place of landmarks_weight once there are contrastive terms.
    warp_weight: of expression pairs, Eq. 6.
    hair_weight, pair_landmarks_weight: of illumination pairs, the parts of Eq. 7; the
      second is 10 times omega = 1000.
    pair_identity_weight: of illumination pairs, Eq. 8.
    contrastive_pairs: expression pairs, and as many illumination pairs, of a replica's step.
    r1_gamma, r1_every: of the gradient penalty, and steps from one to the next.
    path_length_weight, path_length_every: likewise of path lengths; 0 for none.
    """

    imitative: bool = True
    contrastive: bool = True
    identity_weight: float = 3.0
    landmarks_weight: float = 500.0
    illumination_weight: float = 10.0
    skin_weight: float = 20.0
    pixel_weight: float = 20.0
    late_landmarks_weight: float = 100.0
    warp_weight: float = 10.0
    hair_weight: float = 10.0
    pair_landmarks_weight: float = 10000.0
    pair_identity_weight: float = 20.0
    contrastive_pairs: int = 1
    r1_gamma: float = 10.0
    r1_every: int = 16
    path_length_weight: float = 2.0
    path_length_every: int = 4

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith(('_weight', '_gamma')) and not 0 <= value < float('inf'):
                raise ValueError(f'{field.name}: expected 0 or more, got {value}')
        for name in ('contrastive_pairs', 'r1_every', 'path_length_every'):
            check_positive(name, getattr(self, name))
        if self.contrastive and not self.imitative:
            raise ValueError('contrastive: expected imitative as well, since pairs are compared '
                             'by rendered faces that are imitated, got contrastive alone')


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """How long, how many and how fast; counted in thousands of real images (kimg).

    pixel_kimg: at first, stylegan2 is taught by the pixels of the rendered face alone;
      stylegan is, while its images have up to 32 pixels.
    imitative_kimg: until contrastive terms begin, the time before included.
    contrastive_kimg: from there to the end.
    grow_kimg, fade_kimg: of stylegan at each resolution, and from each to the next.
    batch: images of a step on all replicas; stylegan takes more below 64 pixels.
    learning_rate: of Adam; stylegan raises it from 128 pixels on.
    beta1, beta2: of Adam.
    ema_kimg: half-life of the average of weights.
    """

    pixel_kimg: float = 300.0
    imitative_kimg: float = 15000.0
    contrastive_kimg: float = 5000.0
    grow_kimg: float = 600.0
    fade_kimg: float = 600.0
    batch: int = 32
    learning_rate: float = 0.002
    beta1: float = 0.0
    beta2: float = 0.99
    ema_kimg: float = 10.0

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_positive('batch', self.batch)
        for name in ('pixel_kimg', 'imitative_kimg', 'contrastive_kimg', 'ema_kimg'):
            if not getattr(self, name) >= 0:
                raise ValueError(f'{name}: expected 0 or more, got {getattr(self, name)}')
        for name in ('grow_kimg', 'fade_kimg', 'learning_rate'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name}: expected above 0, got {getattr(self, name)}')
        for name in ('beta1', 'beta2'):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f'{name}: expected from 0 to below 1, got {getattr(self, name)}')
        if self.pixel_kimg > self.imitative_kimg:
            raise ValueError(f'pixel_kimg: expected up to imitative_kimg = {self.imitative_kimg}, '
                             f'of which it is a part, got {self.pixel_kimg}')

    @property
    def total_kimg(self):
        """Of the whole training."""
        return self.imitative_kimg + self.contrastive_kimg
