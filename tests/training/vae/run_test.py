"""A whole run of the coefficient VAEs: files, resume, curves, errors."""

import dataclasses
import json
import os
import signal

import numpy as np
import pytest
from PIL import Image

from tests.face3d import toy
from tfdisco.data.records import face_record
from tfdisco.data.records import folder as records
from tfdisco.face3d import model_file
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.face3d.sampling import sample_coefficients
from tfdisco.networks.vae import CoefficientVAEs
from tfdisco.networks.vae import file as vae_file
from tfdisco.training.run import loop
from tfdisco.training.vae import run as vae_run
from tfdisco.training.vae.run import VAERun


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp('model') / 'toy.npz'
    model_file.write(path, toy.arrays(expression=4))
    return str(path)


@pytest.fixture
def small(monkeypatch, model):
    """A run of 20 steps, with few people measured."""
    monkeypatch.setattr(vae_run.vae_metrics, 'evaluate',
                        lambda *_, **__: [{'metric': 'stub', 'value': 0.0}])
    return VAERun(model=model, count=200, steps=20, batch=16, log_every=5, snapshot_every=10,
                  factors=('pose', 'illumination'))


def curves(folder):
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != 'seconds'}
            for line in lines]


@pytest.mark.slow
def test_interrupted_run_ends_as_the_uninterrupted(tmp_path, small):
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    card = vae_run.train(small, straight)
    assert card['data'] == '200 people drawn from toy' and card['seconds'] > 0
    assert json.loads((straight / 'coefficient_vae.json').read_text()) == card

    def pull_the_plug(step, _):
        if step == 17:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vae_run.train(small, broken, pull_the_plug)
    assert [line['step'] for line in curves(broken)] == [5, 10, 15]
    assert set(vae_file.read(broken / 'coefficient_vae.npz').weights) == {'pose', 'illumination'}
    with open(broken / 'metrics.jsonl', 'a', encoding='utf-8') as file:
        file.write('{"step": 16, "se')  # cut off in the middle of a line
    seen = []
    vae_run.train(small, broken, lambda step, _: seen.append(step))
    assert seen == list(range(11, 21))
    assert curves(broken) == curves(straight)
    assert ((broken / 'coefficient_vae.npz').read_bytes()
            == (straight / 'coefficient_vae.npz').read_bytes())
    vae_run.train(small, broken, seen.append)  # nothing left to do
    assert len(seen) == 10


def test_sigterm_keeps_what_was_done(tmp_path, small):
    def terminate(step, _):
        if step == 7:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(loop.Interrupted, match='ended after 7 steps'):
        vae_run.train(small, tmp_path, terminate)
    seen = []
    vae_run.train(small, tmp_path, lambda step, _: seen.append(step))
    assert seen == list(range(8, 21))


def test_leaves_curves_and_pictures(tmp_path, small):
    vae_run.train(small, tmp_path)
    first = curves(tmp_path)[0]
    assert set(first) == {'step'} | {f'{factor}/{name}' for factor in small.factors
                                     for name in ('reconstruction', 'kl', 'match', 'gamma')}
    assert list(tmp_path.glob('events.out.tfevents.*'))
    for name in ('scatter.png', 'faces.png'):
        assert np.asarray(Image.open(tmp_path / name)).std() > 10
    assert not list(tmp_path.glob('*.part'))


def test_all_factors_from_a_file_of_data(tmp_path, model):
    size = toy.arrays(expression=4)['identity_basis'].shape[0] + 3 + 4 + 30
    people = np.random.default_rng(0).normal(size=(150, size)).astype(np.float32)
    np.savez(tmp_path / 'people.npz', coefficients=people)
    run = VAERun(model=model, data=str(tmp_path / 'people.npz'), steps=2, batch=8, log_every=1,
                 snapshot_every=1)
    card = vae_run.train(run, tmp_path / 'run')
    assert card['data'] == '150 people of people.npz'
    assert 'terms of the data' in card['licence']
    assert {row['count'] for row in card['figures']} == {75}
    assert '--data=' in card['command'] and '--count' not in card['command']
    vaes = CoefficientVAEs.load(tmp_path / 'run' / 'coefficient_vae.npz')
    assert vaes.decode(np.zeros((1, vaes.latents))).shape == (1, size)


def test_people_of_the_model_among_those_of_the_data(tmp_path, model, small):
    of = MorphableModel.load(model)
    people = toy.people(of, 60)
    np.savez(tmp_path / 'people.npz', coefficients=people)
    run = dataclasses.replace(small, data=str(tmp_path / 'people.npz'), blend=0.4)
    found = vae_run._people(run, of)
    np.testing.assert_array_equal(found[:60], people)
    np.testing.assert_array_equal(found[60:], sample_coefficients(of, 40, [small.seed, 0]))
    card = vae_run.train(dataclasses.replace(run, steps=5, snapshot_every=5), tmp_path / 'run')
    assert card['data'] == '100 people of people.npz, 40% of them drawn from toy'


def test_data_may_be_a_folder_of_records(tmp_path, model, small):
    of = MorphableModel.load(model)
    people = toy.people(of, 60)
    (tmp_path / 'faces').mkdir()
    records.write_shard(records.shard_path(tmp_path / 'faces', 0, 1), [
        face_record.FaceRecord(np.zeros((8, 8, 3), np.uint8), row, np.zeros((68, 2), np.float32),
                           np.zeros((8, 8), np.uint8), None, number)
        for number, row in enumerate(people)])
    records.write_card(tmp_path / 'faces', {'model': 'toy'})
    run = dataclasses.replace(small, data=str(tmp_path / 'faces') + '/', steps=5, snapshot_every=5)
    card = vae_run.train(run, tmp_path / 'run')
    assert card['data'] == '60 people of faces'
    assert card['source'] == 'scripts/train_vae.py on faces'
    np.savez(tmp_path / 'people.npz', coefficients=people)
    vae_run.train(dataclasses.replace(run, data=str(tmp_path / 'people.npz')), tmp_path / 'same')
    weights = [vae_file.read(tmp_path / folder / 'coefficient_vae.npz').weights['pose']
               for folder in ('run', 'same')]
    assert all((value == weights[1][name]).all() for name, value in weights[0].items())
    records.write_card(tmp_path / 'faces', {'model': 'bfm09'})
    with pytest.raises(ValueError, match='expected faces of the morphable model toy, got those '
                       'of bfm09'):
        vae_run.train(run, tmp_path / 'other')
    assert not (tmp_path / 'other').exists()


def test_another_run_in_the_folder_is_refused(tmp_path, small):
    vae_run.train(small, tmp_path)
    other = VAERun(**{**vars(small), 'steps': 30})
    with pytest.raises(ValueError, match='holds a run with steps=20; pass the same flags'):
        vae_run.train(other, tmp_path)


@pytest.mark.parametrize('fields, message', [
    ({'factors': ('hair',)}, "factors: expected one of .* got 'hair'"),
    ({'factors': ()}, r'factors: expected some of .* got \[\]'),
    ({'factors': ('pose', 'pose')}, 'each once'),
    ({'steps': 0}, 'steps: expected a positive integer, got 0'),
    ({'blend': 0.5}, 'blend: expected from 0 to below 1, and data for more than 0, got 0.5'),
    ({'blend': 1.0, 'data': 'x'}, 'blend: expected .* got 1.0'),
    ({'learning_rate': 0.0}, 'learning_rate: expected above 0, got 0.0'),
    ({'match_weight': -1.0}, 'match_weight: expected 0 or more, got -1.0'),
    ({'snapshot_every': 150}, 'snapshot_every: expected a multiple of log_every = 100, got 150'),
])
def test_fields_are_checked(fields, message):
    with pytest.raises(ValueError, match=message):
        VAERun(**fields)


def test_command_says_what_is_not_default():
    assert VAERun().command() == 'python scripts/train_vae.py'
    assert VAERun(steps=7, factors=('pose', 'identity')).command() == (
        'python scripts/train_vae.py --factors=pose,identity --steps=7')
