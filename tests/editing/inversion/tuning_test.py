"""Pivotal tuning, and faces as files."""

import numpy as np
import pytest
import tensorflow as tf

from tests.editing import small
from tfdisco import files
from tfdisco.editing.inversion import face_file, optimise, tuning


@pytest.fixture(scope='module')
def tuned():
    """A face that the generator cannot draw, tuned with and without locality."""
    faces, goal = small.faces(), small.goal()
    images = tf.constant(small.perception.pictures(1, small.SIDE, small.SIDE))
    target = goal.target(images, tf.ones([1, small.SIDE, small.SIDE, 1]))
    search = optimise.Inverter(faces, goal, optimise.Search(1))
    inverted = optimise.unchanged(search.mapping.start(small.people(1)),
                                  len(faces.generator.noise_sides()))
    found = {}
    for locality in (0.0, 20.0):
        tuner = tuning.Tuner(faces, goal, tuning.Tuning(25, 0.02, locality))
        found[locality] = tuner, tuner(target, inverted)
    return images, inverted, found


def drawn(generator, inverted):
    return optimise.draw(generator, tf.constant(inverted.ws), tf.constant(inverted.strength))


def test_the_copy_comes_nearer_and_the_generator_stays(tuned):
    images, inverted, found = tuned
    own = small.faces().generator
    before = drawn(own, inverted)
    for tuner, changes in found.values():
        after = drawn(tuner.generator, inverted)
        assert np.abs(after - images).mean() < 0.85 * np.abs(before - images).mean()
        tuner.use({})
        np.testing.assert_array_equal(drawn(tuner.generator, inverted), before)
        tuner.use(changes)
        np.testing.assert_array_equal(drawn(tuner.generator, inverted), after)
        assert not any(name.startswith('mapping') for name in changes)


def test_locality_keeps_other_faces(tuned):
    faces = small.faces()
    ws = faces.generator.broadcast(faces.generator.mapping(faces.inputs(faces.latents(8, 5))))
    before = faces.generator.synthesis(ws)
    moved = {locality: np.abs(tuner.generator.synthesis(ws) - before).mean()
             for locality, (tuner, _) in tuned[2].items()}
    assert moved[20.0] < 0.6 * moved[0.0]


def test_wrong_faces_and_changes_are_refused(tuned):
    images, inverted, found = tuned
    tuner = found[0.0][0]
    with pytest.raises(ValueError, match='inverted: expected one face, got 2'):
        tuner(None, optimise.Inverted(*(np.repeat(part, 2, 0) for part in inverted)))
    with pytest.raises(ValueError, match="expected weights of synthesis, got 'mapping/mean'"):
        tuner.use({'mapping/mean': np.zeros(3)})
    with pytest.raises(ValueError, match='changes: conv4/weight: expected shape'):
        tuner.use({'conv4/weight': np.zeros(3)})
    with pytest.raises(ValueError, match='locality: expected 0 or more'):
        tuning.Tuning(locality=-1)


def test_a_face_is_written_and_read(tuned, tmp_path):
    _, inverted, found = tuned
    tuner, changes = found[0.0]
    faces = small.faces()
    face = face_file.StoredFace(inverted.coefficients[0], inverted.ws[0], inverted.strength[0],
                                np.arange(6.0).reshape(2, 3), changes)
    path = tmp_path / 'face.npz'
    files.write_npz(path, face_file.arrays(face, faces.generator))
    again = face_file.read(path, faces)
    for one, two in zip(face[:-1], again[:-1]):
        np.testing.assert_array_equal(one, two)
    assert set(again.changes) == set(changes)
    expected = drawn(tuner.generator, inverted)
    tuner.use({})
    tuner.use(again.changes)
    np.testing.assert_array_equal(drawn(tuner.generator, inverted), expected)
    with pytest.raises(ValueError, match='got one of another snapshot'):
        face_file.read(path, small.faces('sum'))
    path.write_bytes(b'PK nothing')
    with pytest.raises(ValueError, match='face.npz: expected a inverted face .npz'):
        face_file.read(path, faces)
