"""What a face shows, column by column, and how far apart two faces are in each."""

import numpy as np

from tfdisco import factors
from tfdisco.metrics import face_errors

HAIR, BACKGROUND = 'hair', 'background'
IDENTITY_COEFFICIENTS = 'identity_coefficients'
BY_JUDGE = '_judge'  # behind the name of a column that an independent judge has seen
GREY = 127.5  # grey levels of one in [-1, 1]
UNITS = {factors.IDENTITY: '1 - similarity', factors.EXPRESSION: 'mm',
         factors.ILLUMINATION: 'relative', factors.POSE: 'degrees', HAIR: 'share of hair',
         BACKGROUND: 'grey levels'}


class View:
    """The networks that look at faces, and perhaps a judge, in one dictionary.

    Columns: 'identity' [B, D], 'identity_coefficients', 'expression', 'illumination' and
    'pose' [B, its size]; of the judge those that it sees, with '_judge' behind their names.

    Attributes:
      faces: `generated.GeneratedFaces`.
      judge: None or a `judge.Judge`.
    """

    def __init__(self, faces, judge=None):
        """See the class."""
        self.faces, self.judge = faces, judge

    def numbers(self, images):
        """{column: [B, K]} of pictures [B, H, W, 3] in [-1, 1]."""
        return self._numbers(images, self.faces.look(images, ('identity', 'coefficients')))

    def all(self, images):
        """`numbers` and what has a place in the picture.

        'hair' [B, H, W, 1] in [0, 1], 'background' [B, H, W, 4]: colours in grey levels, and
        whether it is background.
        """
        seen = self.faces.look(images, ('identity', 'coefficients', 'hair', 'background'))
        background = np.concatenate([(images + 1.0) * GREY, seen.background > 0.5], axis=-1)
        return {**self._numbers(images, seen), HAIR: seen.hair, BACKGROUND: background}

    def _numbers(self, images, seen):
        layout = self.faces.model.layout
        found = {factors.IDENTITY: seen.identity,
                 IDENTITY_COEFFICIENTS: seen.coefficients[:, layout.factor_slice(factors.IDENTITY)]}
        for factor in (factors.EXPRESSION, factors.ILLUMINATION, factors.POSE):
            found[factor] = seen.coefficients[:, layout.factor_slice(factor)]
        if self.judge:
            found.update({column + BY_JUDGE: values
                          for column, values in self.judge(images).items()})
        return found

    def change(self, column, before, after):
        """How far apart two batches of faces are in a column of `all`: [B] in `UNITS`.

        NaN where there is nothing to compare: no background in both pictures, or a face
        that the judge has not found.
        """
        base = column[:-len(BY_JUDGE)] if column.endswith(BY_JUDGE) else column
        if base == factors.IDENTITY:
            judged = column != base
            alike = (self.judge if judged else self.faces.perception).similarity(before, after)
            return 1.0 - np.asarray(alike, np.float64)
        if base == factors.EXPRESSION:
            return face_errors.expression_mm(self.faces.model, after, before)
        if base == HAIR:
            return np.abs(after - before).mean(axis=(1, 2, 3), dtype=np.float64)
        return {factors.ILLUMINATION: face_errors.illumination_l1,
                factors.POSE: face_errors.pose_degrees, BACKGROUND: _apart}[base](after, before)


def _apart(after, before):
    """Mean absolute difference of colours where both [B, H, W, 4] are background: [B]."""
    both = (before[..., 3:] * after[..., 3:]).astype(np.float64)
    total = (np.abs(after[..., :3] - before[..., :3]) * both).mean(axis=-1).sum(axis=(1, 2))
    area = both.sum(axis=(1, 2, 3))
    return np.where(area > 0, total / np.maximum(area, 1), np.nan)
