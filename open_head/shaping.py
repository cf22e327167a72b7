"""From people to aligned heads with closed lips and seated eyelids."""

import numpy as np

from open_head import alignment, contact, identity, modes, source

REFERENCE_PEOPLE = 300  # whose mean the others are aligned to
BATCH = 100


class Shaper:
    """Makes the control vertices of people, all in one frame.

    Args:
      wheel: an open `source.Wheel`.
      head: `topology.Head`.
      align: [C] weights for the alignment.
      rng: draws the people whose mean is the reference.

    Attributes:
      sliders: the detail sliders, for `identity.sample_people`.
      scale: decimetres of the aligned heads per decimetre of base.obj.
      lips, lids: the contacts at that scale.
    """

    def __init__(self, wheel, head, align, rng):
        base = wheel.base_mesh().vertices
        self._shapes = identity.Shapes(wheel, base, head.control)
        self._align = align
        self.sliders = self._shapes.sliders
        people = identity.sample_people(rng, REFERENCE_PEOPLE, self.sliders)
        reference = alignment.generalized_procrustes(self._shapes(people), align,
                                                     base[head.control])
        left, right = (reference[head.control_of(np.arange(ball.start, ball.stop)), 0].mean()
                       for ball in (source.LEFT_EYE, source.RIGHT_EYE))
        self.scale = alignment.EYE_DISTANCE / (left - right)
        self._reference = modes.symmetrized(reference * self.scale, head.control_mirror, [-1, 1, 1])
        self.lips = contact.LipContact(head, base[head.control], self.scale)
        self.lids = contact.LidContact(head, self.scale)

    def __call__(self, people, progress):
        """Shapes of `identity.People`.

        Args:
          people: N people.
          progress: wraps an iterable, with a `desc`.

        Returns:
          [N, C, 3] float64 control vertices, decimetres.
        """
        shapes = np.empty((len(people.age), *self._reference.shape))
        for start in progress(range(0, len(shapes), BATCH), desc='shapes'):
            part = slice(start, start + BATCH)
            aligned, _ = alignment.procrustes(self._shapes(people.rows(part)), self._reference,
                                              self._align)
            shapes[part] = self.lids.seat(self.lips.close(aligned))
        return shapes
