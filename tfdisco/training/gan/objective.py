"""What generator and discriminator are trained for in one step: named, unweighted terms."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.flow import surface_flow
from tfdisco.face3d.renderer import FaceRenderer, RenderedFace
from tfdisco.losses import adversarial, contrastive, imitative
from tfdisco.perception.observe import Observation
from tfdisco.training.gan import schedule


class Draw(NamedTuple):
    """What is random in a generator's step.

    z: [B, latents] of the faces.
    other: [B, latents], where the second faces of pairs take their factor from.
    noise: [[B, r, r, 1]], the noise maps of the faces.
    """

    z: tf.Tensor
    other: tf.Tensor
    noise: list


class GeneratorObjective:
    """The generator's terms (Eq. 2-8); what none of the wanted ones needs is not computed.

    Attributes:
      inputs: `networks.inputs.GeneratorInputs`.
      perception: `Perception`; None if neither imitative nor contrastive terms are wanted.
      pairs: expression pairs and, as many, illumination pairs of a step. The first face of
        a pair is one of the step's own, so that a pair costs one face more.
    """

    def __init__(self, model, inputs, perception, pairs, blur=0.0):
        """See the class.

        Args:
          model: the `MorphableModel`.
          inputs, perception, pairs: see the class.
          blur: deviation in pixels of the Gaussian through which perception sees faces; 0
            for none.
        """
        self.inputs, self.perception, self.pairs = inputs, perception, pairs
        self._model, self._blur = model, blur

    def terms(self, generator, discriminator, draw, names, resolution, fade):
        """Generates faces and judges them.

        Args:
          generator, discriminator: networks of `networks.build`.
          draw: `Draw`.
          names: of the terms wanted, see `schedule`.
          resolution: pixels of the faces.
          fade: of progressive growing, see the networks.

        Returns:
          {name: [] mean over the batch}, and w [B, w_size] of the faces.
        """
        names = set(names)
        # Illumination first: the second faces of these pairs are looked at, others are not.
        pairs = [factor for factor, terms in (
            (factors.ILLUMINATION, schedule.ILLUMINATION_PAIRS),
            (factors.EXPRESSION, schedule.EXPRESSION_PAIRS)) if names & set(terms)]
        batch = draw.z.shape[0]
        rows, z = self._with_pairs(draw, pairs)
        coefficients = self.inputs.coefficients(z)
        w = generator.mapping(self.inputs.join(coefficients, self.inputs.split_noise(z)[1]))
        images = generator.synthesis(
            generator.broadcast(w), [_take(values, rows) for values in draw.noise],
            resolution, fade)
        terms = {schedule.ADVERSARIAL: adversarial.generator_term(
            discriminator(images[:batch], fade=fade))}
        if names - {schedule.ADVERSARIAL}:
            render = FaceRenderer(self._model, resolution, resolution)
            faces = _Faces(images, render(coefficients), coefficients, None)
            if names & set(schedule.IMITATIVE + schedule.ILLUMINATION_PAIRS):
                faces = faces._replace(seen=self._look(
                    images[:batch + self.pairs * (factors.ILLUMINATION in pairs)]))
            terms.update(self._imitative(names, faces.rows(range(batch))))
            for index, factor in enumerate(pairs):
                second = range(batch + index * self.pairs, batch + (index + 1) * self.pairs)
                first = [rows[row] for row in second]
                compare = {factors.EXPRESSION: self._expression_terms,
                           factors.ILLUMINATION: self._illumination_terms}[factor]
                found = compare(render, faces.rows(first), faces.rows(second))
                terms.update({f'contrastive/{name}': value for name, value in found.items()})
        return {name: value for name, value in terms.items() if name in names}, w[:batch]

    def _with_pairs(self, draw, pairs):
        """The faces, and behind them the second faces of pairs.

        Returns:
          rows: [N] list, the face whose noise each has: itself, or the first of its pair.
          z: [N, latents].
        """
        batch = draw.z.shape[0]
        rows, z = list(range(batch)), [draw.z]
        for factor in pairs:
            first = [(len(rows) + index) % batch for index in range(self.pairs)]
            z.append(self.inputs.replace(_take(draw.z, first), _take(draw.other, first),
                                         [factor]))
            rows += first
        return rows, tf.concat(z, axis=0)

    def _shown(self, images):
        """What perception gets to see of images."""
        return contrastive.blur(images, self._blur) if self._blur else images

    def _look(self, images):
        """`Observation` of what all terms need, in one go; hair is for pairs alone."""
        images = self._shown(images)
        face = self.perception.reconstruction(images)
        return Observation(self.perception.recognition(images), face.coefficients,
                           face.landmarks, None)

    def _imitative(self, names, faces):
        """Eq. 2-5 and the supplement's pixel term."""
        terms = {}
        if schedule.PIXEL in names:
            terms[schedule.PIXEL] = imitative.pixel_term(faces.images, faces.rendered)
        if names & set(schedule.IMITATIVE):
            found = imitative.imitative_terms(
                faces.seen, self.perception.recognition(self._shown(faces.rendered.image)),
                faces.rendered, faces.coefficients, faces.images, self._model.layout,
                self.perception.similarity)
            terms.update({f'imitative/{name}': value for name, value in found.items()})
        return terms

    @staticmethod
    def _expression_terms(render, first, second):
        """Eq. 6."""
        flow = surface_flow(render, first.rendered.vertices, second.rendered.vertices)
        return contrastive.expression_terms(first.images, second.images, flow,
                                            first.rendered.mask, second.rendered.mask)

    def _illumination_terms(self, render, first, second):
        """Eq. 7 and 8."""
        hair = self.perception.parsing(self._shown(
            tf.concat([first.images, second.images], axis=0))).hair
        return contrastive.illumination_terms(
            first.seen._replace(hair=hair[:self.pairs]),
            second.seen._replace(hair=hair[self.pairs:]), render.width,
            self.perception.similarity)


class _Faces(NamedTuple):
    """Generated images, `RenderedFace` and coefficients; `Observation` of the first, or None."""

    images: tf.Tensor
    rendered: RenderedFace
    coefficients: tf.Tensor
    seen: Observation

    def rows(self, which):
        """These faces alone; `seen` is None unless it has all of them."""
        which = list(which)
        seen = self.seen
        if seen is not None:
            known = max(which) < seen.identity.shape[0]
            seen = Observation(*(None if values is None else _take(values, which)
                                 for values in seen)) if known else None
        return _Faces(_take(self.images, which),
                      RenderedFace(*(_take(values, which) for values in self.rendered)),
                      _take(self.coefficients, which), seen)


def _take(values, rows):
    """Rows of a tensor; an int32 list would lie in the memory of the host on a GPU."""
    return tf.gather(values, tf.constant(list(rows), tf.int64))


def discriminator_terms(discriminator, reals, fakes, fade, r1):
    """The discriminator's terms.

    Args:
      discriminator: of `networks.build`.
      reals, fakes: [B, R, R, 3] in [-1, 1].
      fade: of progressive growing.
      r1: whether the gradient penalty is one of them.

    Returns:
      {'real', 'fake' and perhaps 'r1': [] mean over the batch}.
    """
    fake_logits = discriminator(fakes, fade=fade)
    if not r1:
        return adversarial.discriminator_terms(discriminator(reals, fade=fade), fake_logits)
    penalty, real_logits = adversarial.r1_penalty(
        lambda images: discriminator(images, fade=fade), reals)
    return {**adversarial.discriminator_terms(real_logits, fake_logits), 'r1': penalty}
