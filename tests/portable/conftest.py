"""A package of a tiny training through all stages, and a Python that runs it."""

import importlib.util
import os
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
def begin(tmp_path_factory):
    """Begins to run a package, in its folder and from its own sources alone."""
    python = sys.executable
    if importlib.util.find_spec('jax') is None:
        python = os.environ.get('TFDISCO_TEST_JAX')
        if not python:
            pytest.skip('no jax; TFDISCO_TEST_JAX may name a Python that has it')

    # What was compiled once is kept, and compiled quickly; the figures are the same.
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    environment.update(
        JAX_PLATFORMS='cpu', JAX_COMPILATION_CACHE_DIR=str(tmp_path_factory.mktemp('compiled')),
        JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS='0',
        XLA_FLAGS='--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true')

    def begin(path, *flags):
        return subprocess.Popen([python, '-m', 'tfdisco.portable.run', '.', *flags],
                                cwd=path, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=environment)

    return begin


@pytest.fixture(scope='session')
def run(begin):
    """Runs a package: (status, text)."""
    def run(path, *flags):
        with begin(path, *flags) as process:
            text = process.communicate()[0]
        return process.returncode, text

    return run
