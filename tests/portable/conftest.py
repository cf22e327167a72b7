"""A package of a tiny training through all stages, and a Python that runs it."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

from tests.training.gan import small
from tfdisco.portable import write

SCHEDULE = {'generator_hold_kimg': 0.008, 'pixel_kimg': 0.024, 'imitative_kimg': 0.048,
            'contrastive_kimg': 0.024, 'log_every': 1, 'snapshot_every': 10, 'picture_every': 10,
            'augment': 'ada', 'seed': 5}


@pytest.fixture(scope='session')
def lowers():
    """Skips where TensorFlow does not lower to StableHLO."""
    if tf.__version__.startswith('2.15.'):
        pytest.skip('TensorFlow 2.15 gives no StableHLO')


@pytest.fixture(scope='session')
def source(tmp_path_factory):
    """Files of a tiny training."""
    return small.write(tmp_path_factory.mktemp('source'))


@pytest.fixture(scope='session')
def package(lowers, source, tmp_path_factory):
    """The folder of a package of 20 steps, and its `GanConfig`."""
    config = small.config(source, **SCHEDULE)
    path = tmp_path_factory.mktemp('packages') / 'package'
    write.write(config, path, 'png')
    return path, config


@pytest.fixture(scope='session')
def run():
    """Runs a package, in its folder and from its own sources alone: (status, text)."""
    python = sys.executable
    if importlib.util.find_spec('jax') is None:
        python = os.environ.get('TFDISCO_TEST_JAX')
        if not python:
            pytest.skip('no jax; TFDISCO_TEST_JAX may name a Python that has it')

    def run(path, *flags):
        environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
        found = subprocess.run([python, '-m', 'tfdisco.portable.run', '.', *flags],
                               cwd=pathlib.Path(path), text=True, capture_output=True,
                               env={**environment, 'JAX_PLATFORMS': 'cpu'})
        return found.returncode, found.stdout + found.stderr

    run.python = python
    return run
