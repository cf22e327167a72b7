"""What scripts/edit.py does: photographs in, edited ones with receipts out."""

import dataclasses
import os
import time

import numpy as np
from PIL import Image

import tfdisco
from tfdisco import factors, images
from tfdisco.data import warping
from tfdisco.editing import changes as change_kinds
from tfdisco.editing import photo as photos
from tfdisco.editing import receipt, results, video
from tfdisco.editing.attributes import Attributes, frontal
from tfdisco.editing.found_faces import ALL, LARGEST
from tfdisco.editing.inversion import face_file
from tfdisco.editing.inversion.optimise import Inverted

RECEIPT, EDITED, SHEET = 'receipt.json', 'edited.png', 'faces.png'
COLUMNS = 7  # of a sweep's sheet
SHOWN = {'expression_from': factors.EXPRESSION, 'light_from': factors.ILLUMINATION,
         'pose_from': factors.POSE}


@dataclasses.dataclass(frozen=True)
class EditRun:
    """What is wanted; the fields are flags of scripts/edit.py.

    photo: path of the photograph.
    set: see `Attributes`.
    frontal: whether the face shall look at the camera.
    expression_from, light_from, pose_from: paths of photographs to take these from.
    sweep: see `changes.sweep`.
    face: which one, see `FaceFinder`.
    tune: whether the generator's weights adapt to each face.
    points: None, or how a photograph's points are given: its name to [F, 5, 2] or None.
    known: None, or a file of `inversion.face_file` for the one face, in place of the search.
    search: False to leave the optimisation out.
    megapixels: of the largest photograph.
    """

    photo: str
    set: str = ''
    frontal: bool = False
    expression_from: str = None
    light_from: str = None
    pose_from: str = None
    sweep: str = None
    face: str = None
    tune: bool = False
    points: object = None
    known: str = None
    search: bool = True
    megapixels: float = photos.photo_files.MEGAPIXELS

    def __post_init__(self):
        """Raises ValueError if nothing is to be changed, or flags do not fit together."""
        if not (self.set or self.frontal or self.sweep or any(
                getattr(self, name) for name in SHOWN)):
            raise ValueError('expected something to change, got nothing: pass --set, --frontal, '
                             f'--sweep or one of {", ".join("--" + name for name in SHOWN)}')
        if (self.sweep or self.known) and self.face == ALL:
            raise ValueError(f'face: expected one of them for --sweep and --known, got {ALL}')


def run(wanted, editor, out, judges, progress=None):
    """Edits a photograph.

    Leaves in `out`: edited.png (the photograph with its faces put back), faces.png (a row a
    face: photograph, reconstruction, edited, put back), receipt.json and face-NUMBER.npz (see
    `inversion.face_file`); of a sweep sweep.png, sweep.gif and perhaps sweep.mp4 in place of
    edited.png.

    Args:
      wanted: `EditRun`.
      editor: `PhotoEditor`.
      out: a folder; made if need be.
      judges: see `receipt.load_judges`.
      progress: None, or called after each step of search and tuning.

    Returns:
      The receipt, a dict; `lines` are for the screen.

    Raises:
      FileNotFoundError, ValueError: of bad input, in one line; nothing is written then.
      OSError: if nothing can be written.
    """
    started = time.monotonic()
    changed = changes(wanted, editor)
    photo = photos.read(wanted.photo, wanted.megapixels)
    found, reasons = editor.find(photo, wanted.face, _points(wanted, wanted.photo))
    known = _known(wanted, editor, found, progress)
    contents, summary = edited(wanted, editor, photo, known, changed, judges, reasons, started)
    results.write(out, contents, _photos(wanted))
    return summary


def edited(wanted, editor, photo, known, changed, judges, reasons=(), started=None):
    """Edits faces that were searched for; writes nothing.

    Args:
      wanted: `EditRun`.
      editor: `PhotoEditor`.
      photo: `photo.Photo`.
      known: a list of `KnownFace`.
      changed: of `changes`.
      judges: see `receipt.load_judges`.
      reasons: texts about faces that cannot be edited.
      started: `time.monotonic()` of the begin of the search; None for now.

    Returns:
      {name of a file: its bytes}, and the receipt; both as `run` has them.
    """
    searched = time.monotonic()
    started = searched if started is None else started
    changed, labels = changed
    picture, rows, receipts, lines, sweep = photo.image, [], [], [*photo.notes, *reasons], []
    contents = {}
    for face in known:
        drawn, beyond = editor.edit(face, changed)
        if wanted.sweep:
            sweep = [video.shrunk(editor.put_back(photo.image, face, each))
                     for each in drawn.images]
            tiles = list(images.to_uint8(drawn.images))
            contents['sweep.png'] = results.png(images.contact_sheet(
                _enlarged(tiles), COLUMNS, labels), texts={'Comment': results.note()})
        picture = editor.put_back(picture, face, drawn.images[0])
        rows.append((face, drawn.images[0]))
        for index, label in enumerate(labels):
            found_out = receipt.of(editor, face, drawn, index, judges)
            receipts.append({**({'step': label} if wanted.sweep else {}), **found_out,
                             'beyond_range': beyond})
            if not wanted.sweep:
                lines += [receipt.line(found_out), *beyond]
        contents[f'face-{face.face.number}.npz'] = results.npz(face_file.arrays(
            face_file.StoredFace(face.inverted.coefficients[0], face.inverted.ws[0],
                                 face.inverted.strength[0], face.face.transform, face.changes),
            editor.faces.generator))
    if wanted.sweep:
        lines += [*beyond, f'{sum(found_out["reached"] for found_out in receipts)} of '
                  f'{len(receipts)} steps within the tolerance']
        frames = video.to_and_fro(sweep)
        contents['sweep.gif'] = video.gif(frames)
        film = video.mp4(frames)
        if film is None:
            lines.append(video.ADVICE)
        else:
            contents['sweep.mp4'] = film
    else:
        contents[EDITED] = results.png(picture, photo.profile, {'Comment': results.note()})
    contents[SHEET] = results.png(_sheet(rows, picture), texts={'Comment': results.note()})
    summary = {
        'note': results.note(), 'figures': receipt.TALE, 'photo': photo.name,
        'size': list(photo.image.shape[1::-1]), 'remarks': [*photo.notes, *reasons],
        'asked_for': {field.name: getattr(wanted, field.name)
                      for field in dataclasses.fields(wanted) if field.name not in (
                          'photo', 'points') and getattr(wanted, field.name) != field.default},
        'generator': face_file.fingerprint(editor.faces.generator),
        'version': tfdisco.__version__, 'faces': receipts,
        'seconds': {'search': round(searched - started, 2),
                    'all': round(time.monotonic() - started, 2)}}
    contents[RECEIPT] = results.text(summary)
    return contents, {**summary, 'lines': lines}


def changes(wanted, editor):
    """What an `EditRun` asks for: the changes of each picture, and their labels."""
    parts = []
    for name, factor in SHOWN.items():
        path = getattr(wanted, name)
        if path:
            faces, _ = editor.find(photos.read(path, wanted.megapixels), LARGEST,
                                   _points(wanted, path))
            parts.append(change_kinds.Worn(factor, faces[0].coefficients, editor.model.layout))
    if wanted.frontal:
        parts.append(frontal(editor.model))
    if wanted.set:
        parts.append(Attributes(wanted.set, editor.model))
    if not wanted.sweep:
        return [change_kinds.Together(parts)], ['']
    steps = change_kinds.sweep(wanted.sweep, editor.model)
    return ([change_kinds.Together([*parts, attributes]) for _, attributes in steps],
            [label for label, _ in steps])


def _known(wanted, editor, found, progress):
    if not wanted.known:
        return editor.search(found, wanted.tune, wanted.search, progress)
    stored = face_file.read(wanted.known, editor.faces)
    face = found[0]._replace(transform=stored.transform)
    inverted = Inverted(stored.coefficients[np.newaxis], stored.ws[np.newaxis],
                        stored.strength[np.newaxis], np.full([1], np.nan, np.float32))
    return [editor.known(face, inverted, stored.changes)]


def _points(wanted, path):
    if wanted.points is None:
        return None
    points = wanted.points(os.path.basename(path))
    if points is None:
        raise ValueError(f'landmarks: expected points of {os.path.basename(path)}, got none')
    return points


def _photos(wanted):
    return [path for path in (wanted.photo, *(getattr(wanted, name) for name in SHOWN)) if path]


def _sheet(rows, picture):
    """A row a face: photograph, reconstruction, edited, put back."""
    tiles = []
    for known, edited in rows:
        size = known.face.image.shape[0]
        tiles += [known.face.image, *(_resized(images.to_uint8(part), size) for part in (
            known.plain, edited)), warping.warp(picture, known.face.transform, size).image]
    return images.contact_sheet(tiles, 4, ['photograph', 'reconstruction', 'edited', 'put back']
                                * len(rows))


def _enlarged(tiles):
    return [_resized(tile, max(tile.shape[0], 128)) for tile in tiles]


def _resized(picture, size):
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))

