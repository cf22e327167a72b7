"""What was measured of a snapshot, kept beside it: JSON lines, and TensorBoard's curves."""

import json
import os

import tensorflow as tf

from tfdisco.metrics import tables
from tfdisco.networks import trained

# Not metrics.jsonl, which is the run's own: it drops what came after its last snapshot.
LINES, CURVES = 'evaluations.jsonl', 'evaluations'


def append(snapshot, suite, result, seconds):
    """Adds a line to evaluations.jsonl in the snapshot's folder, and a point to its curves.

    Args:
      snapshot: path of a generator.npz; nothing is kept of 'built-in'.
      suite: name.
      result: what the suite returned.
      seconds: that it took.

    Raises:
      OSError: if they cannot be written.
    """
    if snapshot == trained.BUILT_IN:
        return
    folder = os.path.dirname(os.path.abspath(snapshot))
    figures = {' '.join(path): found['value'] for path, found in tables.leaves(result)}
    path = os.path.join(folder, LINES)
    with open(path, 'a+', encoding='utf-8') as file:
        file.seek(0)
        number = sum(1 for _ in file)
        file.write(json.dumps({'snapshot': os.path.basename(snapshot), 'suite': suite,
                               'seconds': seconds, 'figures': figures}) + '\n')
    writer = tf.summary.create_file_writer(os.path.join(folder, CURVES))
    with writer.as_default(step=number):
        for name, value in figures.items():
            if value is not None:
                tf.summary.scalar(f'{suite}/{name.replace(" ", "/")}', value)
    writer.close()
