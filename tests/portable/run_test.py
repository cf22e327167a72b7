"""A package trains as TensorFlow does, goes on where it was, comes back, refuses damage."""

import json
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.face3d import toy
from tests.portable.conftest import SCHEDULE
from tests.training.gan import small
from tfdisco.data.records.stream import ImageStream
from tfdisco.images import to_uint8
from tfdisco.networks import generator_file
from tfdisco.networks.generator_file import named_weights
from tfdisco.networks.inputs import GeneratorInputs
from tfdisco.training.gan import run as gan_run
from tfdisco.training.gan import start
from tfdisco.training.gan.schedule import STAGES, Schedule
from tfdisco.training.run.folder import history

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
    """Terms of the same steps by TensorFlow's kernels but for random numbers; its trainer."""
    _, config = package
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TFDISCO_OPS', 'reference')
        # Of the same bits, XLA makes other normal numbers than TensorFlow's kernel.
        draw = tf.raw_ops.StatelessRandomNormalV2
        patch.setattr(tf.raw_ops, 'StatelessRandomNormalV2', lambda counter, **rest: tf.function(
            lambda counter: draw(counter=counter, **rest), autograph=False,
            jit_compile=True)(counter))
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
    # Of each array's largest number: second moments reach ten thousands, biases begin at 0.
    errors = {}
    for name in names:
        wanted = np.asarray(variables[name])
        errors[name] = np.abs(last[f'state/{name}'] - wanted).max() / (np.abs(wanted).max() + 1e-6)
    print(max(errors.values()), max(errors, key=errors.get))
    assert max(errors.values()) < 1e-4, errors


@pytest.mark.slow
def test_goes_on_to_the_same_bits_after_a_kill(package, trained, begin, run, tmp_path):
    path = tmp_path / 'package'
    shutil.copytree(package[0], path)
    curves = path / 'metrics.jsonl'
    process = begin(path)
    # Beyond the snapshot of step 10.
    while process.poll() is None and (
            not curves.exists() or curves.read_text().count('\n') < 13):
        time.sleep(0.02)
    process.kill()
    text = process.communicate()[0]
    assert process.returncode == -9, text
    (path / 'written.part').write_text('by half')
    before = state(path)
    assert before['steps'] < STEPS
    status, text = run(path, f'--steps={3}')  # and an end between two snapshots
    assert status == 0 and 'the same command goes on' in text, text
    assert state(path)['steps'] == before['steps'] + 3
    status, text = run(path)
    assert status == 0, text
    assert not (path / 'written.part').exists()
    first, second = state(trained[0]), state(path)
    assert set(first) == set(second)
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []
    times = {'seconds', 'machine/images_per_second'}
    assert [{name: value for name, value in point.items() if name not in times}
            for point in points(trained[0])] == [
        {name: value for name, value in point.items() if name not in times}
        for point in points(path)]


@pytest.mark.slow
def test_what_was_trained_starts_a_run(trained, package, source):
    path, last = trained[0], state(trained[0])
    config = small.config(source, **SCHEDULE, start=str(path))
    trainer = gan_run.make_trainer(config, *gan_run.load(config))
    for network, of in (('generator', 'average'), ('average', 'average'),
                        ('discriminator', 'discriminator')):
        for name, variable in named_weights(getattr(trainer, network)).items():
            assert np.array_equal(np.asarray(variable), last[f'state/{of}/{name}']), name
    assert generator_file.read(path / 'generator.npz')[1].model == source['model']
    card = json.loads((path / 'generator.json').read_text())
    assert card['images'] == 80 and card['command'] == package[1].command()
    assert history(start.origin(str(path), 'generator'), 'generator') == {
        name: card[name] for name in ('command', 'seconds', 'before')}
    losses = json.loads((path / 'discriminator.json').read_text())['figures']
    assert losses['discriminator/real'] == points(path)[-1]['discriminator/real']


@pytest.mark.slow
def test_the_sheet_shows_the_average(trained):
    path = trained[0]
    generator, _ = generator_file.read(path / 'generator.npz')
    found = np.asarray(Image.open(path / 'samples.png'))
    config = json.loads((path / 'package.json').read_text())
    assert found.shape == (4 * 32, config['columns'] * 32, 3)
    inputs = GeneratorInputs(small.vaes_of(toy.model().layout), small.NETWORK['noise'])
    z = np.random.default_rng(SCHEDULE['seed']).standard_normal([16, inputs.latents], np.float32)
    faces = to_uint8(generator(inputs(z)))
    for index, face in enumerate(faces):
        top, left = 32 * (index // 4), 32 * (index % 4)
        there = found[top:top + 32, left:left + 32].astype(int)
        assert np.abs(there - face.astype(int)).max() <= 1


@pytest.mark.slow
def test_a_damaged_module_ends_with_one_line_and_status_1(package, run, tmp_path):
    path = tmp_path / 'package'
    shutil.copytree(package[0], path)
    module = sorted((path / 'modules').iterdir())[0]
    data = bytearray(module.read_bytes())
    data[len(data) // 2] ^= 1
    module.write_bytes(data)
    status, text = run(path)
    assert status == 1 and 'Traceback' not in text
    assert f'{module.name}: expected the bytes that were written' in text
    assert 'copy the package again' in text.splitlines()[-1]
