"""Measures a built model file and writes its card."""

import json
import pathlib
import time
import typing

import numpy as np

from open_head import expression, loops, modes, source
from tfdisco.face3d import framing, model_file

MILLIMETRES = 100  # in a decimetre
DRAWS = 200  # people drawn from the exemplars for the checks of lips and lids
COMMAND = 'python -m open_head'
CREDITS = [
    'MakeHuman base mesh, targets and texture masks: the MakeHuman team, CC0 1.0',
    'ARKit face units: Mika Suominen, CC0 1.0 (MakeHuman asset pack "Face Units 01")']
NOTES = [
    'expression unit mouthClose undoes the opening of jawOpen; it means nothing without it',
    'the MakeHuman units beyond the 52 ARKit ones are approximated, see makehuman_worst']


class Truth(typing.NamedTuple):
    """What the model is measured against.

    head: `topology.Head`; weights: `surface.Weights`; lips: `contact.LipContact`.
    arrays: the model's arrays before quantisation.
    units: `expression.Units`.
    shape_modes, albedo_modes: `modes.Modes`.
    unseen_shapes: [N, C, 3] and unseen_albedos [N, V, 3] of people no mode was fitted to.
    """

    head: typing.Any
    weights: typing.Any
    arrays: dict
    lips: typing.Any
    units: typing.Any
    shape_modes: typing.Any
    unseen_shapes: np.ndarray
    albedo_modes: typing.Any
    unseen_albedos: np.ndarray


def write_card(path, truth, sizes, started):
    """Writes the card of the model file at `path`.

    Args:
      path: the .npz.
      truth: `Truth`.
      sizes: the named tuple of the build's sample sizes.
      started: `time.time()` at the start of the build.
    """
    path = pathlib.Path(path)
    model = model_file.read(path)
    card = {
        'name': model['name'], 'source': model['source'], 'licence': model['licence'],
        'credits': CREDITS, 'wheel': source.WHEEL_REQUIREMENT, 'wheel_sha256': source.WHEEL_SHA256,
        'command': COMMAND, 'sizes': sizes._asdict(),
        'sha256': source.file_sha256(path), 'bytes': path.stat().st_size,
        'figures': measure(model, truth), 'notes': NOTES,
        'duration_seconds': round(time.time() - started)}
    path.with_suffix('.json').write_text(json.dumps(card, indent=2) + '\n')


def measure(model, truth):
    """Figures of a model as read back from its file: a JSON-ready dictionary."""
    count = {name: len(model[name]) for name in ('triangles', *model_file.BASES,
                                                 *model_file.EXEMPLARS)}
    return {
        'vertices': len(model['mean_shape']), **count,
        'face_mask_vertices': int(model['face_mask'].sum()),
        'identity': _unseen_shapes(truth), 'albedo': _unseen_albedos(truth),
        'expression_units': _units(model, truth),
        'quantisation': _quantisation(model, truth), 'framing': _framing(model),
        'contact': _contact(model, truth)}


def draw_identities(model, count, rng):
    """Identity coefficients [count, Ks + Kt] from the smoothed exemplars of a model."""
    exemplars, width = model['identity_exemplars'], model['exemplar_bandwidth'][0]
    mean = exemplars.mean(axis=0)
    chosen = exemplars[rng.integers(len(exemplars), size=count)]
    # The covariance's factor times noise: a random mix of the centred exemplars.
    mix = rng.normal(size=(count, len(exemplars))) / np.sqrt(len(exemplars))
    return mean + np.sqrt(1 - width ** 2) * (chosen - mean) + width * mix @ (exemplars - mean)


def _unseen_shapes(truth):
    weights = truth.weights.shape
    found = modes.project(truth.unseen_shapes, truth.shape_modes, weights)
    rebuilt = truth.shape_modes.mean + np.tensordot(found, truth.shape_modes.basis, 1)
    face = truth.weights.align / truth.weights.align.sum()
    error = ((truth.unseen_shapes - rebuilt) ** 2).sum(axis=-1) @ face
    spread = ((truth.unseen_shapes - truth.shape_modes.mean) ** 2).sum(axis=-1) @ face
    return {'explained_variance': _rounded(truth.shape_modes.explained),
            'symmetric_modes': int((truth.shape_modes.parity > 0).sum()),
            'unseen_people': len(error),
            'unseen_explained_variance_face': _rounded(1 - error.sum() / spread.sum()),
            'unseen_error_face_mm': _rounded(MILLIMETRES * np.sqrt(error.mean())),
            'spread_face_mm': _rounded(MILLIMETRES * np.sqrt(spread.mean()))}


def _unseen_albedos(truth):
    found = modes.project(truth.unseen_albedos, truth.albedo_modes, truth.weights.albedo)
    rebuilt = truth.albedo_modes.mean + np.tensordot(found, truth.albedo_modes.basis, 1)
    mask = truth.arrays['face_mask']
    error = ((truth.unseen_albedos - rebuilt)[:, mask] ** 2).mean()
    spread = ((truth.unseen_albedos - truth.albedo_modes.mean)[:, mask] ** 2).mean()
    return {'explained_variance': _rounded(truth.albedo_modes.explained),
            'symmetric_modes': int((truth.albedo_modes.parity > 0).sum()),
            'unseen_explained_variance_face': _rounded(1 - error / spread),
            'unseen_error_face_levels': _rounded(np.sqrt(error)),
            'spread_face_levels': _rounded(np.sqrt(spread))}


def _units(model, truth):
    """Largest displacement error of each unit, after quantisation."""
    errors = {}
    for name, move, coefficients in zip(truth.units.names, truth.units.displacements,
                                        model['expression_units']):
        rebuilt = np.tensordot(coefficients, model['expression_basis'], 1)
        error = np.linalg.norm(rebuilt - truth.head.operator @ move, axis=-1).max()
        errors[name] = _rounded(MILLIMETRES * error)
    names = list(errors)

    def worst(some):
        name = max(some, key=errors.get)
        return {'unit': name, 'error_mm': errors[name]}

    return {'count': len(names), 'arkit_worst': worst(names[:expression.ARKIT_COUNT]),
            'makehuman_worst': worst(names[expression.ARKIT_COUNT:])}


def _quantisation(model, truth):
    """Largest error over random coefficients of unit variance."""
    rng = np.random.default_rng(0)
    result = {}
    for name, unit, factor in (('identity_basis', 'mm', MILLIMETRES),
                               ('expression_basis', 'mm', MILLIMETRES),
                               ('albedo_basis', 'levels', 1)):
        lost = (truth.arrays[name] - model[name]).reshape(len(model[name]), -1)
        moved = (rng.normal(size=(50, len(lost))) @ lost).reshape(50, -1, 3)
        largest = np.linalg.norm(moved, axis=-1).max()
        result[f'{name}_largest_error_{unit}'] = _rounded(factor * largest)
    return result


def _framing(model):
    """Where the mean face's five points are at 256 pixels, beside the standard ones."""
    landmarks = model['mean_shape'][model['landmarks']].astype(np.float64)
    points = framing.to_pixels(framing.five_points(landmarks))
    error = points - framing.STANDARD_POINTS
    return {'five_points_px': np.round(points, 2).tolist(),
            'residuals_px': np.round(error, 2).tolist(),
            'rms_px': _rounded(np.sqrt((error ** 2).sum(axis=1).mean()))}


def _contact(model, truth):
    """Lips and lids of people drawn from the exemplars, on the final mesh."""
    head, count = truth.head, len(model['identity_basis'])
    drawn = draw_identities(model, DRAWS, np.random.default_rng(1))[:, :count]
    blink = [list(truth.units.names).index(f'eyeBlink{side}') for side in ('Left', 'Right')]
    closing = np.tensordot(model['expression_units'][blink].sum(axis=0),
                           model['expression_basis'], 1)
    vertex_of = {base: vertex for vertex, base in enumerate(head.base_vertex) if base >= 0}

    def on_head(control):
        return np.array([vertex_of[base] for base in head.control[control]])

    lip_ring = on_head(head.lip_loops[loops.LIP_CONTACT_RING])
    edge = on_head(head.left_eye_loops[1])
    lids = on_head(np.concatenate([head.left_eye_loops[ring] for ring in (1, 2, 3, 4, 5)]))
    ball = np.flatnonzero(head.is_part('left_eye'))
    upper = np.arange(1, loops.EYE_OUTER_CORNER)
    slit, sunk, opening = [], [], []
    for coefficients in drawn:
        shape = model['mean_shape'] + np.tensordot(coefficients, model['identity_basis'], 1)
        slit.append(truth.lips.slit(shape[lip_ring]).max())
        centre, radius = _fitted_sphere(shape[ball])
        sunk.append(radius - np.linalg.norm(shape[lids] - centre, axis=-1).min())
        closed = (shape + closing)[edge]
        opening.append((closed[upper, 1] - closed[loops.EYE_COLUMNS - upper, 1]).max())
    return {'people': DRAWS,
            'largest_lip_slit_mm': _rounded(MILLIMETRES * max(slit)),
            'deepest_lid_below_eyeball_mm': _rounded(MILLIMETRES * max(max(sunk), 0)),
            'eyes_closed_by_a_full_blink': _rounded(np.mean(np.array(opening) <= 0)),
            'largest_opening_after_a_full_blink_mm': _rounded(
                MILLIMETRES * max(max(opening), 0))}


def _fitted_sphere(points):
    """Least-squares centre [3] and radius of points [n, 3] on a sphere."""
    system = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    *centre, constant = np.linalg.lstsq(system, (points ** 2).sum(axis=1), rcond=None)[0]
    return np.array(centre), np.sqrt(constant + np.dot(centre, centre))


def _rounded(value):
    return float(np.round(value, 4))
