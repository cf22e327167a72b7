"""Times of the generator's and the discriminator's ops at a 64-pixel model's shapes.

Each op beside its reference, the same in TensorFlow's own operations: forward, and
forward with all first derivatives. Convolutions are TensorFlow's on both sides, so
`modulated_conv2d` can only gain by what surrounds them.
"""

import numpy as np
import tensorflow as tf

from tfdisco.benchmarks import timing
from tfdisco.ops.bias_act import bias_act
from tfdisco.ops.modulated_conv import modulated_conv2d
from tfdisco.ops.upfirdn2d import FILTER, downsample2d, upfirdn2d, upsample2d

BATCH, SEED = 8, 0
CHANNELS = {64: 64, 32: 128, 16: 128, 8: 128}  # at each size
LRELU = 'lrelu'


def run(rounds=15):
    """Times everything.

    Args:
      rounds: timed runs of each function, in turn with its reference.

    Returns:
      A list of {'name', 'ours_ms', 'peer', 'peer_ms', 'ratio', 'batch', 'size',
      'channels'}; size and channels are those of the input.
    """
    rows = []
    for name, op, size, channels, shapes in _cases():
        for suffix, ours, theirs in _functions(op, shapes):
            _compare(name + suffix, ours(), theirs())
            rows.append({'name': name + suffix, **timing.paired(ours, theirs, rounds),
                         'peer': 'reference', 'batch': BATCH, 'size': size,
                         'channels': channels})
    return rows


def _cases():
    """(name, function of impl and tensors, size, channels, shapes of the tensors)."""
    for size, channels in CHANNELS.items():
        image, here = [BATCH, size, size, channels], f'_{size}px'
        yield (f'bias_act{here}', lambda impl, x, b: bias_act(x, b, LRELU, impl=impl),
               size, channels, [image, [channels]])
        yield (f'blur{here}', lambda impl, x: upfirdn2d(x, FILTER, padding=2, impl=impl),
               size, channels, [image])
        yield (f'downsample{here}', lambda impl, x: downsample2d(x, impl=impl),
               size, channels, [image])
        yield _modulated(f'modulated_conv{here}', size, channels, channels, 3)
        yield _modulated(f'to_rgb{here}', size, channels, 3, 1)
        if size > min(CHANNELS):
            below = CHANNELS[size // 2]
            yield (f'upsample_rgb{here}', lambda impl, x: upsample2d(x, impl=impl),
                   size // 2, 3, [[BATCH, size // 2, size // 2, 3]])
            yield _modulated(f'modulated_conv_up{here}', size // 2, below, channels, 3, up=2)


def _modulated(name, size, channels, outputs, kernel, up=1):
    """A layer of the generator; the 1 x 1 one is that to RGB, without noise or activation."""
    shapes = [[BATCH, size, size, channels], [kernel, kernel, channels, outputs],
              [BATCH, channels], [outputs]]
    if kernel == 1:
        return (name, lambda impl, x, w, s, b: modulated_conv2d(
            x, w, s, demodulate=False, bias=b, impl=impl), size, channels, shapes)
    return (name, lambda impl, x, w, s, b, n: modulated_conv2d(
        x, w, s, up=up, noise=n, bias=b, activation=LRELU, impl=impl),
            size, channels, shapes + [[BATCH, size * up, size * up, 1]])


def _functions(op, shapes):
    """(suffix, native, reference), each a function of no arguments."""
    inputs = [tf.random.stateless_normal(shape, [SEED, i]) for i, shape in enumerate(shapes)]
    upstream = tf.random.stateless_normal(op('auto', *inputs).shape, [SEED, len(shapes)])

    def forward(impl):
        return tf.function(lambda: op(impl, *inputs), autograph=False)

    def backward(impl):
        @tf.function(autograph=False)
        def both():
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                output = op(impl, *inputs)
            return [output, *tape.gradient(output, inputs, upstream)]
        return both

    yield '_forward', forward('native'), forward('reference')
    yield '_backward', backward('native'), backward('reference')


def _compare(name, ours, theirs):
    """Raises AssertionError unless both give the same."""
    for a, b in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs)):
        # Where rounding decides on which side of 0 a value lies, single gradients differ much.
        difference = np.mean(np.abs(a - b)) / np.mean(np.abs(b))
        if not difference < 1e-3:
            raise AssertionError(f'{name}: the results differ by {difference:.1e}')
