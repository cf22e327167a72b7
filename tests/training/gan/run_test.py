"""A whole GAN training: stages, files, resume, errors."""

import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.training.gan import small
from tfdisco.networks import discriminator_file, generator_file
from tfdisco.training.gan import run, trainer
from tfdisco.training.run import loop

BOTH = pytest.mark.parametrize('arch, changes', [
    ('stylegan2', {}),
    # Grows from 8 to 64 pixels within a few steps.
    ('stylegan', {'grow_kimg': 0.016, 'fade_kimg': 0.016, 'pixel_kimg': 0.0, 'batch': 2,
                  'imitative_kimg': 0.098, 'contrastive_kimg': 0.004, 'path_length_weight': 0.0,
                  'resolution': 64})])

# Without rendered faces and perception, whose graphs take most of the time to build.
PLAIN = {'imitative': False, 'contrastive': False, 'deterministic': True}


HELD = {'generator_hold_kimg': 0.012, 'pixel_kimg': 0.0, 'imitative_kimg': 0.0,
        'contrastive_kimg': 0.0}


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    return small.write(tmp_path_factory.mktemp('source'))


@pytest.fixture(scope='module')
def whole(source, tmp_path_factory):
    """A plain run from beginning to end; to be read, not to be written to."""
    folder = tmp_path_factory.mktemp('whole')
    run.train(small.config(source, **PLAIN), folder)
    return folder


def curves(folder):
    return [json.loads(line) for line in (folder / 'metrics.jsonl').read_text().splitlines()]


def without_time(folder):
    return [{name: value for name, value in line.items()
             if name != 'seconds' and not name.startswith('machine/')} for line in curves(folder)]


def weights(folder):
    return hashlib.sha256((folder / 'generator.npz').read_bytes()).hexdigest()


@pytest.mark.slow
@BOTH
def test_all_stages_leave_pictures_and_a_report(source, tmp_path, arch, changes):
    stages = []
    run.train(small.config(source, arch=arch, **changes), tmp_path,
                  progress=lambda seen, total, state, terms: stages.append(state))
    names = [state.stage for state in stages]
    assert list(dict.fromkeys(names)) == ['pixel', 'imitative', 'contrastive']
    if arch == 'stylegan':
        assert list(dict.fromkeys(state.resolution for state in stages)) == [8, 16, 32, 64]
        assert {state.batch for state in stages} == {16, 8, 4, 2}
    last = curves(tmp_path)[-1]
    assert {'adversarial', 'imitative/landmarks', 'contrastive/warp', 'contrastive/hair',
            'discriminator/real', 'learning_rate', 'control/pose_degrees', 'generator/weights',
            'discriminator/weights', 'discriminator/gradient', 'machine/images_per_second',
            'machine/memory_gb'} <= set(last)
    generator, made_with = generator_file.read(tmp_path / 'generator.npz')
    assert made_with.model == source['model'] and generator.config.arch == arch
    for name in ('samples', 'varied', 'pairs'):
        assert np.asarray(Image.open(tmp_path / f'{name}.png')).std() > 5
    report = (tmp_path / 'report.md').read_text()
    assert all(f'| {stage} ' in report for stage in ('pixel', 'imitative', 'contrastive'))
    assert 'control/landmark_percent' in report and f'--data={source["data"]}' in report
    card = json.loads((tmp_path / 'generator.json').read_text())
    assert card['licence'] == 'MIT; trained on rendered faces alone' and card['images'] == (
        curves(tmp_path)[-1]['images'])
    assert card['command'].startswith('python scripts/train.py ') and (
        '--data=faces' in card['command']) and f'--arch={arch}' in card['command'] + (
        ' --arch=stylegan2')
    # Of the generator as it is stored, which the last snapshot measured too.
    for name, value in card['figures'].items():
        assert value == pytest.approx(last[f'control/{name}'], rel=1e-3), name
    snapshots = [line for line in curves(tmp_path) if 'control/pose_degrees' in line]
    assert len(os.listdir(tmp_path / 'best')) == min(len(snapshots), 3)
    assert list(tmp_path.glob('events.*'))


@pytest.mark.slow
def test_goes_on_as_if_never_interrupted(source, whole, tmp_path):
    config = small.config(source, **PLAIN)

    class Killed(BaseException):
        pass

    def kill_at(images):
        def progress(seen, total, state, terms):
            if seen >= images:
                raise Killed
        return progress

    for images in (4, 12):  # before the first snapshot, and a step behind it
        with pytest.raises(Killed):
            run.train(config, tmp_path / 'killed', progress=kill_at(images))
    run.train(config, tmp_path / 'killed')
    assert without_time(tmp_path / 'killed') == without_time(whole)
    assert weights(tmp_path / 'killed') == weights(whole)


@contextlib.contextmanager
def largest_file(size):
    """No file may grow beyond that many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_leaves_the_last_snapshot(source, whole, tmp_path):
    config = small.config(source, **PLAIN)
    limit = contextlib.ExitStack()

    def fill_up(seen, total, state, terms):
        if seen == 12:
            limit.enter_context(largest_file(20_000))

    with limit, pytest.raises(OSError, match=r'cannot write that of step 4 .*make room'):
        run.train(config, tmp_path / 'full', progress=fill_up)
    run.train(config, tmp_path / 'full')
    assert without_time(tmp_path / 'full') == without_time(whole)
    assert weights(tmp_path / 'full') == weights(whole)


@pytest.mark.slow
def test_the_configuration_is_shown_and_steps_are_profiled(source, tmp_path):
    config = small.config(source, **PLAIN, imitative_kimg=0.05)
    run.train(config, tmp_path, profile_steps=2)
    texts = [value.tensor.string_val[0].decode() for path in tmp_path.glob('events.*')
             for event in tf.compat.v1.train.summary_iterator(str(path))
             for value in event.summary.value if value.tag == 'config']
    assert len(texts) == 1 and '--fmap_max=8' in texts[0]
    assert len(list(tmp_path.glob('plugins/profile/*/*.xplane.pb'))) == 1


@pytest.mark.slow
def test_sigterm_keeps_what_was_done(source, tmp_path):
    config = small.config(source, **PLAIN)
    seen = []

    def terminate(images, total, state, terms):
        seen.append(images)
        if len(seen) == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(loop.Interrupted, match='ended after 4 images'):
        run.train(config, tmp_path, progress=terminate)
    run.train(config, tmp_path, progress=terminate)
    assert seen == [4, 8, 12, 16]


@pytest.mark.slow
def test_a_term_that_is_no_number_is_named_and_leaves_the_last_snapshot(source, tmp_path,
                                                                      monkeypatch):
    step = trainer.GanTrainer.step
    calls = []

    def broken(self, images, state):
        calls.append(1)
        if len(calls) == 3:
            self.generator.start.assign(tf.fill(self.generator.start.shape, np.nan))
        return step(self, images, state)

    monkeypatch.setattr(trainer.GanTrainer, 'step', broken)
    with pytest.raises(FloatingPointError, match=r'step 3: expected finite losses, got .*fake'):
        run.train(small.config(source, **PLAIN), tmp_path)
    read, _ = generator_file.read(tmp_path / 'generator.npz')
    assert np.isfinite(read.start).all()
    assert [line['step'] for line in curves(tmp_path)] == [1, 2]


@pytest.mark.slow
def test_begins_with_the_weights_of_another_run(source, whole, tmp_path):
    # Steps that move nothing.
    still = {'start': str(whole), 'learning_rate': 1e-12, 'imitative_kimg': 0.008,
             'contrastive_kimg': 0.0}
    run.train(small.config(source, **PLAIN, **still), tmp_path / 'second')
    begun, ended = (generator_file.read(folder / 'generator.npz')[0]
                    for folder in (whole, tmp_path / 'second'))
    for before, after in zip(begun.trainable_variables, ended.trainable_variables):
        # The average goes after the generator, a few steps away; fresh weights are N(0, 1).
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-2)
    before = json.loads((tmp_path / 'second/generator.json').read_text())['before']
    assert before['command'].startswith('python scripts/train.py') and before['before'] is None
    discriminators = [discriminator_file.read(folder / 'discriminator.npz')
                      for folder in (whole, tmp_path / 'second')]
    for before, after in zip(*(each.trainable_variables for each in discriminators)):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match='start: expected the folder of a run with snapshots'):
        run.train(small.config(source, **PLAIN, start=str(tmp_path)), tmp_path / 'third')
    with pytest.raises(ValueError, match='start: expected a run of the same networks'):
        run.train(small.config(source, **{**PLAIN, **still, 'fmap_max': 4}), tmp_path / 'third')


@pytest.mark.slow
def test_begins_with_the_generator_and_discriminator_of_files(source, whole, tmp_path,
                                                              monkeypatch):
    config = small.config(source, **PLAIN, start=str(whole / 'generator.npz'), pixel_kimg=0.0,
                          imitative_kimg=0.004, contrastive_kimg=0.0)  # one step
    run.train(config, tmp_path)
    # A run that goes on needs its start no more.
    monkeypatch.setattr(run.start, 'restore', None)
    run.train(config, tmp_path)
    for name in ('generator', 'discriminator'):
        before, card = (json.loads((folder / f'{name}.json').read_text())
                        for folder in (whole, tmp_path))
        assert card['before'] == {
            'command': before['command'], 'seconds': before['seconds'], 'before': None}
        assert card['file'] == f'{name}.npz' and card['figures'] and card['images'] == 4
    # Adam's first step moves a weight by its rate; fresh weights are N(0, 1) away.
    for before, after in zip(*(discriminator_file.read(
            folder / 'discriminator.npz').trainable_variables for folder in (whole, tmp_path))):
        np.testing.assert_allclose(after, before, rtol=0, atol=0.0021)
    # The average goes out from the weights of the file, at its usual pace from the first step.
    begun = generator_file.read(whole / 'generator.npz')[0]
    ended = tf.train.load_checkpoint(str(tmp_path / 'snapshots/ckpt-1'))
    slow = 0.5 ** (4 / 10)
    for index, before in enumerate(begun.weights):
        now, average = (ended.get_tensor(f'trainer/{name}/{index}/.ATTRIBUTES/VARIABLE_VALUE')
                        for name in ('generator', 'average'))
        if any(before is weight for weight in begun.trainable_variables):
            assert np.abs(now - before).max() > 1e-4, begun.weights[index].name
            np.testing.assert_allclose(average, slow * before + (1 - slow) * now, rtol=1e-6,
                                       atol=1e-6)


def test_a_held_generator_stands_still_while_the_discriminator_learns(source, tmp_path):
    stages = []
    run.train(small.config(source, **PLAIN, **{
        **HELD, 'snapshot_every': 4, 'picture_every': 4}), tmp_path,
        progress=lambda seen, total, state, terms: stages.append(state.stage))
    assert stages == ['hold'] * 3
    lines = curves(tmp_path)
    assert len({line['generator/weights'] for line in lines}) == 1
    assert len({line['discriminator/weights'] for line in lines}) == 3
    assert all('adversarial' not in line and 'path_length' not in line for line in lines)


def test_other_runs_and_damaged_snapshots_are_refused_and_left_alone(source, whole, tmp_path):
    config = small.config(source, **PLAIN)
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    with pytest.raises(ValueError, match=r'logdir: .* holds a run with w_size=8'):
        run.train(small.config(source, w_size=16, data=''), tmp_path)
    assert not (tmp_path / 'data').exists()  # nor are faces made in it
    data = max((tmp_path / 'snapshots').glob('*.data-*'))
    whole = data.read_bytes()
    data.write_bytes(whole[:len(whole) // 2])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*') if path.is_file()}
    with pytest.raises(ValueError, match='snapshots: .* is damaged'):
        run.train(config, tmp_path)
    index = max((tmp_path / 'snapshots').glob('*.index'))
    before.pop(index)
    index.unlink()
    with pytest.raises(ValueError, match='lacks files of its last snapshot'):
        run.train(config, tmp_path)
    for path, time in before.items():
        assert path.stat().st_mtime_ns == time, path
