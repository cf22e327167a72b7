"""mediapipe's face mesh as a judge of pose and expression: no loss has ever seen it.

Its 468 points are none of our landmarks and know no coefficients. What they say of these is
found by a fit on rendered faces, whose error on other rendered faces is part of every result.
"""

import numpy as np
from PIL import Image

from tfdisco import factors, images
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.metrics import face_errors
from tfdisco.metrics.mesh_fit import MeshFit

SIDE = 256  # pixels of the pictures that the mesh is looked for in
FITTED, TESTED = 600, 200  # rendered faces
BATCH = 20
CONFIDENCE = 0.1  # below mediapipe's 0.5: pictures are known to show a face
FEWEST = 0.9  # of rendered faces that must be found


class MediapipePoints:
    """uint8 pictures [H, W, 3] to [468, 3], or None if no face is found.

    In shares of the picture's width: x to the right, y up, z towards the camera.
    """

    def __init__(self):
        """Raises ValueError if mediapipe is not installed."""
        try:
            import mediapipe
            make = mediapipe.solutions.face_mesh.FaceMesh
        except (ImportError, AttributeError) as error:
            raise ValueError('judge: expected mediapipe 0.10.14, got none that can be used '
                             f'({error}); install tfdisco[judge], for Python up to 3.11') from error
        self._mesh = make(static_image_mode=True, max_num_faces=1,
                          min_detection_confidence=CONFIDENCE)

    def __call__(self, picture):
        """See the class."""
        height, width = picture.shape[:2]
        large = Image.fromarray(picture).resize((SIDE, round(SIDE * height / width)),
                                                Image.Resampling.BICUBIC)
        found = self._mesh.process(np.array(large)).multi_face_landmarks
        if not found:
            return None
        points = np.array([[point.x, point.y, point.z] for point in found[0].landmark])
        return points * [1, -height / width, -1]


class FaceMesh:
    """Pictures to pose, expression and landmarks, by way of a mesh.

    Attributes:
      error: {'pose_degrees', 'expression_mm', 'landmark_percent': means on rendered faces that
        were not fitted, see `face_errors`; 'expression_mm_of_mean': of who always says the
        mean expression; 'found': share of rendered faces, 'faces': their number}.
    """

    def __init__(self, model, side, seed=0, points=None):
        """Fits.

        Args:
          model: the `MorphableModel` of the coefficients.
          side: pixels of the pictures that will be looked at; it is fitted to such.
          seed: of the rendered faces.
          points: None for `MediapipePoints`, or what is called alike.

        Raises:
          ValueError: if mediapipe is missing, or finds too few rendered faces.
        """
        self._points = MediapipePoints() if points is None else points
        coefficients = sample_coefficients(model, FITTED + TESTED, seed)
        render = FaceRenderer(model, SIDE, SIDE, 'head')
        shrink = max(1, SIDE // side)
        meshes, landmarks = [], []
        for start in range(0, len(coefficients), BATCH):
            face = render(coefficients[start:start + BATCH])
            meshes += self._find(images.box_downsample(face.image.numpy(), shrink))
            landmarks.append(face.landmarks.numpy() / SIDE)
        landmarks = np.concatenate(landmarks)
        known = np.array([mesh is not None for mesh in meshes])
        if known.mean() < FEWEST:
            raise ValueError(f'judge: expected faces in {FEWEST:.0%} of rendered pictures of '
                             f'{side} pixels, got {known.mean():.0%}')
        parts = model.layout.split(coefficients.astype(np.float64))
        targets = {factors.POSE: parts.pose, factors.EXPRESSION: parts.expression,
                   'landmarks': landmarks.reshape(len(landmarks), -1)}
        fitted, tested = (np.flatnonzero(known[part]) + part.start
                          for part in (slice(0, FITTED), slice(FITTED, FITTED + TESTED)))
        mesh = {index: meshes[index] for index in (*fitted, *tested)}
        self._fit = MeshFit(np.stack([mesh[index] for index in fitted]),
                            {name: values[fitted] for name, values in targets.items()})
        seen = self._fit(np.stack([mesh[index] for index in tested]))
        true = {name: values[tested] for name, values in targets.items()}
        mean = np.broadcast_to(targets[factors.EXPRESSION][fitted].mean(axis=0),
                               true[factors.EXPRESSION].shape)
        points = [values['landmarks'].reshape(len(tested), -1, 2) for values in (seen, true)]
        self.error = {name: float(np.mean(values)) for name, values in {
            'pose_degrees': face_errors.pose_degrees(seen[factors.POSE], true[factors.POSE]),
            'expression_mm': face_errors.expression_mm(
                model, seen[factors.EXPRESSION], true[factors.EXPRESSION]),
            'expression_mm_of_mean': face_errors.expression_mm(
                model, mean, true[factors.EXPRESSION]),
            'landmark_percent': face_errors.landmark_percent(*points), 'found': known}.items()}
        self.error['faces'] = len(tested)

    def __call__(self, pictures):
        """Looks at pictures [B, H, W, 3] in [-1, 1].

        Returns:
          {'pose': [B, 3] radians, 'expression': [B, Ke], 'landmarks': [B, 68, 2] pixels}, NaN
          where no face is found.
        """
        meshes = self._find(pictures)
        known = [index for index, mesh in enumerate(meshes) if mesh is not None]
        sizes = {name: values.shape[-1] for name, values in self._fit.means.items()}
        found = {name: np.full([len(meshes), size], np.nan) for name, size in sizes.items()}
        if known:
            for name, values in self._fit(np.stack([meshes[index] for index in known])).items():
                found[name][known] = values
        found['landmarks'] = found['landmarks'].reshape(len(meshes), -1, 2) * pictures.shape[2]
        return found

    def _find(self, pictures):
        return [self._points(picture) for picture in images.to_uint8(np.asarray(pictures))]
