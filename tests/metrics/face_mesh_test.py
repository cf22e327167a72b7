"""The judge of pose and expression, on meshes whose numbers are known."""

import importlib.util

import numpy as np
import pytest
import tensorflow as tf

from tests.face3d import toy
from tfdisco import factors
from tfdisco.face3d import camera
from tfdisco.face3d.renderer import FaceRenderer
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.metrics import face_mesh, mesh_fit
from tfdisco.metrics.judge import Judge

SIDE = 64


class Vertices:
    """A detector that knows everything: the model's own vertices as a picture shows them."""

    def __init__(self, model, lost=()):
        """Takes the model, and which of the pictures shall show no face."""
        self.model, self.lost, self.seen = model, lost, 0
        self.people = sample_coefficients(model, face_mesh.FITTED + face_mesh.TESTED, 0)

    def points(self, coefficients):
        """[P, 3] in shares of the width: pixels, and depth at the same scale."""
        render = FaceRenderer(self.model, SIDE, SIDE)
        vertices = render.vertices(coefficients[np.newaxis])
        pixels = camera.project(vertices, SIDE, SIDE)[0].numpy() / SIDE
        depth = vertices[0, :, 2].numpy() * camera.focal_length(1) / camera.DISTANCE
        return np.column_stack([pixels[:, 0], -pixels[:, 1], depth])

    def __call__(self, picture):
        index, self.seen = self.seen, self.seen + 1
        return None if index in self.lost else self.points(self.people[index])


@pytest.fixture(scope='module')
def fitted():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face_mesh, 'FITTED', 120)
        patch.setattr(face_mesh, 'TESTED', 40)
        patch.setattr(face_mesh, 'SIDE', SIDE)
        model = toy.model()
        points = Vertices(model, lost=(3, 130))
        return face_mesh.FaceMesh(model, SIDE, points=points), points


def test_numbers_are_read_off_a_perfect_mesh(fitted):
    mesh, points = fitted
    assert mesh.error['faces'] == 39 and mesh.error['found'] == pytest.approx(158 / 160)
    assert mesh.error['pose_degrees'] < 1.5
    assert mesh.error['landmark_percent'] < 1.5
    assert mesh.error['expression_mm'] < 0.5 * mesh.error['expression_mm_of_mean']
    people = sample_coefficients(points.model, 6, 7)
    points.people, points.seen, points.lost = people, 0, (2,)
    found = mesh(np.zeros([6, SIDE, SIDE, 3], np.float32))
    known = np.array([0, 1, 3, 4, 5])
    for values in found.values():
        assert np.isnan(values[2]).all() and np.isfinite(values[known]).all()
    parts = points.model.layout.split(people)
    assert np.abs(found[factors.POSE] - parts.pose)[known].max() < 0.1
    face = FaceRenderer(points.model, SIDE, SIDE)(people)
    assert np.abs(found['landmarks'] - face.landmarks)[known].max() < 0.05 * SIDE


def test_a_rigid_motion_is_told_exactly():
    """Without perspective the angles are those that turned the mesh, whatever its shape."""
    rng = np.random.default_rng(0)
    shape, mode = rng.normal(size=(2, 30, 3))
    shape -= shape.mean(axis=0)
    weight, pose = rng.normal(size=(80, 1)), rng.normal(size=(80, 3)) * 0.2
    from tfdisco.face3d.transforms import rotation_matrix
    turn = rotation_matrix(tf.constant(pose)).numpy()
    unturned = shape + 0.02 * weight[..., np.newaxis] * mode
    meshes = 0.1 * np.einsum('bij,bpj->bpi', turn, unturned) + 0.5
    targets = {'pose': pose, 'weight': weight, 'landmarks': meshes[:, :4, :2].reshape(80, -1)}
    fit = mesh_fit.MeshFit(meshes[:60], {name: values[:60] for name, values in targets.items()})
    found = fit(meshes[60:])
    np.testing.assert_allclose(found['pose'], pose[60:], atol=0.01)
    np.testing.assert_allclose(found['landmarks'], targets['landmarks'][60:], atol=2e-3)
    assert np.abs(found['weight'] - weight[60:]).mean() < 0.1 * np.abs(weight).mean()


def test_too_few_faces(monkeypatch):
    monkeypatch.setattr(face_mesh, 'FITTED', 6)
    monkeypatch.setattr(face_mesh, 'TESTED', 4)
    monkeypatch.setattr(face_mesh, 'SIDE', SIDE)
    with pytest.raises(ValueError, match='expected faces in 90% of rendered pictures of 64 pixels, '
                       'got 80%'):
        face_mesh.FaceMesh(toy.model(), SIDE, points=Vertices(toy.model(), lost=(1, 7)))


@pytest.mark.parametrize('names', ['dlib,mobilefacenet', '', 'mediapipe,mediapipe', 'dlib,'])
def test_names_of_judges(names):
    with pytest.raises(ValueError, match='judge: expected one network for identity'):
        Judge.load(names, toy.model(), SIDE)


def test_a_judge_of_both(fitted):
    mesh, points = fitted
    points.seen, points.lost = 0, ()
    judge = Judge(mesh=mesh)
    found = judge(np.zeros([2, SIDE, SIDE, 3], np.float32))
    assert set(found) == {factors.EXPRESSION, factors.POSE} and judge.error is mesh.error
    assert Judge().error is None and Judge()(np.zeros([1, 2, 2, 3])) == {}


def test_without_mediapipe(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'mediapipe', None)
    with pytest.raises(ValueError, match='judge: expected mediapipe 0.10.14, .* tfdisco.judge.'):
        face_mesh.MediapipePoints()


@pytest.mark.skipif(importlib.util.find_spec('mediapipe') is None,
                    reason='needs the extra judge')
def test_mediapipe_on_rendered_faces(monkeypatch):
    from tfdisco.face3d.morphable_model import MorphableModel
    monkeypatch.setattr(face_mesh, 'FITTED', 150)
    monkeypatch.setattr(face_mesh, 'TESTED', 50)
    error = face_mesh.FaceMesh(MorphableModel.load('open_head'), 128).error
    assert error['found'] > 0.98 and error['pose_degrees'] < 4 and error['landmark_percent'] < 5
    assert error['expression_mm'] < 0.9 * error['expression_mm_of_mean']
