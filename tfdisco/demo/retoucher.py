"""Photographs on the page: opened, their faces found, edited as scripts/edit.py does."""

import itertools
import threading
import time
from typing import NamedTuple

import numpy as np

from tfdisco.demo import figures
from tfdisco.demo.settings import Expressions
from tfdisco.editing import edit_run, photo, receipt, video
from tfdisco.editing.found_faces import ALL
from tfdisco.editing.photo_editor import AT_ONCE

MEGAPIXELS = 16.0  # of the largest photograph


class Opened(NamedTuple):
    """A photograph that a visitor has brought.

    name: of its file.
    data: the file's bytes.
    points: [F, 5, 2] of its faces, from left to right.
    known: {(face, tune): list of `KnownFace`}, what was searched for last.
    """

    name: str
    data: bytes
    points: np.ndarray
    known: dict

    @property
    def choices(self):
        """What there is to choose among its faces, the largest first chosen."""
        count = len(self.points)
        return [*map(str, range(1, count + 1)), *([ALL] if 1 < count <= AT_ONCE else [])]

    @property
    def largest(self):
        """The number of its largest face."""
        return str(int(np.argmax(np.ptp(self.points, axis=1).sum(axis=1))) + 1)


class Done(NamedTuple):
    """An edit.

    before, after, faces: uint8 pictures: the photograph before and after, no larger than
      `video.LONGEST`, and a row a face: photograph, reconstruction, edited, put back.
    files: {name: bytes}, see `edit_run.run`.
    receipt: see there.
    """

    before: np.ndarray
    after: np.ndarray
    faces: np.ndarray
    files: dict
    receipt: dict


class Retoucher:
    """Edits photographs; networks are loaded when the first one comes.

    Attributes:
      expressions: `settings.Expressions` of the face model.
    """

    def __init__(self, model, load, megapixels=MEGAPIXELS):
        """See the class.

        Args:
          model: the generator's `MorphableModel`.
          load: a function of no arguments, makes a `PhotoEditor`.
          megapixels: of the largest photograph.
        """
        self.expressions = Expressions.of(model.expression_names)
        self._load, self._megapixels = load, megapixels
        self._editor, self._judges, self._loading = None, None, threading.Lock()

    def open(self, name, data):
        """Finds the faces of a file's bytes.

        Returns:
          `Opened`, and the photograph as `Done.before` has it, with numbers where several
          faces are.

        Raises:
          ValueError: if it is no photograph, too large, or shows no face.
          ImportError: if mtcnn is missing.
        """
        found = self._decoded(name, data)
        opened = Opened(name, data, self._ready().locate(found), {})
        return opened, figures.numbered(found.image, opened.points, video.LONGEST)

    def __call__(self, opened, edits, progress=None):
        """Edits an `Opened` photograph.

        Args:
          opened: `Opened`.
          edits: `edits.Edits`.
          progress: None, or called with (steps made, of how many) of the search.

        Returns:
          `Done`, and the photograph as it is to be handed in next time: a face that is known
          is not searched for again.

        Raises:
          ValueError: if a face cannot be edited, and why.
        """
        editor, key, started = self._ready(), (edits.face, edits.tune), time.monotonic()
        wanted = edit_run.EditRun(opened.name, edits.set, edits.frontal, face=edits.face,
                                  tune=edits.tune)
        changed = edit_run.changes(wanted, editor)
        found = self._decoded(opened.name, opened.data)
        if key not in opened.known:
            faces, reasons = editor.find(found, edits.face, opened.points)
            made, steps = itertools.count(1), editor.steps(len(faces), edits.tune)
            known = editor.search(faces, edits.tune, progress=progress and (
                lambda: progress(next(made), steps)))
            opened = opened._replace(known={key: (known, reasons)})
        known, reasons = opened.known[key]
        files, summary = edit_run.edited(wanted, editor, found, known, changed, self._judges,
                                         reasons, started)
        after, faces = (photo.decode(files[name], name).image
                        for name in (edit_run.EDITED, edit_run.SHEET))
        return Done(video.shrunk(found.image), video.shrunk(after), faces, files, summary), opened

    def _decoded(self, name, data):
        return photo.decode(data, name, self._megapixels)

    def _ready(self):
        with self._loading:
            if self._editor is None:
                self._judges = receipt.load_judges()
                self._editor = self._load()
        return self._editor
