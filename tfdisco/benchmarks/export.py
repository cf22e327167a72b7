"""How fast an exported generator answers, beside scripts/generate.py.

Ours is the SavedModel of standard ops, the peer what generate.py runs, with native ops where
there are any; both take latents to pictures. How many threads there are is for the caller to
say: taskset -c 0,1 python scripts/benchmark.py --suite=export
"""

import os
import pathlib
import tempfile
import time

import tensorflow as tf

from tfdisco.benchmarks import timing
from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.export import saved_model
from tfdisco.export.functions import Faces
from tfdisco.networks import trained

BATCHES, SEED = (1, 8, 32), 0
PEER = 'generate.py'


def run(rounds=15, snapshot=trained.BUILT_IN):
    """Times loading, warming up, the first answer after it, and answers to `BATCHES`.

    Args:
      rounds: timed runs of each batch.
      snapshot: of the generator.

    Returns:
      A list of {'name', 'ours_ms', 'peer', 'peer_ms', 'ratio', 'images_per_second',
      'peer_images_per_second', 'batch', 'megabytes', 'threads'}; of the first three rows all
      that has to do with a peer is None.
    """
    loaded = trained.load(snapshot)
    faces = FaceGenerator(*loaded)
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made) / '1'
        saved_model.write(folder, Faces(loaded))
        size = sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6
        start = time.perf_counter()
        model = tf.saved_model.load(str(folder))
        times = {'load': time.perf_counter() - start}
        start = time.perf_counter()
        warm_up(model, folder)
        times['warm_up'] = time.perf_counter() - start
    answer = functions(model, faces, 1)[0]
    start = time.perf_counter()
    answer()
    times['first_answer'] = time.perf_counter() - start
    threads = len(os.sched_getaffinity(0))
    rows = [{'name': name, 'ours_ms': 1e3 * seconds, 'peer': None, 'peer_ms': None,
             'ratio': None, 'images_per_second': None, 'peer_images_per_second': None,
             'batch': 1, 'megabytes': size, 'threads': threads}
            for name, seconds in times.items()]
    for batch in BATCHES:
        row = timing.paired(*functions(model, faces, batch), rounds)
        rows.append({'name': f'latents_{batch}', **row, 'peer': PEER,
                     'images_per_second': 1e3 * batch / row['ours_ms'],
                     'peer_images_per_second': 1e3 * batch / row['peer_ms'],
                     'batch': batch, 'megabytes': size, 'threads': threads})
    return rows


def functions(model, faces, batch):
    """Ours and the peer's: functions of no arguments to uint8 [batch, R, R, 3]."""
    z = faces.latents(batch, SEED)
    ours, psi = model.signatures['latents'], tf.constant([1.0])
    return (lambda: ours(latents=tf.constant(z), psi=psi)['image'].numpy(),
            lambda: faces(z))


def warm_up(model, folder):
    """Asks a loaded SavedModel what `saved_model.WARM_UP` in its folder holds, as servers do."""
    from tensorflow_serving.apis import prediction_log_pb2
    for record in tf.data.TFRecordDataset(str(folder / saved_model.WARM_UP)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        model.signatures[request.model_spec.signature_name](**{
            name: tf.constant(tf.make_ndarray(value), tf.DType(value.dtype))
            for name, value in request.inputs.items()})
