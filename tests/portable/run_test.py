"""A package trains as TensorFlow does, goes on where it was, comes back, refuses damage."""

import json
import shutil

import numpy as np
import pytest

from tfdisco.data.records.stream import ImageStream
from tfdisco.training.gan import run as gan_run
from tfdisco.training.gan.schedule import STAGES, Schedule

STEPS = 20


def points(path):
    return [json.loads(line) for line in (path / 'metrics.jsonl').read_text().splitlines()]


def state(path):
    with np.load(path / 'last.npz') as stored:
        return {name: stored[name] for name in stored.files if name != 'seconds'}


@pytest.fixture(scope='module')
def trained(package, run, tmp_path_factory):
    """The package after all steps at once."""
    path = tmp_path_factory.mktemp('trained') / 'package'
    shutil.copytree(package[0], path)
    status, text = run(path)
    assert status == 0, text
    return path, text


@pytest.fixture(scope='module')
def expected(package):
    """Terms of the same steps by TensorFlow's own kernels, and its trainer."""
    _, config = package
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TFDISCO_OPS', 'reference')
        trainer = gan_run.make_trainer(config, *gan_run.load(config))
        schedule = Schedule(config.network, config.loss, config.schedule)
        batches = iter(ImageStream(config.source.data, 32, config.source.seed).dataset(0, 4))
        found, stages = [], set()
        while int(trainer.images_seen) < schedule.total_images:
            now = schedule.at(int(trainer.images_seen))
            stages.add(now.stage)
            found.append(trainer.step(next(batches), now))
    assert stages == set(STAGES) - {'adversarial'} and len(found) == STEPS
    return found, trainer


@pytest.mark.slow
def test_twenty_steps_of_all_stages_equal_tensorflows(trained, expected):
    found = points(trained[0])
    assert len(found) == STEPS
    worst = {}
    for point, terms in zip(found, expected[0]):
        assert set(point) - {'machine/images_per_second'} == {*terms, 'step', 'seconds', 'images'}
        for name, value in terms.items():
            worst[name] = max(worst.get(name, 0.0), abs(point[name] - value) / max(1, abs(value)))
    print(worst)
    assert max(worst.values()) < 1e-4, worst


@pytest.mark.slow
def test_weights_equal_tensorflows_after_twenty_steps(trained, expected):
    last = state(trained[0])
    variables = expected[1].variables()
    names = [name for name in variables if f'state/{name}' in last]
    assert len(names) == len(variables) - 2  # of learning rates
    errors = {name: np.abs(last[f'state/{name}'] - np.asarray(variables[name])).max()
              for name in names}
    print(max(errors.values()), max(errors, key=errors.get))
    assert max(errors.values()) < 1e-3, errors
