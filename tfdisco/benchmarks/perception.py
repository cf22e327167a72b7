"""Times of the frozen perception networks at batch 8, with random weights.

Each network at its own input, and the three built-in ones together on pictures of 256 px,
as a generator's training uses them. There is no peer. How many threads they get is for the
caller to say: TF_NUM_INTRAOP_THREADS=1 taskset -c 0 python scripts/benchmark.py ...
"""

import os

import tensorflow as tf

from tfdisco.benchmarks import timing
from tfdisco.face3d.morphable_model import MorphableModel
from tfdisco.perception.dlib_descriptor import DlibDescriptor
from tfdisco.perception.observe import Perception
from tfdisco.perception.parsing import Parsing, ParsingNetwork
from tfdisco.perception.recognition import Recognition, RecognitionNetwork
from tfdisco.perception.reconstruction import Reconstruction, ReconstructionNetwork

BATCH, SIZE, SEED = 8, 256, 0


def run(rounds=15):
    """Times everything.

    Args:
      rounds: timed runs of each function.

    Returns:
      A list of {'name', 'ours_ms', 'images_per_second', 'parameters', 'peer', 'peer_ms',
      'ratio', 'batch', 'size', 'threads'}; peer, peer_ms and ratio are None.
    """
    model = MorphableModel.load('open_head')
    networks = {'reconstruction': ReconstructionNetwork.for_model(model),
                'recognition': RecognitionNetwork(), 'parsing': ParsingNetwork(),
                'dlib': DlibDescriptor(frozen=False)}
    networks = {name: network.freeze() for name, network in networks.items()}
    perception = Perception(Reconstruction(networks['reconstruction'], model),
                            Recognition(networks['recognition']), Parsing(networks['parsing']))
    timed = [(name, network, network.input_size, _parameters(network))
             for name, network in networks.items()]
    timed.append(('perception', perception, SIZE, sum(row[3] for row in timed[:3])))
    rows = []
    for name, look, size, parameters in timed:
        for kind, function in zip(('forward', 'backward'), _functions(look, size)):
            row = {'name': f'{name}_{kind}', **timing.paired(function, rounds=rounds)}
            rows.append({**row, 'images_per_second': 1e3 * BATCH / row['ours_ms'],
                         'parameters': parameters, 'peer': None, 'batch': BATCH, 'size': size,
                         'threads': threads()})
    return rows


def threads():
    """How many threads an operation may use."""
    return tf.config.threading.get_intra_op_parallelism_threads() or int(
        os.environ.get('TF_NUM_INTRAOP_THREADS', 0)) or len(os.sched_getaffinity(0))


def _parameters(network):
    return sum(value.size for value in network.frozen_arrays().values())


def _functions(look, size):
    """Forward, and forward with backward to the images."""
    images = tf.random.stateless_uniform([BATCH, size, size, 3], [SEED, 0], -1.0, 1.0)

    @tf.function(autograph=False)
    def forward():
        return look(images)

    @tf.function(autograph=False)
    def backward():
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = sum(tf.reduce_mean(tf.square(value)) for value in tf.nest.flatten(look(images)))
        return tape.gradient(loss, images)

    return forward, backward
