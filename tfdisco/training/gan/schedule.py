"""What a step of GAN training is made of, as a function of the real images seen so far."""

import math
from typing import NamedTuple

from tfdisco.factors import EXPRESSION, IDENTITY, ILLUMINATION, NOISE, POSE

ADVERSARIAL, PIXEL = 'adversarial', 'pixel'
IMITATIVE = ('imitative/identity', 'imitative/landmarks', 'imitative/illumination',
             'imitative/skin', 'imitative/expression')
# Terms of pairs, and in which factor a pair has to differ to count. The paper's come first.
PAIR_TERMS = {
    'contrastive/warp': (EXPRESSION,),
    'contrastive/hair': (ILLUMINATION,),
    'contrastive/landmarks': (ILLUMINATION,),
    'contrastive/identity': (ILLUMINATION,),
    'contrastive/kept_identity': (EXPRESSION, POSE, NOISE),
    'contrastive/kept_landmarks': (NOISE,),
    'contrastive/surface': (POSE, NOISE),
    'contrastive/background': (IDENTITY, EXPRESSION, ILLUMINATION, POSE),
    'contrastive/hair_color': (IDENTITY, EXPRESSION, POSE),
    'contrastive/other_background': (NOISE,),
    'contrastive/other_hair': (NOISE,)}
# Those of them that look at the person and at the landmarks.
SEEN_TERMS = ('contrastive/landmarks', 'contrastive/identity', 'contrastive/kept_identity',
              'contrastive/kept_landmarks')
# Those of them that look at where hair and background are.
PARSED_TERMS = ('contrastive/hair', 'contrastive/background', 'contrastive/hair_color',
                'contrastive/other_background', 'contrastive/other_hair')
STAGES = ('hold', 'adversarial', 'pixel', 'imitative', 'contrastive')

GROWS_FROM = 8  # pixels of stylegan's first images
PIXEL_UNTIL = 32  # pixels up to which stylegan is taught by pixels (supplement, Sec. I)
FULL_BATCH_UNTIL = 64  # pixels below which stylegan's batch doubles with each halving
# stylegan's learning rate beside that up to 64 pixels (Karras et al. 2019, as published).
FASTER = {128: 1.5, 256: 2.0, 512: 3.0, 1024: 3.0}


class State(NamedTuple):
    """A step's settings.

    Attributes:
      stage: one of `STAGES`.
      weights: {term: float} of the generator's terms, those that count alone; none while the
        generator stands still.
      resolution: pixels of a side of the images.
      fade: share of the newest resolution in the image, above 0; 1 once it is there.
      batch: images of the step on all replicas.
      learning_rate: of both optimisers.
    """

    stage: str
    weights: dict
    resolution: int
    fade: float
    batch: int
    learning_rate: float

    @property
    def growth(self):
        """The resolution, negative while it fades in; what Adam knows is of one such value."""
        return self.resolution if self.fade == 1.0 else -self.resolution


class Schedule:
    """The settings of each step; nothing depends on the steps before.

    Example:
      state = Schedule(network, loss, schedule).at(images_seen)
    """

    def __init__(self, network, loss, schedule):
        """Takes `config.NetworkConfig`, `config.LossConfig` and `config.ScheduleConfig`."""
        self._network, self._loss, self._schedule = network, loss, schedule

    @property
    def total_images(self):
        """Images after which the training is done."""
        return math.ceil(1000 * self._schedule.total_kimg)

    def at(self, images_seen):
        """The `State` of the step that follows `images_seen` images.

        Raises:
          ValueError: if the number is negative.
        """
        if images_seen < 0:
            raise ValueError(f'images_seen: expected 0 or more, got {images_seen}')
        kimg = images_seen / 1000 - self._schedule.generator_hold_kimg
        held, kimg = kimg < 0, max(kimg, 0.0)
        batch, rate = self._schedule.batch, self._schedule.learning_rate
        resolution, fade = self._network.resolution, 1.0
        if self._network.arch == 'stylegan':
            resolution, fade = self._grown(kimg)
            batch *= max(FULL_BATCH_UNTIL // resolution, 1)
            rate *= FASTER.get(resolution, 1.0)
        stage = 'hold' if held else self._stage(kimg, resolution)
        return State(stage, self._weights(stage), resolution, fade, batch, rate)

    def _grown(self, kimg):
        """Resolution and fade: fixed for grow_kimg, then the next fades in for fade_kimg."""
        phase, within = divmod(kimg, self._schedule.grow_kimg + self._schedule.fade_kimg)
        resolution, fade = GROWS_FROM * 2 ** int(min(phase, 20)), 1.0
        if within > self._schedule.grow_kimg:
            resolution *= 2
            fade = (within - self._schedule.grow_kimg) / self._schedule.fade_kimg
        if resolution > self._network.resolution:
            return self._network.resolution, 1.0
        return resolution, fade

    def _stage(self, kimg, resolution):
        if not self._loss.imitative:
            return 'adversarial'
        if self._network.arch == 'stylegan':
            early = resolution <= PIXEL_UNTIL
        else:
            early = kimg < self._schedule.pixel_kimg
        if early:
            return 'pixel'
        late = self._loss.contrastive and kimg >= self._schedule.imitative_kimg
        return 'contrastive' if late else 'imitative'

    def _weights(self, stage):
        if stage == 'hold':
            return {}
        loss, weights = self._loss, {ADVERSARIAL: 1.0}
        if stage == 'pixel':
            weights[PIXEL] = loss.pixel_weight
        elif stage != 'adversarial':
            late = stage == 'contrastive'
            weights.update(zip(IMITATIVE, (
                loss.identity_weight,
                loss.late_landmarks_weight if late else loss.landmarks_weight,
                loss.illumination_weight, loss.skin_weight, loss.expression_weight)))
            if late:
                weights.update(zip(PAIR_TERMS, (
                    loss.warp_weight, loss.hair_weight, loss.pair_landmarks_weight,
                    loss.pair_identity_weight, loss.kept_identity_weight,
                    loss.kept_landmarks_weight, loss.surface_weight, loss.background_weight,
                    loss.hair_color_weight,
                    loss.noise_background_weight, loss.noise_hair_weight)))
        return {name: float(weight) for name, weight in weights.items() if weight}
