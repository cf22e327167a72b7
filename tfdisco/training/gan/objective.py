"""What generator and discriminator are trained for in one step: named, unweighted terms."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco.face3d import surface
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.losses import adversarial, imitative
from tfdisco.networks.stylegan.layers import faded
from tfdisco.ops.blur import gaussian_blur
from tfdisco.perception.observe import Observation
from tfdisco.training.gan import pairs as pairing
from tfdisco.training.gan import schedule
from tfdisco.training.gan.faces import Faces

BLURS = 4  # shares of the blur that faces get by turns


class Draw(NamedTuple):
    """What is random in a generator's step.

    z: [B, latents] of the faces.
    other: [B, latents], where the second faces of pairs take their factor from.
    noise: [[B, r, r, 1]], the noise maps of the faces.
    turns: [P] int64, the numbers of the step's pairs in the whole training.
    """

    z: tf.Tensor
    other: tf.Tensor
    noise: list
    turns: tf.Tensor


class GeneratorObjective:
    """The generator's terms (Eq. 2-8); what none of the wanted ones needs is not computed.

    Attributes:
      inputs: `networks.inputs.GeneratorInputs`.
      perception: `Perception`; None if neither imitative nor contrastive terms are wanted.
    """

    def __init__(self, model, inputs, perception, blur=0.0, identity_region='face'):
        """See the class.

        Args:
          model: the `MorphableModel`.
          inputs, perception: see the class.
          blur: deviation in pixels of the Gaussian through which perception sees faces; 0
            for none. Of every four faces the first gets none of it, the fourth all.
          identity_region: of `FaceRenderer`, what Eq. 2 compares faces with.
        """
        self.inputs, self.perception = inputs, perception
        self._model, self._blur, self._region = model, blur, identity_region

    def terms(self, generator, discriminator, draw, names, resolution, fade, reals=None):
        """Generates faces and judges them.

        Args:
          generator: of `networks.build`.
          discriminator: images [B, R, R, 3] and fade to logits [B, 1].
          draw: `Draw`.
          names: of the terms wanted, see `schedule`.
          resolution: pixels of the faces.
          fade: of progressive growing, see the networks.
          reals: [B, 1] logits of real images where the game is relativistic, else None.

        Returns:
          {name: [] mean over the batch}, and w [B, w_size] of the faces.
        """
        names, batch = set(names), draw.z.shape[0]
        z, rows, pairs = draw.z, list(range(batch)), None
        if names & set(schedule.PAIR_TERMS):
            # The first face of a pair is one of the step's own, and so a pair costs one more.
            pairs = pairing.make(draw.turns, batch, names)
            first = tf.constant(pairs.first, tf.int64)
            z = tf.concat([z, self.inputs.mix(tf.gather(z, first), tf.gather(draw.other, first),
                                              pairs.differs)], axis=0)
            rows += pairs.first
        coefficients = self.inputs.coefficients(z)
        w = generator.mapping(self.inputs.join(coefficients, self.inputs.split_noise(z)[1]))
        rows = tf.constant(rows, tf.int64)
        images = generator.synthesis(
            generator.broadcast(w), [tf.gather(values, rows) for values in draw.noise],
            resolution, fade)
        logits = discriminator(images[:batch], fade=fade)
        terms = {schedule.ADVERSARIAL: adversarial.generator_term(logits) if reals is None
                 else adversarial.relativistic_term(logits, reals)}
        if names - {schedule.ADVERSARIAL}:
            render = FaceRenderer(self._model, resolution, resolution)
            faces = self._faces(images, coefficients, render, names)
            terms.update(self._imitative(names, faces.rows(slice(batch))))
            if pairs:
                terms.update(pairing.terms(
                    pairs, names, *self._parsed(names, faces.rows(first),
                                                faces.rows(slice(batch, None))),
                    render, self.perception.similarity))
        return {name: value for name, value in terms.items() if name in names}, w[:batch]

    def _faces(self, images, coefficients, render, names):
        """`Faces`, with what the terms need."""
        faces = Faces(images, coefficients, render(coefficients))
        looked = names & set((*schedule.IMITATIVE, *schedule.SEEN_TERMS))
        if names & set(schedule.PARSED_TERMS) or looked and self._region == 'head':
            head = FaceRenderer(self._model, render.height, render.width, 'head')(coefficients)
            faces = faces._replace(head_image=head.image, head_mask=head.mask)
        if looked:
            shown = self._shown(images)
            face, person = self.perception.reconstruction(shown), self.perception.recognition(shown)
            target = faces.head_image if self._region == 'head' else faces.rendered.image
            faces = faces._replace(
                seen=Observation(person, face.coefficients, face.landmarks, None),
                target=tf.stop_gradient(self.perception.recognition(self._shown(target))))
        return faces

    def _parsed(self, names, *faces):
        """Each of the `Faces` with where its hair and background are, if a term needs that."""
        if not names & set(schedule.PARSED_TERMS):
            return faces
        parsed = self.perception.parsing(
            self._shown(tf.concat([each.images for each in faces], axis=0)))
        parts = zip(*(tf.split(values, len(faces)) for values in parsed))
        return [each._replace(parsed=type(parsed)(*part)) for each, part in zip(faces, parts)]

    def _shown(self, images):
        """What perception gets to see of images [B, H, W, 3]: of every four one is as it is.

        Blurred alone, faces would please where nobody looks: they would be alike in their blurred
        pictures and strangers in their sharp ones.
        """
        if not self._blur:
            return images
        share = np.arange(images.shape[0]) % BLURS / (BLURS - 1.0)
        share = share.astype(np.float32).reshape([-1, 1, 1, 1])
        return images + share * (gaussian_blur(images, self._blur) - images)

    def _imitative(self, names, faces):
        """Eq. 2-5 and the supplement's pixel term."""
        terms = {}
        if schedule.PIXEL in names:
            terms[schedule.PIXEL] = imitative.pixel_term(faces.images, faces.rendered)
        if names & set(schedule.IMITATIVE):
            root = surface.root(self._model.arrays['expression_basis'], self._model.face_mask)
            found = imitative.imitative_terms(
                faces.seen, faces.target, faces.rendered, faces.coefficients, faces.images,
                self._model.layout, self.perception.similarity, root.astype(np.float32))
            terms.update({f'imitative/{name}': value for name, value in found.items()})
        return terms


def real_images(images, fade):
    """Stored images [B, R, R, 3] uint8 as a discriminator sees them: float32 in [-1, 1]."""
    return faded(tf.cast(images, tf.float32) / 127.5 - 1.0, fade)


def discriminator_terms(discriminator, reals, fakes, fade, penalised=()):
    """The discriminator's terms.

    Args:
      discriminator: of `networks.build`.
      reals, fakes: [B, R, R, 3] in [-1, 1].
      fade: of progressive growing.
      penalised: which gradient penalties are wanted: 'r1' of real images, 'r2' of generated.

    Returns:
      {'real', 'fake', 'relative' and each of `penalised`: [] mean over the batch}, and 'sign',
      r_t of `augment.adjusted`.
    """
    logits, penalties = {}, {}
    for name, images in (('r1', reals), ('r2', fakes)):
        if name in penalised:
            penalties[name], logits[name] = adversarial.gradient_penalty(
                lambda images: discriminator(images, fade=fade), images)
        else:
            logits[name] = discriminator(images, fade=fade)
    return {**adversarial.discriminator_terms(logits['r1'], logits['r2']),
            'relative': adversarial.relativistic_term(logits['r1'], logits['r2']), **penalties,
            'sign': tf.reduce_mean(tf.sign(tf.stop_gradient(logits['r1'])))}
