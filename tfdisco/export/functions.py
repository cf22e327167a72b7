"""What an exported generator can be asked: functions over tensors, described."""

from typing import Callable, NamedTuple

import tensorflow as tf

from tfdisco import factors
from tfdisco.editing.truncation import PublishedTruncation, Truncation
from tfdisco.export.controls import INPUTS, PSI, Controls, Input
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.networks.trained import MissingModel

OUTPUTS = {
    'image': '[B, R, R, 3] uint8, the generated face',
    'values': '[B, R, R, 3] float32, the same in about [-1, 1], not rounded',
    'landmarks': '[B, 68, 2] pixels (x, y) of what the settings ask for, in iBUG order',
    'rendered': '[B, R, R, 3] uint8, the 3D face of the settings',
    'coefficients': '[B, K], see the layout',
    'ws': '[B, L, W], the vectors w of all layers',
    'png_bytes': '[B] the generated face as a PNG file; base64 in JSON',
    'translation': '[B, 3] decimetres, how far the face is from where alignment puts it',
    'identity': '[B, D] unit vectors; the product of two is high for one person',
}


class Function(NamedTuple):
    """An exported function.

    Attributes:
      run: keyword arguments, a tensor for each input, to {output: tensor}.
      inputs: {name: `controls.Input`}.
      meaning: one sentence.
    """

    run: Callable
    inputs: dict
    meaning: str


class Faces:
    """The functions of a trained generator.

    Attributes:
      functions: {name: `Function`}. Faces have `landmarks` and `rendered` only where the
        generator has a morphable model, and there is a `photograph` only with perception.
      network: the `Function` that is all convolutions and products, for other runtimes.
    """

    def __init__(self, trained, reconstruction=None, recognition=None):
        """Makes them.

        Args:
          trained: `networks.trained.TrainedGenerator`.
          reconstruction, recognition: of `perception`, both or none.
        """
        self.trained = trained
        self._generator, self._inputs, model = trained
        self._reconstruction, self._recognition = reconstruction, recognition
        self._published = bool(self._inputs.average_identity)
        truncation = (PublishedTruncation if self._published else Truncation)(
            self._generator, self._inputs)
        self._center = truncation.center.numpy()
        self._moved = truncation.layers if self._published else self._generator.num_ws
        edge = self._generator.config.resolution
        self._renderer = None if isinstance(model, MissingModel) else (
            FaceRenderer(model, edge, edge))
        self._controls = Controls(self._inputs, model)
        coefficients = Input([None, self._inputs.layout.size], tf.float32, 'see the layout')
        noise = Input([None, self._inputs.noise], tf.float32, 'N(0, 1)')
        ws = Input([None, self._generator.num_ws, self._generator.config.w_size], tf.float32,
                   OUTPUTS['ws'])
        self.functions = {
            'controls': Function(self.controls, INPUTS, 'A face by settings in plain units.'),
            'png': Function(self.png, INPUTS, 'The same as a PNG file.'),
            'coefficients': Function(
                self.coefficients, {'coefficients': coefficients, 'noise': noise, 'psi': PSI},
                'A face by the coefficients of the morphable model.'),
            'latents': Function(self.latents, {
                'latents': Input([None, self._inputs.latents], tf.float32, 'z, N(0, 1)'),
                'psi': PSI},
                'A random face, with its coefficients and w.'),
            'w': Function(self.w, {'ws': ws}, 'A face by w.'),
            'edit': Function(self.edit, {
                'ws': ws, 'before': coefficients, 'after': coefficients, 'noise': noise},
                'A face by w, moved by what the mapping says of a change of coefficients.'),
        }
        self.network = Function(
            lambda coefficients, noise, psi: {
                'values': self._draw(self.map(coefficients, noise, psi))},
            self.functions['coefficients'].inputs, 'A face by coefficients.')
        if reconstruction:
            self.functions['photograph'] = Function(self.photograph, {
                'image': Input([None, None, None, 3], tf.uint8, 'aligned faces, as '
                               'scripts/prepare_photos.py makes them')},
                'What photographs show: coefficients, landmarks and whose face.')

    def controls(self, **settings):
        """A tensor for each of `controls.INPUTS` to all that is known of a face."""
        coefficients, noise, psi = self._controls(**settings)
        return {**self.coefficients(coefficients, noise, psi), 'coefficients': coefficients}

    def png(self, **settings):
        """The same to `png_bytes`."""
        image = self._draw(self.map(*self._controls(**settings)))
        return {'png_bytes': tf.io.encode_png(to_uint8(image))}

    def coefficients(self, coefficients, noise, psi):
        """Coefficients [B, K], noise [B, N] and psi [B] or [1] to a face."""
        result = {'image': to_uint8(self._draw(self.map(coefficients, noise, psi)))}
        if self._renderer:
            face = self._renderer(coefficients)
            result.update(landmarks=face.landmarks, rendered=to_uint8(face.image))
        return result

    def latents(self, latents, psi):
        """Latents z [B, latents] and psi [B] or [1] to a face."""
        coefficients = self._inputs.coefficients(latents)
        ws = self.map(coefficients, self._inputs.split_noise(latents)[1], psi)
        return {'image': to_uint8(self._draw(ws)), 'coefficients': coefficients, 'ws': ws}

    def w(self, ws):
        """ws [B, L, W] to a face."""
        values = self._draw(ws)
        return {'image': to_uint8(values), 'values': values}

    def edit(self, ws, before, after, noise):
        """ws + w(after) - w(before): the offset of a factor, added to another face's w."""
        here, there = (self._generator.mapping(self._inputs.join(coefficients, noise))
                       for coefficients in (before, after))
        ws += (there - here)[:, tf.newaxis]
        return {'image': to_uint8(self._draw(ws)), 'ws': ws}

    def photograph(self, image):
        """Aligned faces [B, H, W, 3] uint8 to what they show."""
        values = tf.cast(image, tf.float32) / 127.5 - 1.0
        face = self._reconstruction(values)
        return {'coefficients': face.coefficients, 'translation': face.translation,
                'landmarks': face.landmarks, 'identity': self._recognition(values)}

    def map(self, coefficients, noise, psi):
        """Coefficients [B, K], noise [B, N] and psi [B] or [1] to ws, see `editing.truncation`.

        What truncation takes for a neutral face is made of these coefficients and this noise.
        """
        generator = self._generator
        ws = generator.broadcast(generator.mapping(self._inputs.join(coefficients, noise)))
        neutral = generator.mapping(self._neutral(coefficients, noise))
        shift = (1.0 - psi)[:, tf.newaxis] * (self._center - neutral)
        first = tf.cast(tf.range(generator.num_ws) < self._moved, tf.float32)
        return ws + shift[:, tf.newaxis] * first[:, tf.newaxis]

    def _neutral(self, coefficients, noise):
        part = self._inputs.layout.factor_slice(factors.IDENTITY)
        if self._published:
            plain, noise = tf.zeros_like(coefficients), tf.zeros_like(noise)
        else:
            z = tf.zeros([tf.shape(coefficients)[0], self._inputs.latents])
            plain = self._inputs.coefficients(z)
        return self._inputs.join(tf.concat([
            plain[:, :part.start], coefficients[:, part], plain[:, part.stop:]], -1), noise)

    def _draw(self, ws):
        return self._generator.synthesis(ws)


def to_uint8(values):
    """`images.to_uint8` as a graph."""
    return tf.cast(tf.clip_by_value(tf.round((values + 1.0) * 127.5), 0.0, 255.0), tf.uint8)
