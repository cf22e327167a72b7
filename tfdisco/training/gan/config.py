"""What a run is made of beside its networks: dataclasses, one field a flag of scripts/train.py.

A field that is wrong by itself is refused where it is declared; fields that do not fit
together are refused by the record that holds both. What a field means stands beside it,
and is the flag's help.
"""

import dataclasses
import os

from tfdisco.networks.config import NetworkConfig
from tfdisco.networks.config import field as _field
from tfdisco.perception.network import PRECISIONS as PERCEPTION_PRECISIONS
from tfdisco.shapes import check_choice, check_multiple, check_positive

AUGMENTS = ('none', 'ada')
GAMES = ('logistic', 'relativistic')
IDENTITY_REGIONS = ('face', 'head')
FOLDERS = ('data', 'start')  # fields of which a card tells the last part alone


def _check_augment(value):
    try:
        known = value in AUGMENTS or 0 <= float(value) <= 1
    except ValueError:
        known = False
    if not known:
        raise ValueError(f'augment: expected one of {AUGMENTS} or a probability, got {value!r}')


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """Terms and their weights; the defaults are the paper's (supplement, Sec. I)."""

    imitative: bool = _field(True, 'Whether to imitate the rendered face.')
    contrastive: bool = _field(True, 'Whether to compare pairs that differ in one factor.')
    identity_weight: float = _field(3.0, 'Of Eq. 2.')
    landmarks_weight: float = _field(500.0, 'Of Eq. 3.')
    illumination_weight: float = _field(10.0, 'Of Eq. 4.')
    skin_weight: float = _field(20.0, 'Of Eq. 5.')
    expression_weight: float = _field(0.0, 'Of how far the expression that is seen is from the '
                                      'one asked for, in millimetres; beyond the paper.')
    pixel_weight: float = _field(20.0, 'Of the difference to the rendered face, before the '
                                 'others begin.')
    late_landmarks_weight: float = _field(100.0, 'Of Eq. 3 once there are contrastive terms.')
    warp_weight: float = _field(10.0, 'Of expression pairs, Eq. 6.')
    hair_weight: float = _field(10.0, 'Of the hair of illumination pairs, Eq. 7.')
    pair_landmarks_weight: float = _field(10000.0, 'Of the landmarks of illumination pairs, '
                                          'Eq. 7; 10 times omega.')
    pair_identity_weight: float = _field(20.0, 'Of the identity of illumination pairs, Eq. 8.')
    kept_identity_weight: float = _field(0.0, 'Of the identity of pairs in expression, pose or '
                                         'noise; beyond the paper, as all that follow.')
    kept_landmarks_weight: float = _field(0.0, 'Of the landmarks of pairs in noise.')
    surface_weight: float = _field(0.0, 'Of the skin of pairs in pose or noise, along the '
                                   'surface.')
    background_weight: float = _field(0.0, 'Of the surroundings of pairs that share the noise.')
    hair_color_weight: float = _field(0.0, 'Of the hair\'s colour of pairs in identity, '
                                      'expression or pose.')
    noise_background_weight: float = _field(0.0, 'Of what surroundings that differ in the noise '
                                            'have too much in common.')
    noise_hair_weight: float = _field(0.0, 'Of what hair that differs in the noise has too much '
                                      'in common.')
    pair_share: float = _field(0.5, 'Pairs of a step, as a share of its batch; factors whose '
                               'pairs have a term take turns.')
    identity_region: str = _field('face', 'What the rendered picture of Eq. 2 shows: face, as the '
                                  'paper, or head, by which two people are told apart better.')
    perception_blur: float = _field(0.0, 'Deviation in pixels of the blur through which '
                                    'perception sees generated and rendered faces, so that '
                                    'patterns of single pixels do not please it; of every '
                                    'four faces the first gets none of it, the fourth all; 0 for '
                                    'none.')
    perception_precision: str = _field('float32', 'In which perception computes while training: '
                                       'float32, or bfloat16, where the processor knows it.')
    augment: str = _field('none', 'What the discriminator sees of all pictures: none, as they '
                          'are; ada, changed at random the more, the surer it is of real ones; or '
                          'a fixed probability of each change. Small data sets need it.')
    game: str = _field('logistic', 'What the discriminator tells: logistic, of each picture '
                       'whether it is real; or relativistic, of a real and a generated one which '
                       'is which, with the gradient penalty of both (R3GAN).')
    r1_gamma: float = _field(10.0, 'Of the gradient penalty.')
    r1_every: int = _field(16, 'Steps from one gradient penalty to the next.')
    path_length_weight: float = _field(2.0, 'Of path lengths; 0 for none.')
    path_length_every: int = _field(4, 'Steps from one path length penalty to the next.')

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith(('_weight', '_gamma', '_blur')) and not (
                    0 <= value < float('inf')):
                raise ValueError(f'{field.name}: expected 0 or more, got {value}')
        if not 0 < self.pair_share <= 1:
            raise ValueError(f'pair_share: expected above 0 and up to 1, got {self.pair_share}')
        _check_augment(self.augment)
        check_choice('game', self.game, GAMES)
        check_choice('identity_region', self.identity_region, IDENTITY_REGIONS)
        for name in ('r1_every', 'path_length_every'):
            check_positive(name, getattr(self, name))
        check_choice('perception_precision', self.perception_precision, PERCEPTION_PRECISIONS)
        if self.contrastive and not self.imitative:
            raise ValueError('contrastive: expected imitative as well, since pairs are compared '
                             'by rendered faces that are imitated, got contrastive alone; pass '
                             '--nocontrastive')


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """How long, how many and how fast; counted in thousands of real images (kimg)."""

    generator_hold_kimg: float = _field(0.0, 'Before all else, the generator stands still and '
                                        'the discriminator alone learns; for a start from a '
                                        'generator without its discriminator.')
    pixel_kimg: float = _field(300.0, 'At first, stylegan2 is taught by the pixels of the '
                               'rendered face; stylegan is, while its images have up to 32.')
    imitative_kimg: float = _field(15000.0, 'Until contrastive terms begin, pixel_kimg included.')
    contrastive_kimg: float = _field(5000.0, 'From there to the end.')
    grow_kimg: float = _field(600.0, 'Of stylegan at each resolution.')
    fade_kimg: float = _field(600.0, 'Of stylegan from each resolution to the next.')
    batch: int = _field(32, 'Images of a step on all replicas; stylegan takes more below 64 '
                        'pixels.')
    learning_rate: float = _field(0.002, 'Of Adam; stylegan raises it from 128 pixels on.')
    beta1: float = _field(0.0, 'Of Adam.')
    beta2: float = _field(0.99, 'Of Adam.')
    ema_kimg: float = _field(10.0, 'Half-life of the average of weights.')

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_positive('batch', self.batch)
        for name in ('generator_hold_kimg', 'pixel_kimg', 'imitative_kimg', 'contrastive_kimg',
                     'ema_kimg'):
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
        return self.generator_hold_kimg + self.imitative_kimg + self.contrastive_kimg


@dataclasses.dataclass(frozen=True)
class SourceConfig:
    """Where faces, face model and perception come from."""

    data: str = _field('', 'A folder of records (scripts/make_faces.py, '
                       'scripts/prepare_photos.py); none: rendered faces are made in the folder '
                       'of the run.')
    start: str = _field('', 'What this run begins with, weights alone: the folder of a run, or '
                        'of a portable package that was trained; a generator.npz, with the '
                        'discriminator.npz beside it if there is one; built-in, what ships; '
                        'none: random weights.')
    faces: int = _field(4000, 'How many rendered faces are made, four of each person.')
    mirror: bool = _field(True, 'Whether every other real image is mirrored.')
    model: str = _field('open_head', 'The morphable model, a name or path.')
    vaes: str = _field('built-in', 'The coefficient VAEs: built-in or a path.')
    reconstruction: str = _field('built-in', 'The reconstruction network: built-in or a path.')
    recognition: str = _field('built-in', 'The recognition network: built-in, dlib or a path.')
    parsing: str = _field('built-in', 'The parsing network: built-in or a path.')
    noise: int = _field(32, 'Size of the noise beside the coefficients.')
    seed: int = _field(0, 'Of everything random.')

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        check_positive('faces', self.faces)
        check_positive('noise', self.noise)
        if self.seed < 0:
            raise ValueError(f'seed: expected 0 or more, got {self.seed}')


@dataclasses.dataclass(frozen=True)
class UpkeepConfig:
    """What happens between steps."""

    log_every: int = _field(50, 'Steps between points of the curves.')
    snapshot_every: int = _field(500, 'Steps between snapshots, a multiple of log_every; the '
                                 'generator is measured at each.')
    picture_every: int = _field(500, 'Steps between pictures, a multiple of snapshot_every.')
    keep_best: int = _field(3, 'Generators that are kept beside the last one.')
    measured_faces: int = _field(256, 'Generated faces by which a snapshot is measured.')
    deterministic: bool = _field(False, 'Whether to compute the same bits in each run; slower '
                                 "on a GPU, where TensorFlow's own ops take others of theirs.")

    def __post_init__(self):
        """Raises ValueError on a wrong field."""
        for name in ('log_every', 'snapshot_every', 'picture_every', 'keep_best',
                     'measured_faces'):
            check_positive(name, getattr(self, name))
        for name, unit in (('snapshot_every', 'log_every'), ('picture_every', 'snapshot_every')):
            check_multiple(name, getattr(self, name), unit, getattr(self, unit))


@dataclasses.dataclass(frozen=True)
class GanConfig:
    """A whole run; the names of all sections' fields are different."""

    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    source: SourceConfig = SourceConfig()
    upkeep: UpkeepConfig = UpkeepConfig()

    @classmethod
    def of(cls, **values):
        """Makes a configuration of {field: value}; TypeError on a name that no section has."""
        sections = {}
        for section in dataclasses.fields(cls):
            names = [field.name for field in dataclasses.fields(section.type)]
            sections[section.name] = section.type(
                **{name: values.pop(name) for name in names if name in values})
        if values:
            raise TypeError(f'expected fields of {cls.__name__}, got {sorted(values)}')
        return cls(**sections)

    @classmethod
    def flags(cls):
        """Every field of every section, `dataclasses.Field`s."""
        return [field for section in dataclasses.fields(cls)
                for field in dataclasses.fields(section.type)]

    def values(self):
        """{field: value} of all sections."""
        return {field.name: getattr(getattr(self, section.name), field.name)
                for section in dataclasses.fields(self)
                for field in dataclasses.fields(section.type)}

    def changed(self):
        """{field: value} of what is not as by default."""
        usual = GanConfig().values()
        return {name: value for name, value in self.values().items() if value != usual[name]}

    def command(self):
        """The command line of the run, without --logdir and folders of data."""
        flags = [f'--{name}={os.path.basename(value) if name in FOLDERS else value}'
                 for name, value in self.changed().items()]
        return ' '.join(['python scripts/train.py', *flags])
