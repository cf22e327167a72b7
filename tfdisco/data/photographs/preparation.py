"""A folder of photographs -> aligned faces with estimated coefficients, as records.

Each photograph is opened, its face found and aligned by five points (`step`, in
several processes); a reconstruction network estimates coefficients and translation
(in batches, here); the face is cut out once more without that translation, and its
coefficients are estimated again.

A translation that is still found in the last picture is small; it is stored as it is, so
that coefficients, translation and landmarks of a record describe one and the same face.
"""

import dataclasses
import os

import numpy as np
import PIL
import tensorflow as tf

import tfdisco
from tfdisco.data import workers
from tfdisco.data.photographs import files
from tfdisco.data.photographs import points as photo_points
from tfdisco.data.photographs import report as photo_report
from tfdisco.data.photographs import run as photo_run
from tfdisco.data.photographs import sheet as photo_sheet
from tfdisco.data.photographs import step as photo_step
from tfdisco.data.photographs.faces import FaceFinisher
from tfdisco.data.records import folder as records

REPORT, SHEET = 'report.csv', 'faces.png'


def prepare(run, model, out, reconstruct, processes=1, batch=16, sheet=24, progress=None):
    """Makes records of photographs, or goes on where that was interrupted.

    Leaves in `out`: shards of records, config.json, report.csv (one line a file), faces.png
    (photographs, aligned and reconstructed faces) and, when all is done, card.json.

    Args:
      run: a `photo_run.PhotoRun`.
      model: the `MorphableModel` of run.model.
      out: a folder; made if need be.
      reconstruct: called with float32 [B, size, size, 3] in [-1, 1]; returns an object with
        coefficients [B, K], translation [B, 3] decimetres and landmarks [B, 68, 2] pixels.
      processes: that open, detect and cut.
      batch: faces reconstructed at once.
      sheet: faces shown in faces.png; 0 for no sheet.
      progress: None, or called with (files done, files) after each file.

    Returns:
      The card, a dict.

    Raises:
      FileNotFoundError: if a source is missing.
      ImportError: if faces are to be detected and mtcnn is not installed.
      ValueError: if a flag or a source is wrong, `out` holds something else, or no photograph
        could be used.
    """
    out = os.fspath(out)
    settings = run.settings(model)
    finisher = FaceFinisher(model, settings, reconstruct, batch, run.refinements, run.max_misfit)
    listed = files.photographs(run.photos)
    identities = run.identities([photo.name for photo in listed])
    points = _points(run)
    photo_run.claim(out, run, listed)
    report = os.path.join(out, REPORT)
    parts = [listed[start:start + run.shard_size]
             for start in range(0, len(listed), run.shard_size)]
    done = 0

    def step(count):
        nonlocal done
        done += count
        if progress:
            progress(done, len(listed))

    with workers.Workers(processes) as pool:
        for index, part in enumerate(parts):
            shard = records.shard_path(out, index, len(parts))
            table = _table(out, index)
            # The table is written after the shard.
            if os.path.exists(shard) and (os.path.exists(table) or os.path.exists(report)):
                step(len(part))
                continue
            rows = {photo.name: photo_report.Row(photo.name) for photo in part}
            found = _found(part, rows, identities, points, settings, pool, step)
            records.write_shard(shard, finisher.finish(found, rows, pool))
            photo_report.write(table, rows.values())
    return _close(out, run, model, listed, len(parts), sheet)


def _found(part, rows, identities, points, settings, pool, step):
    """Yields (photograph, identity, `AlignedFace`); writes the rows' reasons."""
    tasks, kept = [], []
    for photo in part:
        row = rows[photo.name]
        try:
            if identities[photo.name] is None:
                raise ValueError('name: does not match identity_pattern')
            given = points(photo.name) if points else None
            if points and given is None:
                raise ValueError('no points given')
        except ValueError as error:
            row.because(str(error))
            step(1)
            continue
        kept.append(photo)
        tasks.append((photo, given, settings))
    for photo, result in zip(kept, pool.in_order(photo_step.align_file, tasks)):
        rows[photo.name].because(result.note)
        if len(result.faces) > photo_run.FACES_PER_FILE:
            rows[photo.name].because(f'the {photo_run.FACES_PER_FILE} largest of '
                                     f'{len(result.faces)} faces')
        step(1)
        for number, face in enumerate(result.faces[:photo_run.FACES_PER_FILE]):
            yield photo, identities[photo.name] + number, face


def _points(run):
    if run.landmarks:
        return photo_points.GivenPoints(run.landmarks)
    photo_points.require_detector()
    return None


def _close(out, run, model, listed, shards, sheet):
    """Report, contact sheet and card of complete shards; the card comes last."""
    report = os.path.join(out, REPORT)
    tables = [_table(out, index) for index in range(shards)]
    if not os.path.exists(report):
        photo_report.write(report, [row for table in tables for row in photo_report.read(table)])
    for table in tables:
        if os.path.exists(table):
            os.unlink(table)
    rows = photo_report.read(report)
    counts = photo_report.summary(rows)
    if not counts['faces']:
        raise ValueError(f'photos: expected at least one face in {run.photos}, got none; '
                         f'{report} says why for each of {len(rows)} files')
    if sheet:
        photo_sheet.write(os.path.join(out, SHEET), out, listed, model, sheet)
    written = [row for row in rows if row.faces]
    card = {'kind': 'photographs', 'count': counts['faces'], 'size': run.size,
            'model': model.name, 'layout': records.layout_fields(model.layout), 'shards': shards,
            'source': os.path.basename(os.path.normpath(run.photos)),
            'points': os.path.basename(os.path.normpath(run.landmarks)) if run.landmarks
            else photo_points.DETECTOR,
            'reconstruction': os.path.basename(run.reconstruction),
            'report': counts, 'mean_border': float(np.mean([row.border for row in written])),
            'median_misfit': float(np.median([row.misfit for row in written])),
            'settings': {name: value for name, value in dataclasses.asdict(run).items()
                         if name not in ('photos', 'model', 'landmarks', 'reconstruction')},
            'versions': {'tfdisco': tfdisco.__version__, 'tensorflow': tf.__version__,
                         'numpy': np.__version__, 'pillow': PIL.__version__}}
    records.write_card(out, card)
    return card


def _table(out, index):
    """The report of one shard, until all are done."""
    return os.path.join(out, f'report-{index:05d}.csv')
