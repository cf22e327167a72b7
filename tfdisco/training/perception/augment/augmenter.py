"""What a perception network sees of a batch of pictures while it trains."""

import dataclasses
import math

import tensorflow as tf

from tfdisco.training.perception.augment import color, frame

# Ranges of what is drawn evenly.
CUT = (0.0, 0.3)  # of each side, shares of the edge
SOFTEST = 3.5  # half width of the filter, pixels: about a quarter of the resolution
CONTRAST, CURVE, SATURATION = (0.6, 1.3), (-0.5, 0.7), (0.3, 1.5)
REACH = (0.04, 0.2)  # half the size of what is put before a face, shares of the edge
COARSENESS = (0.25, 3.0)  # of JPEG's table: qualities 87 to 17
NOISE = (1.0, 14.0)  # standard deviation, levels of 255
PLAIN_BORDER = 0.15  # probability that a border is one colour


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How strongly pictures are changed; probabilities and deviations.

    shift, scale: deviations (shares of the edge, logarithm) of aligned faces.
    far, far_shift, far_scale: probability and deviations of badly aligned ones.
    window: probability of a crop that is too tight, its border made up.
    soft: probability of blur or a low resolution.
    tint, brightness: deviations of the logarithms of the gains.
    grey, bent, covered: probabilities.
    compressed, noisy: shares of a batch.
    """

    shift: float = 0.03
    scale: float = 0.04
    far: float = 0.15
    far_shift: float = 0.10
    far_scale: float = 0.15
    window: float = 0.3
    soft: float = 0.5
    tint: float = 0.08
    brightness: float = 0.2
    grey: float = 0.3
    bent: float = 0.35
    covered: float = 0.25
    compressed: float = 0.25
    noisy: float = 0.34

    def scaled(self, factor):
        """The same, every probability and deviation times `factor`, from 0 to 1."""
        if not 0 <= factor <= 1:
            raise ValueError(f'augmentation: expected from 0 to 1, got {factor}')
        return Augmentation(**{name: factor * value
                               for name, value in dataclasses.asdict(self).items()})


class Augmenter:
    """Turns pictures of a data set into a network's input, with labels moved along.

    Attributes:
      size: edge of the network's input.
      crop: the central share of a picture that it sees.
      model: None, or the `MorphableModel` whose coefficients are moved along.
      settings: `Augmentation`.
    """

    def __init__(self, size, crop=1.0, model=None, settings=None):
        """See the class."""
        self.size, self.crop, self.model = size, crop, model
        self.settings = settings or Augmentation()
        self._signs = None if model is None else model.mirror_signs()

    def __call__(self, faces, random):
        """Changes a batch at random.

        Args:
          faces: {name: [B, ...]}: image [B, S, S, 3] uint8; and for what is moved along,
            coefficients [B, K], translation [B, 3] and landmarks [B, 68, 2] in shares of
            the edge, or masks [B, S, S, M] uint8.
          random: a `tf.random.Generator`.

        Returns:
          The same names; image [B, size, size, 3] float32 in [-1, 1], masks [B, size,
          size, M] float32 in [0, 1], 0 where something was put before them, and besides
          known [B, size, size, 1], 0 where the border is made up, and color_weight [B], 0
          where the picture's colours are not those of the coefficients.
        """
        batch = faces['image'].shape[0]
        frames, tones = self._draw_frames(batch, random), self._draw_tones(batch, random)
        result, image, outside = self._reframe(faces, frames)
        image = frame.fill_border(image, outside, random.uniform([batch]) < PLAIN_BORDER)
        image, covered = self._cover(image, random)
        image = color.tone(image, tones)
        result['image'] = _to_input(self._degrade(image, random))
        result['color_weight'] = 1.0 - tf.cast(tones.bent, tf.float32)
        if 'masks' in result:
            result['masks'] *= 1.0 - covered
        if 'coefficients' in result:
            parts = self.model.layout.split(result['coefficients'])
            result['coefficients'] = tf.concat(parts._replace(
                illumination=color.light(parts.illumination, tones.gain)), axis=-1)
        return result

    def plain(self, faces):
        """The same without any change: pictures as the network sees them later."""
        batch = faces['image'].shape[0]
        result, image, _ = self._reframe(faces, frame.whole(batch))
        result['image'], result['color_weight'] = _to_input(image), tf.ones([batch])
        return result

    def _reframe(self, faces, frames):
        result = dict(faces)
        layers = [faces['image']] + ([faces['masks']] if 'masks' in faces else [])
        layers, outside = frame.reframe(
            tf.cast(tf.concat(layers, axis=-1), tf.float32), frames, self.size, self.crop)
        result['known'] = tf.cast(outside <= 0.0, tf.float32)
        if 'masks' in faces:
            result['masks'] = layers[..., 3:] / 255.0
        if 'landmarks' in faces:
            result['landmarks'] = frame.move_landmarks(faces['landmarks'], frames)
        if 'translation' in faces:
            result['translation'] = frame.move_translation(faces['translation'], frames)
        if 'coefficients' in faces:
            result['coefficients'] = frame.mirror_coefficients(
                faces['coefficients'], frames, self._signs)
        return result, layers[..., :3], outside

    def _draw_frames(self, batch, random):
        settings = self.settings
        far = random.uniform([batch]) < settings.far
        shift = tf.where(far, settings.far_shift, settings.shift)[:, tf.newaxis]
        scale = tf.where(far, settings.far_scale, settings.scale)
        cut = tf.where(random.uniform([batch, 1, 1]) < settings.window,
                       random.uniform([batch, 2, 2], *CUT), 0.0)
        softness = tf.exp(random.uniform([batch], 0.0, math.log(SOFTEST)))
        return frame.Frames(
            random.uniform([batch]) < 0.5,
            tf.exp(scale * _limited(random, [batch])), shift * _limited(random, [batch, 2]),
            tf.stack([cut[:, 0], 1.0 - cut[:, 1]], axis=1),
            tf.where(random.uniform([batch]) < settings.soft, softness, 1.0))

    def _draw_tones(self, batch, random):
        settings = self.settings
        grey, bent = (random.uniform([batch]) < share for share in (settings.grey, settings.bent))
        tint = settings.tint * _limited(random, [batch, 3])
        tint = tf.where(grey[:, tf.newaxis], 0.0, tint)  # cannot be seen
        brightness = settings.brightness * _limited(random, [batch, 1])
        saturation = tf.where(bent, random.uniform([batch], *SATURATION), 1.0)
        return color.Tones(
            tf.exp(brightness + tint), tf.where(grey, 0.0, saturation),
            tf.where(bent, random.uniform([batch], *CONTRAST), 1.0),
            tf.where(bent, random.uniform([batch], *CURVE), 0.0), bent)

    def _cover(self, image, random):
        batch = image.shape[0]
        reach = tf.where(random.uniform([batch, 1]) < self.settings.covered,
                         random.uniform([batch, 2], *REACH), 0.0)
        return color.cover(
            image, random.uniform([batch, 2]), reach, random.uniform([batch]) < 0.5,
            random.uniform([batch, 3], 0.0, 255.0), random.uniform([batch]) < 0.5)

    def _degrade(self, image, random):
        """Compresses the first pictures and adds noise to the last ones; both are costly."""
        batch = image.shape[0]
        compressed = round(self.settings.compressed * batch)
        noisy = round(self.settings.noisy * batch)
        coarseness = tf.exp(random.uniform([compressed], *map(math.log, COARSENESS)))
        first = color.compress(image[:compressed], coarseness)
        last = image[batch - noisy:]
        last += random.uniform([noisy, 1, 1, 1], *NOISE) * random.normal(tf.shape(last))
        return tf.concat([first, image[compressed:batch - noisy], last], axis=0)


def _limited(random, shape):
    """Normal numbers within two standard deviations."""
    return tf.clip_by_value(random.normal(shape), -2.0, 2.0)


def _to_input(image):
    return tf.clip_by_value(image, 0.0, 255.0) / 127.5 - 1.0
