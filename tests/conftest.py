"""What every test starts from."""

import os

# Before the first import of TensorFlow, which reads it once.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402


@pytest.fixture(autouse=True)
def _seeds():
    np.random.seed(1)
    tf.random.set_seed(1)
