"""Photographs edited by a trained generator: find, search, edit, put back.

Example:
  editor = PhotoEditor.load('built-in')
  photo = photographs.read('a.jpg')
  faces, _ = editor.find(photo)
  known = editor.search(faces)[0]
  edited = editor.edit(known, [Attributes('yaw=-20deg', editor.model)])
  picture = editor.put_back(photo.image, known, edited.images[0])
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.editing import seam
from tfdisco.editing.changes import Each
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.found_faces import SIZE, Face, FaceFinder
from tfdisco.editing.inversion import face_file, features, optimise
from tfdisco.editing.inversion.encoder import Encoder
from tfdisco.editing.inversion.objective import Objective, Target, face_weight
from tfdisco.editing.inversion.start import within
from tfdisco.editing.inversion.tuning import Tuner, Tuning
from tfdisco.editing.limits import Limits
from tfdisco.editing.loop import ClosedLoop
from tfdisco.editing.measures import Measures
from tfdisco.perception import resize
from tfdisco.perception.observe import Perception

AT_ONCE = 8  # faces searched for, or pictures drawn


class KnownFace(NamedTuple):
    """A face that the generator can draw.

    face: `found_faces.Face`.
    inverted: `inversion.optimise.Inverted` of it alone.
    changes: {name: array} of the generator's weights, see `inversion.tuning`; {} if not tuned.
    plain: [R, R, 3] in [-1, 1], as it is drawn without any edit.
    seen: [K] coefficients seen in `plain`.
    """

    face: Face
    inverted: optimise.Inverted
    changes: dict
    plain: np.ndarray
    seen: np.ndarray


class PhotoEditor:
    """See the module.

    Attributes:
      faces: `FaceGenerator`.
      model: its `MorphableModel`.
      perception: `Perception`, the networks that look.
      measures, ordinary: `Measures`, and what two random faces are apart.
      maps: of the perceptual term, see `inversion.features`.
    """

    def __init__(self, faces, perception, maps=None, weights=None, search=None,
                 tuning=None, tolerance=None, encoder=None, size=SIZE):
        """See the class.

        Args:
          faces: `FaceGenerator`.
          perception: `Perception`.
          maps: None for the built-in ones, see `inversion.features`.
          weights: `inversion.objective.Weights`, or None for its defaults; so of
          search: `inversion.optimise.Search`,
          tuning: `inversion.tuning.Tuning`, and
          tolerance: `loop.Tolerance`.
          encoder: None, or 'built-in' or a file: an `inversion.encoder.Encoder` for the start.
          size: edge of aligned pictures, pixels.
        """
        self.faces, self.model, self.perception = faces, faces.model, perception
        self.measures = Measures(self.model)
        self.ordinary = self.measures.ordinary(faces)
        self.maps = maps or features.load()
        self._objective = Objective(perception.recognition, self.maps, weights)
        self._search, self._tuning = search or optimise.Search(), tuning or Tuning()
        self._inverter = optimise.Inverter(faces, self._objective, self._search)
        self._tuner = None
        self._encoder = encoder and Encoder.load(
            encoder, face_file.fingerprint(faces.generator), self._inverter.mapping.spread)
        self._finder = FaceFinder(self.model, perception.reconstruction, size)
        self._loop = ClosedLoop(self._inverter.mapping, self.measures, self.ordinary,
                                Limits(faces), self.model.layout, tolerance)
        self._draw = tf.function(lambda ws, strength: optimise.draw(
            faces.generator, ws, strength), reduce_retracing=True)
        self._draw_tuned = None
        self._parse = tf.function(perception.parsing, reduce_retracing=True)
        self._reconstruct = tf.function(
            lambda pictures: perception.reconstruction(pictures).coefficients,
            reduce_retracing=True)

    @classmethod
    def load(cls, snapshot='built-in', reconstruction='built-in', recognition='built-in',
             parsing='built-in', maps='built-in', **options):
        """Loads all networks; see `FaceGenerator.load`, `Perception.load`, `features.load`."""
        faces = FaceGenerator.load(snapshot)
        return cls(faces, Perception.load(faces.model, reconstruction, recognition, parsing),
                   features.load(maps), **options)

    def find(self, photo, choice=None, points=None):
        """Faces of a `photo.Photo`; see `FaceFinder`."""
        return self._finder(photo, choice, points)

    def locate(self, photo):
        """The points of all faces of a `photo.Photo`; see `FaceFinder.locate`."""
        return self._finder.locate(photo)

    def steps(self, count, tune=False):
        """How often `search` of `count` faces calls its `progress`."""
        return (-(-count // AT_ONCE) * self._search.steps
                + (count * self._tuning.steps if tune else 0))

    def search(self, found, tune=False, steps=True, progress=None):
        """Looks for found faces in the generator, `AT_ONCE` together.

        Args:
          found: list of `Face`.
          tune: whether the generator's weights adapt to each.
          steps: False for the start alone: an encoder's, or what the coefficients say.
          progress: None, or called after each step of search and tuning.

        Returns:
          A list of `KnownFace`.
        """
        result = []
        for first in range(0, len(found), AT_ONCE):
            part = found[first:first + AT_ONCE]
            images, weight = self._pictures(part)
            start = self._start(part)
            inverted = (self._inverter(images, weight, start, progress) if steps
                        else optimise.unchanged(start, len(self.faces.generator.noise_sides())))
            for index, face in enumerate(part):
                one = slice(index, index + 1)
                alone, changes = inverted.take(one), {}
                if tune:
                    target = self._objective.target(images[one], weight[one])
                    changes = self._tuned()(Target(*target), alone, progress)
                result.append(self.known(face, alone, changes))
        return result

    def known(self, face, inverted, changes):
        """The `KnownFace` of a search, or of a file of one; see `inversion.face_file`."""
        plain = self.draw(inverted.ws, inverted.strength, changes)
        return KnownFace(face, inverted, changes, plain[0], self.read(plain)[0])

    def draw(self, ws, strength, changes):
        """Pictures [B, R, R, 3] of w+ [B, num_ws, w_size], noise strengths, and tuned weights."""
        graph = self._draw
        if changes:
            self._tuned().use(changes)
            graph = self._draw_tuned
        strength = np.broadcast_to(strength, [len(ws), strength.shape[1]])
        return np.clip(np.concatenate([
            graph(tf.constant(ws[at:at + AT_ONCE]), tf.constant(strength[at:at + AT_ONCE])).numpy()
            for at in range(0, len(ws), AT_ONCE)]), -1.0, 1.0)

    def read(self, images):
        """Coefficients [B, K] seen in pictures [B, R, R, 3]."""
        return np.concatenate([self._reconstruct(tf.constant(images[at:at + AT_ONCE])).numpy()
                               for at in range(0, len(images), AT_ONCE)])

    def edit(self, known, changes):
        """Edits of one face, one picture a change (several for a sweep).

        Args:
          known: `KnownFace`.
          changes: list of changes, see `changes.Together`; all set the same factors.

        Returns:
          `loop.Edited`, and a list of texts about what was beyond the generator's range.
        """
        count = len(changes)
        inverted = optimise.Inverted(*(np.repeat(part, count, 0) for part in known.inverted))
        return self._loop(inverted, np.repeat(known.seen[np.newaxis], count, 0), Each(changes),
                          lambda ws: self.draw(ws, known.inverted.strength, known.changes),
                          self.read)

    def put_back(self, photo, known, edited):
        """The photograph uint8 [H, W, 3] with a face edited to a picture [R, R, 3]."""
        size = len(known.face.image)
        plain, after = (resize.to_square(picture[np.newaxis], size).numpy()[0]
                        for picture in (known.plain, edited))
        aligned = known.face.image / np.float32(127.5) - 1
        where = seam.mask(*(self._parse(tf.constant(picture[np.newaxis]))
                            for picture in (aligned, after)))
        return seam.put_back(photo, known.face, after, plain, where)

    def _pictures(self, found):
        """Pictures of the generator's resolution, and the weights of their pixels."""
        side = self.faces.generator.config.resolution
        aligned = np.stack([face.image for face in found]) / np.float32(127.5) - 1
        weight = face_weight(self._parse(tf.constant(aligned)))
        return resize.to_square(aligned, side), resize.to_square(weight, side)

    def _start(self, found):
        read = np.stack([face.coefficients for face in found])
        if self._encoder is None:
            return self._inverter.mapping.start(within(read, self.faces))
        start = self._inverter.mapping.start(read)  # as the encoder was trained
        aligned = np.stack([face.image for face in found]) / np.float32(127.5) - 1
        return start._replace(ws=start.ws + self._encoder(aligned).numpy())

    def _tuned(self):
        if self._tuner is None:
            tuner = self._tuner = Tuner(self.faces, self._objective, self._tuning)
            self._draw_tuned = tf.function(lambda ws, strength: optimise.draw(
                tuner.generator, ws, strength), reduce_retracing=True)
        return self._tuner
