"""scripts/train.py as a user calls it, on one and on several devices."""

import json
import socket

import numpy as np
import pytest

from tests.scripts.command_line import run_all
from tests.training.gan import small
from tfdisco.networks import generator_file

# Groups of images and pairs are of one replica; without them, how many there are is the same.
SPLIT = {'minibatch_group': 1, 'contrastive': False, 'pixel_kimg': 0.004, 'seed': 3}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(('localhost', 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('train')
    source = small.write(folder)
    same = small.flags(source, **SPLIT)
    return folder, same, {
        **run_all('train.py', {
            'one': ['--logdir=deep/one', *same],
            'two': ['--logdir=two', '--virtual_cpus=2', *same],
        }, folder),
        **run_all('train.py', {
            'no data': ['--logdir=nothing', *small.flags(source, data='nowhere')],
            'bad batch': ['--logdir=three', '--virtual_cpus=3', *same],
            'bad field': ['--logdir=run', '--resolution=48'],
            'stray': ['--logdir=run', 'stray'],
            'no logdir': [],
        }, folder)}


def points(folder):
    return [json.loads(line) for line in (folder / 'metrics.jsonl').read_text().splitlines()]


def test_trains_and_says_where(runs):
    folder, _, results = runs
    status, stdout, stderr = results['one']
    assert status == 0, stderr
    assert 'wrote deep/one' in stdout and '16.0/16.0' in stderr
    there = {path.name for path in (folder / 'deep/one').iterdir()}
    assert there >= {'config.json', 'generator.npz', 'metrics.jsonl', 'snapshots', 'best',
                     'samples.png', 'varied.png', 'pairs.png', 'report.md'}


def same_run(first, second):
    """Whether two runs computed the same, up to the order of sums."""
    for ours, theirs in zip(points(first), points(second)):
        for name, value in ours.items():
            if name != 'seconds' and not name.startswith('machine/'):
                assert theirs[name] == pytest.approx(value, rel=0.02, abs=1e-4), name
    weights = [generator_file.named_weights(generator_file.read(run / 'generator.npz')[0])
               for run in (first, second)]
    for name, value in weights[0].items():
        np.testing.assert_allclose(weights[1][name], value, atol=2e-3, err_msg=name)


def test_two_replicas_do_what_one_does(runs):
    folder, _, results = runs
    assert results['two'][0] == 0, results['two'][2]
    same_run(folder / 'deep/one', folder / 'two')


@pytest.mark.slow
def test_two_workers_do_what_two_replicas_do(runs):
    folder, flags, _ = runs
    addresses = [f'localhost:{port}' for port in free_ports(2)]
    results = run_all('train.py', {
        str(index): ['--logdir=workers', *flags] for index in range(2)}, folder, {
        str(index): {'TF_CONFIG': json.dumps({
            'cluster': {'worker': addresses}, 'task': {'type': 'worker', 'index': index}})}
        for index in range(2)})
    for status, _, stderr in results.values():
        assert status == 0, stderr
    same_run(folder / 'two', folder / 'workers')


@pytest.mark.parametrize('name, message', [
    ('no data', 'nowhere'), ('bad batch', 'batch: expected a multiple of 3 replicas, got 4'),
    ('bad field', 'resolution: expected a power of two from 32 to 1024, got 48'),
    ('stray', 'expected flags only'), ('no logdir', '--logdir')])
def test_errors_end_with_status_1_and_a_reason(runs, name, message):
    status, stdout, stderr = runs[2][name]
    assert status == 1
    assert message in stderr + stdout and 'Traceback' not in stderr
