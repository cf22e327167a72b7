"""Pairs of faces that differ in one factor: which there are, and their terms (Eq. 6-8)."""

from typing import NamedTuple

import tensorflow as tf

from tfdisco import factors
from tfdisco.face3d.flow import surface_flow
from tfdisco.losses import contrastive
from tfdisco.training.gan import schedule

# Pixels around heads and hair that are no background, as a share of the picture's width:
# generated heads are not exactly where rendered ones are.
MARGIN = 1 / 16
# What another noise alone has to change, at least: colours (a difference in [-1, 1]) outside
# the face, and the hair map. Two random faces of the generator that ships differ by 0.51 and
# 0.18 (docs/evaluation.md).
NOISE_BACKGROUND, NOISE_HAIR = 0.45, 0.1


class Pairs(NamedTuple):
    """The pairs of a step.

    Attributes:
      count: P, how many.
      first: [P] list, the rows of their first faces.
      factors: names of those that differ in some pair, now or in another step.
      differs: [P, len(factors.FACTORS)] float32, 1 for the factor that differs in a pair.
    """

    count: int
    first: list
    factors: tuple
    differs: tf.Tensor

    def mean(self, values, among):
        """The mean of values [P] over pairs that differ in one of the factors `among`: [].

        Divided by as many as there are in the mean over steps, not in this one: so the mean
        over steps, or over replicas, of this is that over their pairs.
        """
        among = [name for name in self.factors if name in among]
        applies = tf.add_n([self.differs[:, factors.FACTORS.index(name)] for name in among])
        return tf.reduce_sum(applies * values) * (len(self.factors) / (self.count * len(among)))


def make(turns, batch, names):
    """The `Pairs` of terms.

    Args:
      turns: [P] int64, the number of each pair in the whole training: factors take turns.
      batch: faces of which every batch / P th is the first of a pair.
      names: of the terms.
    """
    wanted = {factor for name in names for factor in schedule.PAIR_TERMS.get(name, ())}
    among = tuple(name for name in factors.FACTORS if name in wanted)
    count = turns.shape[0]
    table = tf.one_hot([factors.FACTORS.index(name) for name in among], len(factors.FACTORS))
    # A product, since a gather's indices go through the host where they are int32.
    chosen = tf.one_hot(turns % len(among), len(among))
    return Pairs(count, [index * batch // count for index in range(count)], among,
                 tf.matmul(chosen, table))


def terms(pairs, names, first, second, render, similarity):
    """What pairs cost.

    Args:
      pairs: `Pairs`.
      names: of the terms wanted, of `schedule.PAIR_TERMS`.
      first, second: `faces.Faces` [P], the faces of each pair.
      render: the `FaceRenderer` of the face region.
      similarity: `Perception.similarity`.

    Returns:
      {name: []}.
    """
    found = {}
    seen = first.seen, second.seen
    if names & {'contrastive/identity', 'contrastive/kept_identity'}:
        alike = similarity(seen[0].identity, seen[1].identity)
        found['contrastive/identity'] = 1.0 - alike
        found['contrastive/kept_identity'] = contrastive.kept_identity(
            alike, similarity(first.target, second.target))
    if names & {'contrastive/landmarks', 'contrastive/kept_landmarks'}:
        found['contrastive/landmarks'] = found['contrastive/kept_landmarks'] = (
            contrastive.landmarks(seen[0].landmarks, seen[1].landmarks, render.width))
    if names & {'contrastive/warp', 'contrastive/surface'}:
        flow = surface_flow(render, first.rendered.vertices, second.rendered.vertices)
        found['contrastive/warp'] = contrastive.expression_warp(
            first.images, second.images, flow, first.rendered.mask, second.rendered.mask)
        found['contrastive/surface'] = contrastive.surface(
            first.images - first.rendered.image, second.images - second.rendered.image, flow,
            second.rendered.mask)
    if names & set(schedule.PARSED_TERMS):
        hairs = first.parsed.hair, second.parsed.hair
        found['contrastive/hair'] = contrastive.hair(*hairs)
        found['contrastive/hair_color'] = contrastive.hair_color(
            first.images, second.images, *hairs)
        found['contrastive/background'] = contrastive.background(
            first.images, second.images, _outside(first, second))
        found['contrastive/other_background'] = contrastive.shortfall(
            found['contrastive/background'], NOISE_BACKGROUND)
        found['contrastive/other_hair'] = contrastive.shortfall(
            tf.reduce_mean(tf.abs(hairs[0] - hairs[1]), axis=[1, 2, 3]), NOISE_HAIR)
    return {name: pairs.mean(found[name], schedule.PAIR_TERMS[name])
            for name in found if name in names}


def _outside(first, second):
    """[P, H, W, 1]: where neither shows a head, by rendering, nor face or hair, by parsing."""
    head = tf.maximum(first.head_mask, second.head_mask)
    size = 2 * round(head.shape[2] * MARGIN / 2) + 1
    head = tf.nn.max_pool2d(head, size, 1, 'SAME')
    return (1.0 - head) * first.parsed.background * second.parsed.background
