"""Aligned faces -> records: reconstruction in batches, and the second alignment."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.data import alignment
from tfdisco.data.photographs import files, step
from tfdisco.data.records import face_record
from tfdisco.face3d import framing
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.shapes import check_positive, check_shape

SUPERSAMPLING = 2  # of the face mask's edges
# Between the eyes of an average face, as a share of the picture's width.
EYE_DISTANCE = (framing.STANDARD_POINTS[1][0] - framing.STANDARD_POINTS[0][0]) / framing.IMAGE_SIZE


class Found(NamedTuple):
    """One aligned face on its way.

    photo: the `photo_files.Photograph`.
    identity: number of the person.
    face: the `photo_step.AlignedFace`.
    """

    photo: files.Photograph
    identity: int
    face: step.AlignedFace


class FaceFinisher:
    """Estimates coefficients of aligned faces, aligns them again, and makes records.

    Attributes:
      settings: `photo_step.PictureSettings`.
      batch: faces reconstructed at once.
      refinements: how often the translation found is removed.
      max_misfit: of the reconstruction, see `misfit`.
    """

    def __init__(self, model, settings, reconstruct, batch, refinements, max_misfit):
        """See the class, and `photographs.prepare` for `reconstruct`."""
        check_positive('batch', batch)
        self.settings, self.batch, self.refinements = settings, int(batch), refinements
        self.max_misfit = max_misfit
        self._layout, self._reconstruct = model.layout, reconstruct
        edge = SUPERSAMPLING * settings.size
        self._render = FaceRenderer(model, edge, edge, 'face')

    def finish(self, found, rows, workers):
        """Yields a `FaceRecord` of each face that the reconstruction finds.

        Args:
          found: yields (photograph, identity, `AlignedFace`).
          rows: {file name: `photo_report.Row`}; told what is written and what is not.
          workers: `workers.Workers`, which cut faces out again.
        """
        waiting = []
        for entry in found:
            waiting.append(Found(*entry))
            if len(waiting) == self.batch:
                yield from self._batch(waiting, rows, workers)
                waiting = []
        if waiting:
            yield from self._batch(waiting, rows, workers)

    def reconstruct(self, faces):
        """Coefficients [B, K], translation [B, 3] and landmarks [B, 68, 2] of uint8 pictures.

        Raises:
          ValueError: if the network returns other shapes, or NaN.
        """
        batch = np.stack(faces).astype(np.float32) / 127.5 - 1.0
        answer = self._reconstruct(batch)
        result = []
        for name, shape in (('coefficients', [self._layout.size]), ('translation', [3]),
                            ('landmarks', [68, 2])):
            value = np.asarray(getattr(answer, name), np.float32)
            check_shape(f'reconstruct: {name}', value, [len(batch), *shape])
            if not np.isfinite(value).all():
                raise ValueError(f'reconstruct: {name}: expected finite numbers, got NaN or '
                                 'infinity; train the reconstruction network again')
            result.append(value)
        return result

    def masks(self, coefficients, translation):
        """uint8 [B, size, size]: the share of each pixel that the model's face region covers.

        What lies before the face, as hair and glasses do, is not known of a photograph.
        """
        raster = self._render.rasterize(self._render.vertices(coefficients, translation))
        shares = images.box_downsample(self._render.mask(raster).numpy(), SUPERSAMPLING)
        return np.rint(255.0 * shares[..., 0]).astype(np.uint8)

    def _batch(self, found, rows, workers):
        for _ in range(self.refinements):
            if found:
                _, translations, _ = self.reconstruct([entry.face.image for entry in found])
                found = self._again(found, translations, rows, workers)
        if not found:
            return
        estimates = self.reconstruct([entry.face.image for entry in found])
        masks = self.masks(tf.constant(estimates[0]), tf.constant(estimates[1]))
        for entry, coefficients, translation, landmarks, mask in zip(found, *estimates, masks):
            face, row = entry.face, rows[entry.photo.name]
            apart = misfit(landmarks, face)
            if apart > self.max_misfit:
                row.because(f'misfit: reconstruction {apart:.2f} eye distances from the points, '
                            f'expected at most {self.max_misfit:g}')
                continue
            row.wrote(face.border, apart)
            yield face_record.FaceRecord(
                image=face.image, coefficients=coefficients, landmarks=landmarks, face_mask=mask,
                hair_mask=None, identity=entry.identity, translation=translation,
                name=entry.photo.name, transform=face.transform.astype(np.float32),
                border=face.border)

    def _again(self, found, translations, rows, workers):
        """The faces cut out once more, without their translation."""
        kept, tasks = [], []
        for entry, translation in zip(found, translations):
            try:
                transform = alignment.refined(entry.face.transform, translation,
                                              self.settings.size)
            except ValueError as error:
                rows[entry.photo.name].because(str(error))
                continue
            kept.append(entry)
            tasks.append((entry.photo, transform, entry.face.points, self.settings))
        result = []
        for entry, cut in zip(kept, workers.in_order(step.align_file_again, tasks)):
            rows[entry.photo.name].because(cut.note)
            result.extend(entry._replace(face=face) for face in cut.faces)
        return result


def misfit(landmarks, face):
    """Mean distance of reconstructed from given or detected points, in average eye distances.

    Args:
      landmarks: [68, 2] pixels of the aligned picture.
      face: the `photo_step.AlignedFace`.
    """
    apart = framing.five_points(landmarks) - alignment.apply(face.transform, face.points)
    size = face.image.shape[0]
    return float(np.linalg.norm(apart, axis=-1).mean() / (EYE_DISTANCE * size))
