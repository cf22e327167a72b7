"""What generator and discriminator are trained for in one step: named, unweighted terms."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.flow import surface_flow
from tfdisco.face3d.renderer import FaceRenderer, RenderedFace
from tfdisco.losses import adversarial, contrastive, imitative, schedule


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

    def __init__(self, model, inputs, perception, pairs):
        """See the class; `model` is the `MorphableModel`."""
        self.inputs, self.perception, self.pairs = inputs, perception, pairs
        self._model = model

    def terms(self, generator, discriminator, draw, names, resolution, fade):
        """Generates faces and judges them.

        Args:
          generator, discriminator: networks of `networks.build`.
          draw: `Draw`.
          names: of the terms wanted, see `losses.schedule`.
          resolution: pixels of the faces.
          fade: of progressive growing, see the networks.

        Returns:
          {name: [] mean over the batch}, and w [B, w_size] of the faces.
        """
        names = set(names)
        pairs = [factor for factor, terms in (
            (factors.EXPRESSION, schedule.EXPRESSION_PAIRS),
            (factors.ILLUMINATION, schedule.ILLUMINATION_PAIRS)) if names & set(terms)]
        batch = draw.z.shape[0]
        rows, z = self._with_pairs(draw, pairs)
        coefficients = self.inputs.coefficients(z)
        w = generator.mapping(self.inputs.join(coefficients, self.inputs.split_noise(z)[1]))
        images = generator.synthesis(
            generator.broadcast(w), [tf.gather(values, rows) for values in draw.noise],
            resolution, fade)
        faces = images[:batch]
        terms = {schedule.ADVERSARIAL: adversarial.generator_term(
            discriminator(faces, fade=fade))}
        if names - {schedule.ADVERSARIAL}:
            render = FaceRenderer(self._model, resolution, resolution)
            rendered = render(coefficients)
            terms.update(self._imitative(names, faces, coefficients[:batch],
                                         _rows(rendered, list(range(batch)))))
            terms.update(self._contrastive(render, pairs, rows[batch:], images, rendered))
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
            z.append(self.inputs.replace(tf.gather(draw.z, first), tf.gather(draw.other, first),
                                         [factor]))
            rows += first
        return rows, tf.concat(z, axis=0)

    def _imitative(self, names, faces, coefficients, rendered):
        """Eq. 2-5 and the supplement's pixel term."""
        terms = {}
        if schedule.PIXEL in names:
            terms[schedule.PIXEL] = imitative.pixel_term(faces, rendered)
        if names & set(schedule.IMITATIVE):
            found = imitative.imitative_terms(
                self.perception(faces), self.perception.recognition(rendered.image), rendered,
                coefficients, faces, self._model.layout, self.perception.similarity)
            terms.update({f'imitative/{name}': value for name, value in found.items()})
        return terms

    def _contrastive(self, render, pairs, rows, images, rendered):
        """Eq. 6-8; the second faces of pairs stand behind all others, `rows` are the first."""
        terms, start = {}, images.shape[0] - len(rows)
        for index, factor in enumerate(pairs):
            first = rows[index * self.pairs:(index + 1) * self.pairs]
            second = list(range(start + index * self.pairs, start + (index + 1) * self.pairs))
            before, after = tf.gather(images, first), tf.gather(images, second)
            if factor == factors.EXPRESSION:
                shown, changed = _rows(rendered, first), _rows(rendered, second)
                flow = surface_flow(render, shown.vertices, changed.vertices)
                terms.update(contrastive.expression_terms(before, after, flow, shown.mask,
                                                          changed.mask))
            else:
                terms.update(contrastive.illumination_terms(
                    self.perception(before), self.perception(after), render.width,
                    self.perception.similarity))
        return {f'contrastive/{name}': value for name, value in terms.items()}


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


def _rows(rendered, which):
    return RenderedFace(*(tf.gather(values, which) for values in rendered))
