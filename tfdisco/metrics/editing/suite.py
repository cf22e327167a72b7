"""The suite `editing`: photographs found in the generator, edited, turned to the front."""

import time

import numpy as np
import tensorflow as tf

from tfdisco import factors
from tfdisco.editing.attributes import Attributes, frontal
from tfdisco.editing.inversion.optimise import Search
from tfdisco.editing.photo_editor import PhotoEditor
from tfdisco.editing.receipt import psnr
from tfdisco.face3d import lighting
from tfdisco.losses.perceptual import perceptual_distance
from tfdisco.metrics import statistics, tables
from tfdisco.metrics.editing import photo_source
from tfdisco.metrics.face_mesh import FaceMesh
from tfdisco.metrics.judge import MESH
from tfdisco.metrics.perception.verification import verification
from tfdisco.networks import trained
from tfdisco.perception import resize
from tfdisco.perception.recognition import Recognition
from tfdisco.shapes import check_choice

METHODS = ('coefficients', 'encoder', 'optimised', 'tuned')
YAWS = (-30, -15, 15, 30)  # degrees, added
LIGHTS = ('front', 'left', 'right', 'top', 'bottom', 'top left')
EXPRESSIONS = 8  # named ones, spread over the model's list
PAIRS = 3000


def evaluate(photos=None, snapshot=trained.BUILT_IN, count=200, methods='optimised,tuned',
             encoder=None, judge='dlib,mobilefacenet', identity_pattern=None, edited=26, seed=0,
             reconstruction='built-in', recognition='built-in', parsing='built-in', steps=200,
             progress=None):
    """Measures how photographs are edited.

    Args:
      photos: see `photo_source.faces`.
      snapshot: 'built-in', or the path of a generator.npz.
      count: photographs, at most.
      methods: names of `METHODS` with commas between: how w+ is found.
      encoder: of the method 'encoder', see `PhotoEditor`.
      judge: names of networks for identity with commas between, see `Recognition.load`, and
        'mediapipe' for the angles.
      identity_pattern: None, or who is who: then faces turned to the front are told apart.
      edited: of these photographs, how many get every edit.
      seed: of the choice, and of intervals.
      reconstruction, recognition, parsing: networks that look, see `Perception.load`.
      steps: of each search.
      progress: see `metrics.generated`.

    Returns:
      {METHOD: {'psnr', 'perceptual', 'seconds', 'identity_JUDGE', 'edits': {EDIT: {'miss',
      'drift_FACTOR' (shares of an ordinary difference), 'identity_JUDGE', 'mediapipe_miss'}},
      'frontal': {'JUDGE_before', 'JUDGE_after'}: AUC}, 'about': {...}}; figures are fields of
      `statistics.Estimate`.

    Raises:
      FileNotFoundError, ValueError: of `photo_source.faces` and the networks' files.
    """
    if not photos:
        raise ValueError('photos: expected a folder of photographs, got none; pass --photos')
    chosen = [name.strip() for name in methods.split(',')]
    for name in chosen:
        check_choice('methods', name, METHODS)
    if 'encoder' in chosen and not encoder:
        raise ValueError('encoder: expected a file for the method encoder, got none')
    editors = {bool(name == 'encoder'): None for name in chosen}
    for with_encoder in editors:
        editors[with_encoder] = PhotoEditor.load(
            snapshot, reconstruction, recognition, parsing,
            encoder=encoder if with_encoder else None, search=Search(steps))
    editor = next(iter(editors.values()))
    names = [name.strip() for name in judge.split(',') if name.strip()]
    judges = {name: Recognition.load(name) for name in names if name != MESH}
    mesh = FaceMesh(editor.model, editor.faces.generator.config.resolution) if (
        MESH in names) else None
    skipped = {}
    found, people = photo_source.faces(photos, editor, count, seed, identity_pattern, skipped)
    result = {'about': {'photos': len(found), 'skipped': len(skipped), 'mesh': mesh and mesh.error}}
    for name in chosen:
        with_editor = editors[name == 'encoder']
        start = time.monotonic()
        known = []
        steps = range(len(found)) if progress is None else progress(
            range(len(found)), desc=f'search ({name})')
        for index in steps:
            known += with_editor.search([found[index]], tune=name == 'tuned',
                                        steps=name in ('optimised', 'tuned'))
        seconds = (time.monotonic() - start) / len(found)
        result[name] = {'seconds': float(seconds),
                        **_reconstruction(with_editor, known, judges, seed),
                        'edits': _edits(with_editor, known[:edited], judges, mesh, seed, progress)}
        if identity_pattern:
            result[name]['frontal'] = _frontal(with_editor, known, people, judges, seed)
    return result


def table(result):
    """The figures, one a line."""
    about = result['about']
    return (f'{tables.figures({name: part for name, part in result.items() if name != "about"})}\n'
            f'{about["photos"]} photographs, {about["skipped"]} without a face that can be used')


def edits(model):
    """{name: `Attributes`} of the edits that are asked for."""
    step = max(1, len(model.expression_names) // EXPRESSIONS)
    texts = {**{f'yaw {angle:+d}': f'yaw=+{angle}deg' for angle in YAWS},
             **{f'light {side}': f'light={side}' for side in LIGHTS if side in lighting.DIRECTIONS},
             **{f'expression {name}': f'{name}=1'
                for name in model.expression_names[::step][:EXPRESSIONS]}}
    return {name: Attributes(text, model) for name, text in texts.items()}


def _photographs(known):
    return np.stack([each.face.image for each in known]) / np.float32(127.5) - 1


def _reconstruction(editor, known, judges, seed):
    plain = np.stack([each.plain for each in known])
    small = resize.to_square(_photographs(known), plain.shape[1]).numpy()
    maps = editor.maps
    values = {'psnr': [psnr(*pair) for pair in zip(plain, small)],
              'perceptual': np.concatenate([perceptual_distance(
                  maps(tf.constant(plain[at:at + 1])), maps(tf.constant(small[at:at + 1])))
                  for at in range(len(plain))]),
              **_identity(judges, _photographs(known), plain)}
    return {name: _estimate(numbers, seed) for name, numbers in values.items()}


def _edits(editor, known, judges, mesh, seed, progress):
    result, wanted = {}, edits(editor.model)
    names = wanted if progress is None else progress(list(wanted), desc='edits')
    for name in names:
        change, rows, pictures = wanted[name], [], []
        for each in known:
            done, _ = editor.edit(each, [change])
            factor = change.factors[0]
            rows.append({'miss': float(done.miss[factor][0]),
                         **{f'drift_{other}': float(values[0]) / editor.ordinary[other]
                            for other, values in done.drift.items()}})
            pictures.append(done.images[0])
        values = {key: [row[key] for row in rows] for key in rows[0]}
        values.update(_identity(judges, _photographs(known), np.stack(pictures)))
        if mesh and factors.POSE in change.factors:
            values['mediapipe_miss'] = _mesh_miss(mesh, known, pictures, change, editor)
        result[name] = {key: _estimate(numbers, seed) for key, numbers in values.items()}
    return result


def _mesh_miss(mesh, known, pictures, change, editor):
    """Degrees by which the yaw that mediapipe sees to change differs from what was asked."""
    yaw = 1
    before, after = (mesh(np.stack(part))[factors.POSE][:, yaw] for part in (
        [each.plain for each in known], pictures))
    seen = np.stack([each.seen for each in known])
    part = editor.model.layout.factor_slice(factors.POSE)
    asked = (change(seen) - seen)[:, part][:, yaw]
    return np.degrees(np.abs(after - before - asked))


def _frontal(editor, known, people, judges, seed):
    """AUC of telling people apart, of the photographs and of their faces turned to the front."""
    turned = np.stack([editor.edit(each, [frontal(editor.model)])[0].images[0] for each in known])
    result = {}
    for name, judge in judges.items():
        for when, pictures in (('before', _photographs(known)), ('after', turned)):
            vectors = np.concatenate([judge(tf.constant(picture[np.newaxis]))
                                      for picture in pictures])
            result[f'{name}_{when}'] = verification(
                vectors, people, PAIRS, seed)['recognition_auc']._asdict()
    return result


def _identity(judges, first, second):
    """{'identity_JUDGE': [B] cosines}."""
    return {f'identity_{name}': np.array([
        float(tf.reduce_sum(judge(tf.constant(one[np.newaxis])) * judge(
            tf.constant(two[np.newaxis])))) for one, two in zip(first, second)])
        for name, judge in judges.items()}


def _estimate(values, seed):
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    return statistics.mean(values, np.arange(len(values)), seed)._asdict()
