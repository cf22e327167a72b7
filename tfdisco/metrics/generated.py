"""Faces that a trained generator draws, batch by batch, and what is seen in them.

What every suite of generators stands on. A suite's `evaluate` takes `progress`: None, or what
is called as `tfdisco.progress.bar` is, with what to go through and `desc`.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco import images as pictures
from tfdisco.face3d.renderer import FaceRenderer, RenderedFace
from tfdisco.networks import trained
from tfdisco.perception.observe import Perception
from tfdisco.shapes import check_choice, check_positive, check_shape

BATCH = 32
FIELDS = ('identity', 'coefficients', 'landmarks', 'hair', 'background')


class Seen(NamedTuple):
    """What is seen in a batch of pictures, arrays; None where it was not looked for.

    identity: [B, D] unit vectors.
    coefficients: [B, K], see `factors.Coefficients`.
    landmarks: [B, 68, 2] pixels (x, y).
    hair, background: [B, H, W, 1] probabilities; what is neither is face.
    """

    identity: np.ndarray = None
    coefficients: np.ndarray = None
    landmarks: np.ndarray = None
    hair: np.ndarray = None
    background: np.ndarray = None


class Batch(NamedTuple):
    """Faces of `GeneratedFaces.batches`.

    z: [B, latents].
    coefficients: [B, K] that they were made of.
    images: [B, R, R, 3], see `GeneratedFaces.draw`.
    seen: `Seen` in them.
    rendered: None or the `RenderedFace` of the coefficients.
    """

    z: np.ndarray
    coefficients: np.ndarray
    images: np.ndarray
    seen: Seen
    rendered: RenderedFace


class Look:
    """Pictures to `Seen`, as one graph of what is looked for.

    Example:
      look = Look(perception, ('identity', 'hair'))
      seen = look(images)
    """

    def __init__(self, perception, fields=FIELDS):
        """Takes a `Perception` and names of `FIELDS`; ValueError on another name."""
        for field in fields:
            check_choice('fields', field, FIELDS)
        self._perception, self._fields = perception, fields
        self._graph = tf.function(self._see, reduce_retracing=True)

    def __call__(self, images):
        """Looks at pictures [B, H, W, 3] in [-1, 1].

        Raises:
          ValueError: on a wrong shape, or if what is seen is no number.
        """
        check_shape('images', images, ['B', None, None, 3])
        if not self._fields:
            return Seen()
        seen = {name: value.numpy() for name, value in self._graph(tf.constant(images)).items()}
        for name, value in seen.items():
            if not np.isfinite(value).all():
                raise ValueError(f'images: expected pictures in which {name} can be told, got NaN '
                                 'or infinity')
        return Seen(**seen)

    def _see(self, images):
        found = {}
        if 'identity' in self._fields:
            found['identity'] = self._perception.recognition(images)
        if {'coefficients', 'landmarks'} & set(self._fields):
            face = self._perception.reconstruction(images)
            found.update(coefficients=face.coefficients, landmarks=face.landmarks)
        if {'hair', 'background'} & set(self._fields):
            parsed = self._perception.parsing(images)
            found.update(hair=parsed.hair, background=parsed.background)
        return {name: found[name] for name in self._fields}


class GeneratedFaces:
    """A generator, the meaning of its inputs, and the networks that look at its faces.

    Example:
      faces = GeneratedFaces.load('built-in')
      z = faces.latents(1000, seed=0)
      other = faces.replace(z, faces.latents(1000, seed=0, stream=1), ['pose'])
      for batch in faces.batches(z, ('identity',)): ...

    Attributes:
      generator: of `networks.build`, called with `inputs(z)`.
      inputs: `networks.inputs.GeneratorInputs`.
      model: `MorphableModel` of the coefficients.
      perception: `Perception`.
    """

    def __init__(self, generator, inputs, model, perception):
        """See the class."""
        self.generator, self.inputs, self.model = generator, inputs, model
        self.perception = perception
        self._draw = tf.function(lambda z: generator(inputs(z)), reduce_retracing=True)
        self._looks, self._render = {}, None

    @classmethod
    def load(cls, snapshot=trained.BUILT_IN, reconstruction='built-in', recognition='built-in',
             parsing='built-in'):
        """See `networks.trained.load` and `Perception.load`."""
        generator, inputs, model = trained.load(snapshot)
        return cls(generator, inputs, model,
                   Perception.load(model, reconstruction, recognition, parsing))

    def latents(self, count, seed, stream=0):
        """z [count, latents] of random faces.

        Args:
          count: of faces; the first ones of a larger count are the same.
          seed: the user's.
          stream: 0, or another number for draws that have nothing to do with those.
        """
        check_positive('count', count)
        return np.random.default_rng([seed, stream]).standard_normal(
            [count, self.inputs.latents], np.float32)

    def replace(self, z, other, changed):
        """`GeneratorInputs.replace` as an array."""
        return self.inputs.replace(z, other, changed).numpy()

    def draw(self, z):
        """z [B, latents] -> pictures [B, R, R, 3] in [-1, 1].

        As a file would hold them, in 256 levels: what is measured is what can be looked at.

        Raises:
          ValueError: if the generator draws no numbers.
        """
        drawn = self._draw(tf.constant(z, tf.float32)).numpy()
        if not np.isfinite(drawn).all():
            raise ValueError('snapshot: expected a generator of pictures, got NaN or infinity')
        return pictures.to_uint8(drawn).astype(np.float32) / 127.5 - 1.0

    def look(self, images, fields=FIELDS):
        """`Seen` in pictures [B, H, W, 3]; see `Look`."""
        fields = tuple(fields)
        if fields not in self._looks:
            self._looks[fields] = Look(self.perception, fields)
        return self._looks[fields](images)

    def batches(self, z, fields=FIELDS, render=False, progress=None, desc='faces'):
        """Draws faces of z [N, latents] and looks at them.

        Args:
          z: [N, latents].
          fields: what is looked for, names of `FIELDS`.
          render: whether the rendered faces are wanted.
          progress: see the module.
          desc: what the progress is of.

        Returns:
          Yields `Batch`es of `BATCH` faces, in order.
        """
        starts = range(0, len(z), BATCH)
        for start in starts if progress is None else progress(starts, desc=desc):
            part = z[start:start + BATCH]
            coefficients = self.inputs.coefficients(part).numpy()
            drawn = self.draw(part)
            rendered = self.render(coefficients, drawn.shape[1:3]) if render else None
            yield Batch(part, coefficients, drawn, self.look(drawn, fields), rendered)

    def render(self, coefficients, size):
        """The `RenderedFace` of coefficients [B, K], `size` (height, width) pixels."""
        if self._render is None or size != (self._render.height, self._render.width):
            self._render = FaceRenderer(self.model, *size)
        return self._render(coefficients)
