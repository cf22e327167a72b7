"""What every test starts from."""

import importlib.util
import os

# Before the first import of TensorFlow, which reads it once.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402

# pip cannot install it on Python 3.12 (see setup.py), and one module needs it.
HAS_GRAPHICS = importlib.util.find_spec('tensorflow_graphics') is not None
collect_ignore = [] if HAS_GRAPHICS else ['face3d/rasterization_backend_test.py']


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """`-n auto`: not one TensorFlow for each core of a large machine."""
    return min(os.cpu_count() or 1, 4)


def pytest_report_header():
    """Says what this run leaves out."""
    return f'tensorflow {tf.__version__}' + (
        '' if HAS_GRAPHICS else '; no tensorflow-graphics: its bridge is not tested')


@pytest.fixture(autouse=True)
def _seeds():
    # Python's generator as well: Keras 2 draws the seeds of first weights from it.
    tf.keras.utils.set_random_seed(1)
