"""A whole run of each perception network: files, resume, curves, errors."""

import functools
import json

import numpy as np
import pytest
from PIL import Image

from tests.face3d import toy
from tests.training.perception import rendered
from tfdisco.face3d import model_file
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.perception.parsing import Parsing
from tfdisco.perception.recognition import Recognition
from tfdisco.perception.reconstruction import Reconstruction
from tfdisco.training.perception import data as perception_data
from tfdisco.training.perception import run as perception_run
from tfdisco.training.perception import tasks
from tfdisco.training.perception.run import PerceptionRun

TERMS = {'reconstruction': {'landmarks', 'pose', 'expression', 'color'},
         'recognition': {'margin_softmax', 'coefficients'},
         'parsing': {'cross_entropy', 'hair_overlap'}}
FIGURES = {'reconstruction': {'landmarks_percent', 'pose_degrees', 'expression_rms_mm', 'color'},
           'recognition': {'recognition_auc'}, 'parsing': {'hair_iou', 'face_iou'}}

LOADS = {
    'reconstruction': lambda path, data: Reconstruction.load(
        path, MorphableModel.load(data / 'toy.npz')),
    'recognition': lambda path, data: Recognition.load(path),
    'parsing': lambda path, data: Parsing.load(path),
}


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data')
    rendered.write(folder / 'faces')
    model_file.write(folder / 'toy.npz', toy.arrays())
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Networks of a few thousand weights that look at 16 pixels."""
    monkeypatch.setattr(perception_data, 'SIZE', rendered.SIZE)
    sizes = {'widths': (4, 6), 'blocks': (0, 1), 'input_size': 16}
    for name, more in (('ParsingNetwork', {}), ('RecognitionNetwork', {'size': 8, 'channels': 4})):
        network = getattr(tasks, name)
        monkeypatch.setattr(tasks, name, functools.partial(network, **sizes, **more))
    for_model = tasks.ReconstructionNetwork.for_model
    monkeypatch.setattr(tasks.ReconstructionNetwork, 'for_model', functools.partial(
        for_model, **sizes, channels=4, hidden=16))


def run_of(data, network, **changes):
    values = {'steps': 4, 'batch': 4, 'log_every': 1, 'snapshot_every': 2,
              'model': str(data / 'toy.npz'), **changes}
    return PerceptionRun(network, str(data / 'faces'), **values)


def curves(folder):
    lines = (folder / 'metrics.jsonl').read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != 'seconds'}
            for line in lines]


@pytest.mark.parametrize('network', ['reconstruction', 'recognition', 'parsing'])
def test_leaves_a_network_its_card_curves_and_a_picture(tmp_path, data, network):
    card = perception_run.train(run_of(data, network), tmp_path)
    assert json.loads((tmp_path / f'{network}.json').read_text()) == card
    assert card['trained_on'] == {'faces': 16, 'people': 4}
    assert card['held_out'] == {'faces': 8, 'people': 2}
    assert card['data']['count'] == 24 and 'rendered faces alone' in card['licence']
    wanted = {f'{kind}/{name}' for kind in ('plain', 'changed') for name in FIGURES[network]}
    assert set(card['figures']) >= wanted
    lines = curves(tmp_path)
    assert [line['step'] for line in lines] == [1, 2, 3, 4]
    assert all(set(line) >= TERMS[network] for line in lines)
    assert [wanted <= set(line) for line in lines] == [False, True] * 2
    assert list(tmp_path.glob('events.out.tfevents.*'))
    assert np.asarray(Image.open(tmp_path / f'{network}.png')).std() > 10
    frozen = LOADS[network](str(tmp_path / f'{network}.npz'), data)
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 40, 40, 3)).astype(np.float32)
    assert all(np.isfinite(values).all() for values in frozen(pictures))


@pytest.mark.slow
def test_interrupted_run_ends_as_the_uninterrupted(tmp_path, data):
    run = run_of(data, 'recognition')
    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    perception_run.train(run, straight)

    def pull_the_plug(step, _):
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perception_run.train(run, broken, pull_the_plug)
    seen = []
    perception_run.train(run, broken, lambda step, _: seen.append(step))
    assert seen == [3, 4]
    assert curves(broken) == curves(straight)
    assert ((broken / 'recognition.npz').read_bytes()
            == (straight / 'recognition.npz').read_bytes())


def test_photographs_join_reconstruction(tmp_path, data):
    rendered.write(tmp_path / 'photos', hair=False)
    run = run_of(data, 'reconstruction', steps=2, photos=str(tmp_path / 'photos'))
    card = perception_run.train(run, tmp_path / 'run')
    assert all(set(line) >= TERMS['reconstruction'] | {
        'photo_photometric', 'photo_landmarks', 'photo_likelihood'}
        for line in curves(tmp_path / 'run'))
    assert card['source'].endswith('on faces and photos') and 'photographs' in card['licence']


def test_another_run_in_the_folder_is_refused(tmp_path, data):
    perception_run.train(run_of(data, 'parsing', steps=2), tmp_path)
    with pytest.raises(ValueError, match='holds a run with steps=2; pass the same flags'):
        perception_run.train(run_of(data, 'parsing'), tmp_path)


def test_no_data(tmp_path, data):
    run = PerceptionRun('parsing', str(tmp_path / 'nowhere'), str(data / 'toy.npz'))
    with pytest.raises(FileNotFoundError, match='nowhere'):
        perception_run.train(run, tmp_path / 'run')
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('fields, message', [
    ({'network': 'hair'}, "network: expected one of .* got 'hair'"),
    ({'steps': 0}, 'steps: expected a positive integer, got 0'),
    ({'learning_rate': 0.0}, 'learning_rate: expected above 0, got 0.0'),
    ({'scale': -1.0}, 'scale: expected above 0, got -1.0'),
    ({'weight_decay': -1.0}, 'weight_decay: expected 0 or more, got -1.0'),
    ({'margin': 1.0}, 'margin: expected from 0 to below 1, got 1.0'),
    ({'photos': 'p'}, 'photos: expected none, as parsing trains on rendered faces alone, got p'),
    ({'recognition': 'r'}, 'recognition: expected photos to compare, got r and none'),
    ({'snapshot_every': 75}, 'snapshot_every: expected a multiple of log_every = 50, got 75'),
])
def test_fields_are_checked(fields, message):
    with pytest.raises(ValueError, match=message):
        PerceptionRun(**{'network': 'parsing', 'data': 'x', **fields})


def test_the_card_names_no_folder_of_this_machine():
    run = PerceptionRun('reconstruction', 'here/faces/', photos='there/lfw')
    assert (run.without_folders().data, run.without_folders().photos) == ('faces', 'lfw')
    assert PerceptionRun('parsing', 'faces').without_folders().photos is None


def test_command_says_what_is_not_default():
    assert PerceptionRun('parsing', 'x', steps=7).command() == (
        'python scripts/train_perception.py --network=parsing --data=x --steps=7')


@pytest.mark.slow
def test_begins_with_the_weights_of_another_run(tmp_path, data):
    perception_run.train(run_of(data, 'parsing'), tmp_path / 'first')
    changes = {'start': str(tmp_path / 'first'), 'learning_rate': 1e-12, 'weight_decay': 0.0,
               'augmentation': 0.0}
    card = perception_run.train(run_of(data, 'parsing', **changes), tmp_path / 'second')
    assert card['config']['start'] == 'first'  # no path of the machine
    assert card['before']['seconds'] > 0 and '--steps=4' in card['before']['command']
    weights = [dict(np.load(tmp_path / run / 'parsing.npz')) for run in ('first', 'second')]
    kernels = [name for name, value in weights[0].items() if value.ndim == 4]
    cold = dict(np.load(_cold(tmp_path, data) / 'parsing.npz'))
    for name in kernels:  # but for batch normalisation's statistics, which are folded in
        together = [np.corrcoef(weights[0][name].ravel(), other[name].ravel())[0, 1]
                    for other in (weights[1], cold)]
        assert together[0] > 0.99 and together[1] < 0.9


def _cold(tmp_path, data):
    perception_run.train(run_of(data, 'parsing', learning_rate=1e-12, seed=1), tmp_path / 'cold')
    return tmp_path / 'cold'


def test_refuses_a_start_that_is_no_run_of_the_network(tmp_path, data):
    perception_run.train(run_of(data, 'recognition'), tmp_path / 'other')
    with pytest.raises(ValueError, match='start: expected the folder of a run with snapshots'):
        perception_run.train(run_of(data, 'parsing', start=str(tmp_path)), tmp_path / 'a')
    with pytest.raises(ValueError, match='start: expected a run of the same networks'):
        perception_run.train(run_of(data, 'parsing', start=str(tmp_path / 'other')),
                             tmp_path / 'b')
    with pytest.raises(ValueError, match='augmentation: expected from 0 to 1, got 2'):
        run_of(data, 'parsing', augmentation=2.0)
