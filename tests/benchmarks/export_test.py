"""The export benchmark: what is timed is the same work."""

import numpy as np
import pytest
import tensorflow as tf

from tests.training.gan import small
from tfdisco import benchmarks
from tfdisco.benchmarks import export
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.export import saved_model
from tfdisco.export.functions import Faces
from tfdisco.networks import trained

pytestmark = pytest.mark.slow  # a SavedModel each


@pytest.fixture(scope='module')
def snapshot(tmp_path_factory):
    folder = tmp_path_factory.mktemp('export')
    small.write_generator(folder / 'g.npz', small.write(folder / 'source'))
    return folder / 'g.npz'


def test_rows_are_whole(monkeypatch, snapshot):
    monkeypatch.setattr(export, 'BATCHES', (1, 3))
    rows = {row['name']: row for row in benchmarks.run('export', 1, snapshot=snapshot)}
    assert list(rows) == ['load', 'warm_up', 'first_answer', 'latents_1', 'latents_3']
    assert rows['latents_3']['images_per_second'] == pytest.approx(
        3e3 / rows['latents_3']['ours_ms'])
    assert all(row['ours_ms'] > 0 and row['megabytes'] > 0.01 for row in rows.values())
    assert len(benchmarks.table(list(rows.values())).splitlines()) == len(rows) + 1


def test_both_draw_the_same(snapshot, tmp_path):
    loaded = trained.load(snapshot)
    saved_model.write(tmp_path / '1', Faces(loaded))
    model, asked = tf.saved_model.load(str(tmp_path / '1')), []
    ours, peer = export.functions(model, FaceGenerator(*loaded), 3)
    assert np.abs(np.int32(ours()) - peer()).max() <= 1 and np.ptp(peer()) > 20

    class Watched:
        signatures = {name: lambda _name=name, **inputs: asked.append((_name, inputs))
                      for name in model.signatures}

    export.warm_up(Watched, tmp_path / '1')
    assert sorted(name for name, _ in asked) == sorted(model.signatures)
    yaw = dict(asked)['serving_default']['yaw']
    assert yaw.dtype == tf.float32 and yaw.numpy().tolist() == [0]
