"""Keeps the lips closed and the eyelids on the eyeballs.

Averages and sums of MakeHuman's targets leave the lips about a millimetre open
and let the lids sink into the eyeballs. `LipContact` closes the lips by a
linear condition, which therefore holds for the mean and every mode of shapes
that fulfil it. `LidContact` pushes the lids out to the eyeball shape by shape.
"""

import numpy as np

from open_head import loops, source

# The upper lip dips this far (decimetres) below the lower one, so that the seam
# shows no slit even where it is drawn between vertices. None at the corners.
LIP_OVERLAP = 0.006
LIP_OVERLAP_FROM_CORNER = 4  # columns until the full overlap

# How far a ring follows when the contact ring is moved.
LIP_FOLLOW = {-5: 0.05, -4: 0.15, -3: 0.35, -2: 0.6, -1: 0.85, 0: 1, 1: 1, 2: 0.97, 3: 0.88,
              4: 0.75, 5: 0.6, 6: 0.42, 7: 0.26, 8: 0.14, 9: 0.06}

# Least height of the lids' rings above the eyeball, decimetres: the lid's edge
# touches it at ring 1 and is about a millimetre thick.
LID_CLEARANCE = {1: 0.005, 2: 0.009, 3: 0.012, 4: 0.014, 5: 0.015, 6: 0.016, 7: 0.017, 8: 0.018}
# Rings that must stay below the eyeball's surface, so that no gap shows.
LID_DEPTH = {0: 0.005}


class LipContact:
    """Projects shapes and displacements onto closed lips.

    With y the contact ring's vertices, the condition is A y = b: every vertex
    of the upper lip lies on the lower lip's outline, at the same place along it
    and with the same offset as in the base mesh. The lower lip stays free.

    Args:
      head: `topology.Head`.
      control_vertices: [C, 3] of the base mesh.
      scale: decimetres of the shapes per decimetre of base.obj.
    """

    def __init__(self, head, control_vertices, scale=1.0):
        columns, corner = loops.LIP_COLUMNS, loops.LIP_CORNER
        ring = control_vertices[head.lip_loops[loops.LIP_CONTACT_RING]]
        lower = np.arange(-corner, corner + 1)  # from the right corner to the left one
        upper = np.arange(corner + 1, columns - corner)
        condition = np.zeros((len(upper), columns))
        overlap = np.zeros(len(upper))
        for row, column in enumerate(upper):
            place = np.interp(ring[column, 0], ring[lower, 0], lower)
            before = min(int(np.floor(place)), corner - 1)
            condition[row, column] = 1
            condition[row, before] -= 1 - (place - before)  # negative columns count from the end
            condition[row, before + 1] -= place - before
            from_corner = min(column - corner, columns - corner - column)
            overlap[row] = LIP_OVERLAP * min(1, from_corner / LIP_OVERLAP_FROM_CORNER)
        self._condition = condition
        self._offset = scale * (condition @ ring)
        self._offset[:, 1] = -scale * overlap
        self._correction = np.linalg.pinv(condition)  # the smallest movement that restores it
        self._loops = head.lip_loops

    def gap(self, shapes):
        """[..., C, 3] shapes -> [..., 23, 3] how far the upper lip is off the lower one."""
        return self._condition @ self._ring(shapes) - self._offset

    def slit(self, ring):
        """[..., 38, 3] contact ring -> [..., 23] height of the opening, negative where closed."""
        return (self._condition @ ring)[..., 1]

    def close(self, shapes):
        """Closes the lips of [..., C, 3] shapes; returns new ones."""
        return self._moved(shapes, self.gap(shapes))

    def keep_closed(self, displacements):
        """Makes [..., C, 3] displacements open the lips nowhere; returns new ones."""
        return self._moved(displacements, self._condition @ self._ring(displacements))

    def _ring(self, shapes):
        return shapes[..., self._loops[loops.LIP_CONTACT_RING], :]

    def _moved(self, shapes, gap):
        move = self._correction @ gap  # [..., 38, 3]
        shapes = shapes.copy()
        for ring, share in LIP_FOLLOW.items():
            shapes[..., self._loops[ring], :] -= share * move
        return shapes


class LidContact:
    """Keeps lids outside the eyeballs, and their inner rim inside.

    Args:
      head: `topology.Head`.
      scale: decimetres of the shapes per decimetre of base.obj.
    """

    def __init__(self, head, scale=1.0):
        self._eyes = []
        for mirrored, ball in ((False, source.LEFT_EYE), (True, source.RIGHT_EYE)):
            rings = head.left_eye_loops
            if mirrored:
                rings = {ring: head.control_mirror[loop] for ring, loop in rings.items()}
            self._eyes.append((rings, head.control_of(np.arange(ball.start, ball.stop))))
        self._scale = scale

    def seat(self, shapes):
        """Corrects the lids of [..., C, 3] shapes; returns new ones."""
        shapes = shapes.copy()
        for rings, ball in self._eyes:
            centre, radius = _sphere(shapes[..., ball, :])
            for ring, clearance in LID_CLEARANCE.items():
                arm, length = _arm(shapes[..., rings[ring], :], centre)
                least = radius + self._scale * clearance
                shapes[..., rings[ring], :] = centre + arm * np.maximum(1, least / length)
            for ring, depth in LID_DEPTH.items():
                arm, length = _arm(shapes[..., rings[ring], :], centre)
                most = radius - self._scale * depth
                shapes[..., rings[ring], :] = centre + arm * np.minimum(1, most / length)
        return shapes

    def clear_path(self, shape, displacement):
        """Bends a unit's displacement so that the lids slide over the eyeball.

        A lid that closes along a straight line cuts through the ball half way.
        The end of the path is pushed out until neither its middle nor its end
        is below the clearance.

        Args:
          shape: [C, 3] the face that the unit starts from.
          displacement: [C, 3] of the unit at activation 1.

        Returns:
          [C, 3] the displacement.
        """
        displacement = displacement.copy()
        for rings, ball in self._eyes:
            centre, radius = _sphere(shape[ball])
            for ring, clearance in LID_CLEARANCE.items():
                loop = rings[ring]
                if not np.abs(displacement[loop]).max() > 0:
                    continue
                for share in (0.35, 0.65, 1.0):
                    arm, length = _arm(shape[loop] + share * displacement[loop], centre)
                    rest = _arm(shape[loop], centre)[1]
                    least = np.minimum(rest, radius + self._scale * clearance)
                    push = np.maximum(least / length - 1, 0) * arm
                    displacement[loop] += push / share
        return displacement


def _sphere(ball):
    """Centre [..., 1, 3] and radius [..., 1, 1] of the helper eye [..., 72, 3]."""
    centre = ball.mean(axis=-2, keepdims=True)
    radius = np.linalg.norm(ball - centre, axis=-1).mean(axis=-1)[..., None, None]
    return centre, radius


def _arm(points, centre):
    """[..., n, 3] from the centre, and its length [..., n, 1]."""
    arm = points - centre
    return arm, np.linalg.norm(arm, axis=-1, keepdims=True)
