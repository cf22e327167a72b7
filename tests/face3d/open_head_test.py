"""The shipped model: sizes, exact symmetry, a sound mesh, closed lips, its card."""

import collections
import hashlib
import json
import pathlib

import numpy as np
import pytest

from tfdisco.face3d import model_file

DATA = pathlib.Path(model_file.__file__).parent / 'data'
FLIP = np.array([-1, 1, 1], np.float32)
ARKIT = (
    'eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight '
    'eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight '
    'eyeWideLeft eyeWideRight jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft '
    'mouthDimpleRight mouthFrownLeft mouthFrownRight mouthFunnel mouthLeft mouthLowerDownLeft '
    'mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight mouthRollLower '
    'mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight '
    'mouthStretchLeft mouthStretchRight mouthUpperUpLeft mouthUpperUpRight browDownLeft '
    'browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft '
    'cheekSquintRight noseSneerLeft noseSneerRight tongueOut').split()


@pytest.fixture(scope='module')
def model():
    return model_file.read(DATA / 'open_head.npz')


@pytest.fixture(scope='module')
def card():
    return json.loads((DATA / 'open_head.json').read_text())


def identities(model, count, seed):
    """Neutral shapes [count, V, 3] of people near the exemplars."""
    rng = np.random.default_rng(seed)
    exemplars = model['identity_exemplars']
    chosen = exemplars[rng.integers(len(exemplars), size=count)]
    noise = model['exemplar_bandwidth'][0] * rng.normal(size=chosen.shape)
    modes = len(model['identity_basis'])
    shape = (chosen + noise)[:, :modes].astype(np.float32)
    return model['mean_shape'] + np.tensordot(shape, model['identity_basis'], 1)


def unit(model, *names):
    """Displacements [V, 3] of the sum of some units at activation 1."""
    known = [str(name) for name in model['expression_unit_names']]
    coefficients = sum(model['expression_units'][known.index(name)] for name in names)
    return np.tensordot(coefficients, model['expression_basis'], 1)


def region(model, name):
    return model['vertex_regions'] == [str(entry) for entry in model['region_names']].index(name)


def crosses(vertices, triangles):
    corners = vertices[triangles]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def test_sizes(model):
    assert [len(model[name]) for name in model_file.BASES] == [80, 64, 80]
    assert model['landmarks'].shape == (68,) and len(set(model['landmarks'].tolist())) == 68
    assert model['identity_exemplars'].shape[1] == 160 and len(model['identity_exemplars']) >= 300
    assert (DATA / 'open_head.npz').stat().st_size < 6e6
    assert model['licence'] == 'CC0-1.0'


def test_the_paper_s_expressions_have_names(model):
    names = [str(name) for name in model['expression_unit_names']]
    assert len(ARKIT) == 52 and set(ARKIT) <= set(names) and len(set(names)) == len(names)


def test_everything_is_exactly_symmetric(model):
    mirror = model['mirror_vertex']
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_array_equal(model['mean_shape'][mirror] * FLIP, model['mean_shape'])
    np.testing.assert_array_equal(model['mean_albedo'][mirror], model['mean_albedo'])
    for basis, parity, flip in (('identity_basis', 'identity_parity', FLIP),
                                ('expression_basis', 'expression_parity', FLIP),
                                ('albedo_basis', 'albedo_parity', 1)):
        signs = model[parity].astype(np.float32)
        assert set(signs.tolist()) == {1, -1}
        np.testing.assert_array_equal(model[basis][:, mirror] * flip,
                                      model[basis] * signs[:, None, None])
    for name in ('face_mask', 'vertex_regions'):
        np.testing.assert_array_equal(model[name][mirror], model[name])


def test_triangles_map_onto_triangles(model):
    def rotated(triangles):
        return {tuple(np.roll(row, -row.argmin())) for row in triangles}

    triangles = model['triangles']
    assert rotated(model['mirror_vertex'][triangles][:, ::-1]) == rotated(triangles)


def test_landmarks_mirror_onto_landmarks(model):
    landmarks = model['landmarks']
    place = {vertex: index for index, vertex in enumerate(landmarks.tolist())}
    partner = [place[model['mirror_vertex'][vertex]] for vertex in landmarks]
    assert partner[:17] == list(range(16, -1, -1))
    assert partner[17:27] == list(range(26, 16, -1))
    assert partner[36:42] == [45, 44, 43, 42, 47, 46]
    assert partner[48:55] == list(range(54, 47, -1))


def test_the_mesh_is_an_oriented_manifold(model):
    sides = model['triangles'][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    directed = collections.Counter(map(tuple, sides.tolist()))
    assert max(directed.values()) == 1  # neighbours run along a shared edge in opposite directions
    rim = [edge for edge in directed if edge[::-1] not in directed]
    # One rim at the neck, two at the sockets, two behind the eyeballs, two rows of teeth.
    following = dict(rim)
    assert len(following) == len(rim)
    loops = []
    while following:
        start, at = next(iter(following)), None
        loop, at = [start], following.pop(start)
        while at != start:
            loop.append(at)
            at = following.pop(at)
        loops.append(loop)
    assert len(loops) == 7
    inside = np.isin(model['vertex_regions'],
                     np.flatnonzero(np.isin(model['region_names'], ['skin', 'scalp', 'ears'])))
    assert not any(inside[loop].any() for loop in loops)


def test_triangles_have_area_and_face_outward(model):
    vertices, triangles = model['mean_shape'].astype(float), model['triangles']
    normals = crosses(vertices, triangles)
    assert np.linalg.norm(normals, axis=1).min() > 1e-7
    vertices = vertices - [0, vertices[:, 1].min(), 0]  # the open neck lies near the origin's plane
    volume = np.einsum('ti,ti->', vertices[triangles[:, 0]], normals) / 6
    assert 4 < volume < 12  # cubic decimetres: a head with its neck
    nose = model['landmarks'][30]
    assert normals[(triangles == nose).any(axis=1)][:, 2].mean() > 0


def test_scale_and_frame(model):
    points = model['mean_shape'][model['landmarks']]
    left, right = points[42:48].mean(axis=0), points[36:42].mean(axis=0)
    assert left[0] - right[0] == pytest.approx(0.61, abs=0.02)  # of the published Basel face
    assert left[1] == pytest.approx(right[1])
    face = model['mean_shape'][model['face_mask']]
    assert 1.3 < np.ptp(face[:, 0]) < 1.8 and 1.5 < np.ptp(face[:, 1]) < 2.2
    assert face[:, 2].argmax() == np.abs(face - points[30]).sum(axis=1).argmin()  # the nose


def test_the_five_points_stand_where_photographs_have_them(model):
    points = model['mean_shape'][model['landmarks']]
    five = np.stack([points[36:42].mean(axis=0), points[42:48].mean(axis=0), *points[[30, 48, 54]]])
    pixels = 128 + np.array([1, -1]) * 1238.3 * five[:, :2] / (10 - five[:, 2:])
    standard = [(88.9, 91.6), (166.9, 91.6), (128.4, 134.1), (96.1, 176.3), (159.5, 176.3)]
    np.testing.assert_allclose(pixels, standard, atol=3)


def test_the_jaw_is_a_smooth_curve(model):
    jaw = model['mean_shape'][model['landmarks'][:9]].astype(float)
    assert (np.diff(jaw[:, 2]) > 0).all()  # forward all the way to the chin
    assert (np.diff(jaw[:, 0]) > 0).all()
    assert (np.diff(jaw[:, 1]) < 0.01).all()
    steps = np.diff(jaw, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    assert np.degrees(np.arccos((steps[1:] * steps[:-1]).sum(axis=1))).max() < 45


def test_lips_are_closed_for_everybody(model):
    shapes = identities(model, 100, seed=1)
    upper, lower = (shapes[:, model['landmarks'][index], 1]
                    for index in ([61, 62, 63], [67, 66, 65]))
    corners = shapes[:, model['landmarks'][[60, 64]], 1].mean(axis=1, keepdims=True)
    assert (upper - lower).max() < 0.03
    assert np.abs(upper + lower - 2 * corners).max() < 0.5  # and near the corners' height
    jaw = unit(model, 'jawOpen')[model['landmarks'], 1]
    assert jaw[62] - jaw[66] > 0.2


def test_a_blink_closes_the_eyes(model):
    points = model['mean_shape'][model['landmarks'], 1]
    blink = unit(model, 'eyeBlinkLeft', 'eyeBlinkRight')[model['landmarks'], 1]
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        opening = points[upper] - points[lower]
        assert opening > 0.06
        assert opening + blink[upper] - blink[lower] < 0.35 * opening  # the lids' thickness


def test_lids_stay_outside_the_eyeballs(model):
    eyes, rims = region(model, 'eyes'), model['landmarks'][42:48]
    for shape in identities(model, 50, seed=2):
        ball = shape[eyes & (model['mean_shape'][:, 0] > 0)]
        system = np.concatenate([2 * ball, np.ones((len(ball), 1))], axis=1)
        solution = np.linalg.lstsq(system, (ball ** 2).sum(axis=1), rcond=None)[0]
        radius = np.sqrt(solution[3] + (solution[:3] ** 2).sum())
        assert np.linalg.norm(shape[rims] - solution[:3], axis=1).min() > radius + 0.003


def test_colours_are_those_of_skin(model):
    rng = np.random.default_rng(3)
    drawn = model['identity_exemplars'][rng.integers(len(model['identity_exemplars']), size=200)]
    modes = len(model['identity_basis'])
    mask = model['face_mask']
    colours = model['mean_albedo'][mask] + np.tensordot(drawn[:, modes:],
                                                        model['albedo_basis'][:, mask], 1)
    red, green, blue = colours.mean(axis=1).T
    assert (red > green).all() and (green > blue).all()  # neither green nor grey nor blue
    assert ((red - blue) / red).max() < 0.62  # nor orange
    assert red.min() > 55 and red.max() < 245 and np.ptp(red) > 80
    assert -20 < colours.min() and colours.max() < 275


def test_albedo_follows_shape(model):
    modes = len(model['identity_basis'])
    exemplars = model['identity_exemplars']
    correlation = np.corrcoef(exemplars.T)[:modes, modes:]
    assert np.abs(correlation).max() > 0.3


def test_exemplars_have_the_modes_scale(model):
    spread = model['identity_exemplars'].std(axis=0)
    assert 0.85 < spread.min() and spread.max() < 1.15
    moment = (model['expression_exemplars'] ** 2).mean(axis=0)
    assert 0.4 < np.median(moment) < 1.6


def test_the_card_tells_of_this_file(model, card):
    data = (DATA / 'open_head.npz').read_bytes()
    assert card['sha256'] == hashlib.sha256(data).hexdigest() and card['bytes'] == len(data)
    assert card['licence'] == model['licence'] and card['source'] == model['source']
    figures = card['figures']
    assert figures['vertices'] == len(model['mean_shape'])
    for name in ('triangles', *model_file.BASES, *model_file.EXEMPLARS):
        assert figures[name] == len(model[name])
    assert figures['identity']['unseen_explained_variance_face'] > 0.97
    assert figures['expression_units']['arkit_worst']['error_mm'] < 1.5
    assert figures['contact']['largest_lip_slit_mm'] < 0.1
    assert figures['contact']['deepest_lid_below_eyeball_mm'] < 0.3
    assert figures['contact']['eyes_closed_by_a_full_blink'] > 0.85
    points = model['mean_shape'][model['landmarks']]
    assert figures['framing']['five_points_px'][2][1] == pytest.approx(
        128 - 1238.3 * points[30, 1] / (10 - points[30, 2]), abs=0.02)
