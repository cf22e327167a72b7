"""The five points of the faces of a photograph: given in files, or detected by mtcnn."""

import functools
import os
import pathlib

import numpy as np
from PIL import Image

from tfdisco import files
from tfdisco.data.photographs import points_file

DETECTOR = 'mtcnn 1.0.0'
# mtcnn wants some pixels, and takes long for many; faces below 20 pixels of the reduced
# picture are not found.
SMALLEST, LARGEST = 24, 1280


class GivenPoints:
    """Points in files, for photographs by name.

    Example:
      points = GivenPoints('detections')('people/ann.jpg')  # of detections/people/ann.txt
    """

    def __init__(self, path):
        """Takes a folder or an .npz.

        Args:
          path: a folder with NAME.txt or NAME.json for each photograph NAME.jpg (or of
            another kind), see `points_file`; or an .npz with `filename` [N] and
            `points5` [N, 5, 2], in which a file name may come several times. Pixels (x, y)
            of the photograph as a viewer shows it, in the order of `alignment.POINTS`.

        Raises:
          FileNotFoundError: if there is no such file or folder.
          ValueError: if it is neither, or not such an .npz.
        """
        self._folder, self._table = None, {}
        if os.path.isdir(path):
            self._folder = pathlib.Path(path)
            return
        arrays = files.read_npz(
            path, 'point', advice='pass a folder of NAME.txt, or an .npz with filename [N] and '
            'points5 [N, 5, 2]', arrays={
                'filename': files.Array(files.TEXT, ['N']),
                'points5': files.Array(files.NUMBERS, ['N', 5, 2], np.float64)})
        for name, five in zip(arrays['filename'], arrays['points5']):
            self._table.setdefault(str(name), []).append(five)

    def __call__(self, name):
        """The points [F, 5, 2] float64 of the faces of photograph `name`, or None if none.

        Raises:
          ValueError: if its file is not as `points_file` has them.
        """
        if self._folder is None:
            faces = self._table.get(name)
            return None if faces is None else np.array(faces, np.float64)
        path = points_file.find(self._folder, name)
        return None if path is None else points_file.read(path)


def detect(image, min_confidence):
    """Detects faces with the package mtcnn, on the CPU.

    Args:
      image: uint8 [H, W, 3].
      min_confidence: of a face, from 0 to 1.

    Returns:
      [F, 5, 2] float64 pixels in the order of `alignment.POINTS`.

    Raises:
      ImportError: if mtcnn is not installed; says how to install it.
    """
    detector = _detector()
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        return np.zeros((0, 5, 2))
    scale = max(height, width) / LARGEST
    if scale > 1.0:
        size = max(SMALLEST, round(width / scale)), max(SMALLEST, round(height / scale))
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    # Rows of batch index, box, confidence, five x, five y; 'json' would cut the fractions off.
    rows = np.reshape(detector.detect_faces(image, output_type='numpy', box_format='xyxy'),
                      [-1, 16])
    rows = rows[rows[:, 5] >= min_confidence]
    points = np.stack([rows[:, 6:11], rows[:, 11:16]], axis=-1).astype(np.float64)
    return points * [width / image.shape[1], height / image.shape[0]]


def require_detector():
    """Raises ImportError with what to do unless mtcnn can be imported."""
    _mtcnn()


@functools.lru_cache(maxsize=1)
def _detector():
    """One a process: loading takes seconds."""
    return _mtcnn().MTCNN()


def _mtcnn():
    try:
        import mtcnn
        import mtcnn.stages  # noqa: F401  absent from releases with another interface
    except ImportError as error:
        raise ImportError(f'detecting faces needs {DETECTOR}, which cannot be imported '
                          f"({error}); pip install 'tfdisco[photos]' (Python 3.10 or newer), or "
                          'give the points with --landmarks') from error
    return mtcnn
