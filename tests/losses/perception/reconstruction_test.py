"""Terms of the reconstruction loss against the renderer's oracle in NumPy float64."""

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco.losses.perception import reconstruction
from tfdisco.losses.perception.reconstruction import COLOR_TERMS, ReconstructionLoss, length

COUNT = 5


@pytest.fixture(scope='module')
def loss():
    return ReconstructionLoss(toy.model())


def pairs(seed=0):
    """Estimated and true coefficients and translations, and landmarks in shares."""
    model = toy.model()
    found, true = (toy.people(model, COUNT, seed=seed + index) for index in range(2))
    rng = np.random.default_rng(seed)
    moves = (rng.normal(size=(2, COUNT, 3)) * 0.1).astype(np.float32)
    landmarks = rng.uniform(size=(COUNT, 68, 2)).astype(np.float32)
    return found, moves[0], true, moves[1], landmarks


def points():
    """Landmarks, and the whole rest of the face, for the toy is small."""
    model = toy.model()
    landmarks = model.landmark_vertices
    return np.concatenate([landmarks, np.setdiff1d(np.flatnonzero(model.face_mask), landmarks)])


def test_errors_are_those_of_whole_faces(loss):
    found, moved, true, true_moved, landmarks = pairs()
    errors = {name: values.numpy() for name, values in loss.errors(
        *map(tf.constant, (found, moved, true, true_moved, landmarks))).items()}
    model, oracle = toy.model(), toy.Oracle(toy.arrays(), 96, 96)
    arrays, face = oracle.arrays, oracle.arrays['face_mask']
    for index in range(COUNT):
        ours, theirs = (model.layout.split(values[index].astype(np.float64))
                        for values in (found, true))

        def rms(part, basis, ours=ours, theirs=theirs):
            difference = np.tensordot(getattr(ours, part) - getattr(theirs, part), basis, 1)[face]
            return np.sqrt(np.square(difference).sum(axis=1).mean())

        expected = {
            'identity': 100 * rms('identity_shape', arrays['identity_basis']),
            'expression': 100 * rms('expression', arrays['expression_basis']),
            'texture': rms('identity_texture', arrays['albedo_basis']) / 255,
        }
        rotations = [toy.rotation(*parts.pose) for parts in (ours, theirs)]
        expected['pose'] = np.linalg.norm(rotations[0] - rotations[1]) / np.sqrt(2)
        vertices = [oracle.vertices(parts) for parts in (ours, theirs)]
        placed = oracle.landmarks(vertices[0] + moved[index]) / 96
        expected['landmarks'] = np.linalg.norm(placed - landmarks[index], axis=1).mean()
        apart = placed - landmarks[index]
        expected['openings'] = np.mean([
            np.linalg.norm(apart[part] - apart[part].mean(axis=0), axis=1).mean()
            for part in (range(36, 42), range(42, 48), range(48, 68))])
        across = (moved - true_moved)[index] * [1, 1, 0.075]
        expected['translation'] = 100 * np.linalg.norm(across)
        for name, value in expected.items():
            assert float(errors[name][index]) == pytest.approx(value, rel=2e-4), name
        distance = np.linalg.norm(vertices[0] - vertices[1], axis=1)[points()]
        assert float(errors['points'][index]) == pytest.approx(100 * distance.mean(), rel=2e-4)


def test_color_is_albedo_in_light(loss):
    found, moved, true, true_moved, landmarks = pairs(2)
    errors = loss.errors(*map(tf.constant, (found, moved, true, true_moved, landmarks)))
    model, arrays = toy.model(), toy.arrays()
    normals = toy.vertex_normals(arrays['mean_shape'].astype(np.float64), arrays['triangles'])
    front = np.random.default_rng(0).normal(size=(20000, 3))
    front /= np.linalg.norm(front, axis=1, keepdims=True)
    front[:, 2] = np.abs(front[:, 2])
    for index in range(COUNT):
        ours, theirs = (model.layout.split(values[index].astype(np.float64))
                        for values in (found, true))
        posed = normals[points()] @ toy.rotation(*theirs.pose).T
        colors, shadings = [], []
        for parts in (ours, theirs):
            gamma = parts.illumination.reshape(3, 9) + np.eye(9)[0] * 0.8
            albedo = arrays['mean_albedo'] + np.tensordot(parts.identity_texture,
                                                          arrays['albedo_basis'], 1)
            colors.append(albedo[points()] * (toy.harmonics(posed) @ gamma.T))
            shadings.append(toy.harmonics(front) @ gamma.T)
        difference = np.abs(colors[0] - colors[1]).mean() / 255
        assert float(errors['color'][index]) == pytest.approx(difference, rel=1e-4)
        share = np.abs(shadings[0] - shadings[1]).mean() / (np.abs(shadings[1]).mean() + 0.05)
        assert float(errors['shading'][index]) == pytest.approx(share, rel=0.03)


def test_no_error_of_the_truth_and_a_finite_gradient(loss):
    _, _, true, moved, _ = pairs()
    oracle = toy.Oracle(toy.arrays(), 1, 1)
    landmarks = np.stack([oracle.landmarks(oracle.vertices(toy.model().layout.split(face)) + move)
                          for face, move in zip(true, moved)]).astype(np.float32)
    found, place = tf.Variable(true), tf.Variable(moved)
    with tf.GradientTape() as tape:
        errors = loss.errors(found, place, tf.constant(true), tf.constant(moved),
                             tf.constant(landmarks))
        total = tf.add_n(list(loss.terms(errors, tf.ones([COUNT])).values()))
    assert max(float(tf.reduce_max(value)) for value in errors.values()) < 1e-3
    for gradient in tape.gradient(total, [found, place]):
        assert np.isfinite(gradient).all()


def test_terms_are_weighted_means_and_colors_can_be_left_out(loss):
    errors = {name: tf.constant([1.0, 3.0]) for name in reconstruction.WEIGHTS}
    terms = loss.terms(errors, tf.constant([1.0, 0.0]))
    for name, weight in reconstruction.WEIGHTS.items():
        mean = 0.5 if name in COLOR_TERMS else 2.0
        assert float(terms[name]) == pytest.approx(weight * mean), name


def test_a_face_behind_the_camera_has_a_finite_gradient(loss):
    found, _, true, true_moved, landmarks = pairs()
    moved = tf.Variable(np.tile([[0.0, 0.0, 12.0]], (COUNT, 1)).astype(np.float32))
    with tf.GradientTape() as tape:
        errors = loss.errors(tf.constant(found), moved, *map(tf.constant, (
            true, true_moved, landmarks)))
        total = tf.add_n(list(loss.terms(errors, tf.ones([COUNT])).values()))
    gradient = tape.gradient(total, moved).numpy()
    assert np.isfinite(gradient).all() and (gradient[:, 2] > 0).all()  # which brings it back


def test_length_of_nothing_has_no_gradient():
    vectors = tf.Variable([[0.0, 0.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(length(vectors))
    np.testing.assert_allclose(tape.gradient(total, vectors), [[0, 0], [0.6, 0.8]], atol=1e-6)


@pytest.mark.parametrize('index, shape, name', [
    (0, [COUNT, 7], 'coefficients'), (1, [COUNT, 2], 'translation'),
    (2, [COUNT + 1, None], 'true_coefficients'), (3, [COUNT + 1, 3], 'true_translation'),
    (4, [COUNT, 67, 2], 'landmarks')])
def test_shapes_are_checked(loss, index, shape, name):
    values = list(pairs())
    values[index] = np.zeros([size or values[index].shape[1] for size in shape], np.float32)
    with pytest.raises(ValueError, match=rf'^{name}: expected shape'):
        loss.errors(*map(tf.constant, values))
