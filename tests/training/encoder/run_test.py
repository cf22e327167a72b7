"""A whole run of an encoder, tiny: it learns, is interrupted, goes on, and is used."""

import json

import numpy as np
import pytest

from tests.editing import small as tiny
from tests.training.gan import small
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.inversion import face_file
from tfdisco.editing.inversion.encoder import Encoder
from tfdisco.perception.observe import Perception
from tfdisco.training.encoder import run as encoder_run
from tfdisco.training.encoder.run import EncoderRun, train

SIZES = {'widths': (4, 6), 'blocks': (1, 1), 'channels': 3, 'hidden': 8, 'input_size': 32}


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('encoder')
    source = small.write(folder)
    small.write_generator(folder / 'g.npz', source)
    return EncoderRun(str(folder / 'g.npz'), None, source['reconstruction'], source['recognition'],
                      steps=12, batch=4, learning_rate=5e-3, log_every=2,
                      snapshot_every=4)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """What stands for networks, as these take long to trace."""
    looking = Perception(tiny.Eyes(), tiny.Glance(), tiny.Halves())
    monkeypatch.setattr(encoder_run.Perception, 'load', lambda *_: looking)
    monkeypatch.setattr(encoder_run.features, 'load', lambda *_: tiny.coarse)


@pytest.mark.slow
def test_an_interrupted_run_ends_as_the_uninterrupted(run, tmp_path):
    card = train(run, tmp_path / 'straight', network=SIZES)
    assert json.loads((tmp_path / 'straight/encoder.json').read_text()) == card
    assert (tmp_path / 'straight/encoder.png').exists()
    points = [json.loads(line) for line in (tmp_path / 'straight/metrics.jsonl').read_text(
        ).splitlines()]
    assert set(points[0]) >= {'pixels', 'perceptual', 'identity', 'offset', 'size'}
    assert points[-1]['offset'] < points[0]['offset']

    def pull_the_plug(step, _):
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, tmp_path / 'broken', pull_the_plug, SIZES)
    train(run, tmp_path / 'broken', network=SIZES)
    faces = FaceGenerator.load(run.snapshot)
    encoders = [Encoder.load(str(tmp_path / name / 'encoder.npz'),
                             face_file.fingerprint(faces.generator), 1.0)
                for name in ('straight', 'broken')]
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(*(encoder(images) for encoder in encoders), atol=2e-3)


def test_wrong_fields_are_refused():
    for fields, message in (({'steps': 0}, 'steps: expected a positive'),
                            ({'learning_rate': 0.0}, 'learning_rate: expected above 0'),
                            ({'offset_weight': -1.0}, 'offset_weight: expected 0 or more'),
                            ({'photos': 'x', 'batch': 1}, 'batch: expected 2 or more'),
                            ({'log_every': 3, 'snapshot_every': 4}, 'snapshot_every: expected a')):
        with pytest.raises(ValueError, match=message):
            EncoderRun(**fields)
    assert EncoderRun(photos='a/b/', steps=3).command() == (
        'python scripts/train_encoder.py --photos=b --steps=3')
