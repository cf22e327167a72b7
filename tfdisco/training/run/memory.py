"""How much memory a process took."""

import resource
import sys

import tensorflow as tf

UNIT = 1 if sys.platform == 'darwin' else 1024  # of ru_maxrss, bytes


def peak_memory():
    """Bytes held at most so far: on the fullest GPU where there is one, else of this process."""
    gpus = tf.config.list_logical_devices('GPU')
    if gpus:
        return max(tf.config.experimental.get_memory_info(
            gpu.name.replace('/device:', ''))['peak'] for gpu in gpus)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
