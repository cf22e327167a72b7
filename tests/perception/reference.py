"""Layers in NumPy float64, pictures [H, W, C] one at a time, and networks with any weights."""

import numpy as np


def conv(values, kernel, bias, stride=1, padding='SAME'):
    """Correlation with zeros beyond the edge; TensorFlow's SAME pads more below and right."""
    size = kernel.shape[0]
    if padding == 'SAME':
        pads = []
        for side in values.shape[:2]:
            total = max((-(-side // stride) - 1) * stride + size - side, 0)
            pads.append((total // 2, total - total // 2))
        values = np.pad(values, [*pads, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), (0, 1))
    # [H', W', I, size, size] by [size, size, I, O]
    return np.tensordot(windows[::stride, ::stride], kernel.transpose(2, 0, 1, 3), 3) + bias


def pool(values, size, stride, reduce):
    """`reduce` (np.max, np.mean) over windows that lie inside."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), (0, 1))
    return reduce(windows[::stride, ::stride], axis=(-2, -1))


def relu(values):
    """max(0, values)."""
    return np.maximum(values, 0)


class Frozen:
    """Units by name, from the arrays of a network."""

    def __init__(self, arrays):
        """Takes {name: array} as `frozen_arrays` returns them."""
        self.arrays = {name: value.astype(np.float64) for name, value in arrays.items()}

    def conv(self, name, values, stride=1, padding='SAME'):
        """A convolution without ReLU."""
        return conv(values, self.arrays[f'{name}/kernel'], self.arrays[f'{name}/bias'], stride,
                    padding)

    def dense(self, name, values):
        """A matrix product without ReLU."""
        return values @ self.arrays[f'{name}/kernel'] + self.arrays[f'{name}/bias']

    def backbone(self, image, blocks):
        """The maps of a `Backbone`."""
        maps = [relu(self.conv('stem', image, 2))]
        for stage, count in enumerate(blocks):
            values = maps[-1]
            for index in range(count):
                name, stride = f'stage{stage}/block{index}', 2 if stage and not index else 1
                hidden = self.conv(f'{name}/conv2', relu(self.conv(f'{name}/conv1', values,
                                                                   stride)))
                if f'{name}/shortcut/kernel' in self.arrays:
                    if stride == 2:
                        values = pool(values, 2, 2, np.mean)
                    values = self.conv(f'{name}/shortcut', values)
                values = relu(values + hidden)
            if stage:
                maps.append(values)
            else:
                maps[0] = values
        return maps


def stir(network, seed=0):
    """Gives every unit of a network that trains, or a single unit, random values.

    The averages of the normalisation too. In the order of the units, which does not
    depend on the version of Keras.
    """
    rng = np.random.default_rng(seed)
    for unit in getattr(network, 'units', {'': network}).values():
        kernel = rng.normal(size=unit.kernel.shape)
        unit.kernel.assign(kernel * np.sqrt(2.0 / np.prod(unit.kernel.shape[:-1])))
        outputs = unit.kernel.shape[-1]
        gamma, variance = 1.0 + 0.3 * rng.normal(size=outputs), np.exp(0.3 * rng.normal(
            size=outputs))
        beta, mean = 0.1 * rng.normal(size=(2, outputs))
        if unit.norm is None:
            unit.bias.assign(beta)
        else:
            unit.norm.gamma.assign(gamma)
            unit.norm.beta.assign(beta)
            unit.norm.moving_mean.assign(mean)
            unit.norm.moving_variance.assign(variance)
    return network
