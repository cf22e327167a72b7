"""NVIDIA's StyleGAN2 in float64 NumPy: channels first, in the published order of operations.

`variables` are {TensorFlow's name: array}; nothing here is of tfdisco.
"""

import numpy as np

SLOPE, GAIN = 0.2, np.sqrt(2)


def variables(channels, w_size=6, layers=3, z_size=5, seed=0):
    """(generator's, discriminator's) random {name: array}.

    channels: {4: C, 8: C, ...}.
    """
    rng, top = np.random.default_rng(seed), max(channels)
    g, d = {'dlatent_avg': (w_size,), 'G_synthesis/4x4/Const/const': (1, channels[4], 4, 4)}, {}
    for index in range(layers):
        g[f'G_mapping/Dense{index}/weight'] = (w_size if index else z_size, w_size)
    for level, (side, width) in enumerate(channels.items()):
        place = f'G_synthesis/{side}x{side}'
        convolutions = {'Conv': width} if side == 4 else {
            'Conv0_up': channels[side // 2], 'Conv1': width}
        for layer, inputs in {**convolutions, 'ToRGB': width}.items():
            colors = layer == 'ToRGB'
            g[f'{place}/{layer}/weight'] = (*[1 if colors else 3] * 2, inputs,
                                            3 if colors else width)
            g[f'{place}/{layer}/mod_weight'] = (w_size, inputs)
            g[f'{place}/{layer}/mod_bias'] = (inputs,)
            if not colors:
                g[f'{place}/{layer}/noise_strength'] = ()
                g[f'G_synthesis/noise{2 * level - (layer == "Conv0_up")}'] = (1, 1, side, side)
        if side > 4:
            d[f'{side}x{side}/Conv0/weight'] = (3, 3, width, width)
            d[f'{side}x{side}/Conv1_down/weight'] = (3, 3, width, channels[side // 2])
            d[f'{side}x{side}/Skip/weight'] = (1, 1, width, channels[side // 2])
    d.update({f'{top}x{top}/FromRGB/weight': (1, 1, 3, channels[top]),
              '4x4/Conv/weight': (3, 3, channels[4] + 1, channels[4]),
              '4x4/Dense0/weight': (16 * channels[4], channels[4]),
              'Output/weight': (channels[4], 1)})
    for shapes in (g, d):
        for name in list(shapes):
            if name.endswith('/weight') and 'Skip' not in name:
                shapes[name[:-len('weight')] + 'bias'] = shapes[name][-1:]
    scale = 100.0  # of what learns at a hundredth
    return tuple({name: np.float32((scale if 'mapping' in name else 1) * rng.normal(size=shape))
                  for name, shape in shapes.items()} for shapes in (g, d))


def lrelu(values):
    return np.where(values > 0, values, SLOPE * values) * GAIN


def equalised(weight, speed=1.0):
    return np.float64(weight) * speed / np.sqrt(np.prod(weight.shape[:-1]))


def over(values, bias):
    return values + np.float64(bias)[:, None, None]


def convolve(values, weight, stride=1):
    """[I, H, W], [K, K, I, O] without anything around."""
    size = weight.shape[0]
    height = (values.shape[1] - size) // stride + 1
    return sum(np.einsum('ihw,io->ohw', values[:, y:y + stride * height:stride][
        :, :, x:x + stride * height:stride], weight[y, x]) for y in range(size)
        for x in range(size))


def same(values, weight):
    edge = weight.shape[0] // 2
    return convolve(np.pad(values, [(0, 0), (edge, edge), (edge, edge)]), weight)


def filtered(values, before, after, gain=1.0):
    taps = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64 * gain
    values = np.pad(values, [(0, 0), (before, after), (before, after)])
    return convolve(values, taps[:, :, None, None] * np.eye(len(values)))


def enlarged(values):
    """upsample_2d: zeros between pixels, then the filter."""
    spread = np.zeros([len(values), *(2 * np.array(values.shape[1:]))])
    spread[:, ::2, ::2] = values
    return filtered(spread, 2, 1, 4.0)


def enlarging(values, weight):
    """upsample_conv_2d: a transposed convolution with the turned weight, then the filter."""
    size = values.shape[1]
    spread = np.zeros([weight.shape[3], 2 * size + 1, 2 * size + 1])
    for y in range(3):
        for x in range(3):
            spread[:, y:y + 2 * size:2, x:x + 2 * size:2] += np.einsum(
                'ihw,io->ohw', values, weight[::-1, ::-1][y, x])
    return filtered(spread, 1, 1, 4.0)


def shrinking(values, weight):
    """conv_downsample_2d: the filter, then a convolution that leaves out."""
    edge = (weight.shape[0] + 1) // 2
    return convolve(filtered(values, edge, edge), weight, 2)


def mapping(given, z, layers=3):
    values = z / np.sqrt(np.mean(np.square(z), axis=1, keepdims=True) + 1e-8)
    for index in range(layers):
        name = f'G_mapping/Dense{index}'
        values = lrelu(values @ equalised(given[f'{name}/weight'], 0.01)
                       + 0.01 * given[f'{name}/bias'])
    return values


def _modulated(given, name, w, demodulate=True):
    style = w @ equalised(given[f'{name}/mod_weight']) + given[f'{name}/mod_bias'] + 1
    weight = equalised(given[f'{name}/weight']) * style[:, None]
    if demodulate:
        weight = weight / np.sqrt(np.square(weight).sum(axis=(0, 1, 2)) + 1e-8)
    return weight


def synthesis(given, w, sides):
    """w [B, W] -> [B, 3, R, R], with the stored noise."""
    images = []
    for each in w:
        values, image = np.float64(given['G_synthesis/4x4/Const/const'][0]), None
        for level, side in enumerate(sides):
            place = f'G_synthesis/{side}x{side}'
            for layer in ('Conv',) if side == 4 else ('Conv0_up', 'Conv1'):
                weight = _modulated(given, f'{place}/{layer}', each)
                values = (enlarging if layer == 'Conv0_up' else same)(values, weight)
                noise = given[f'G_synthesis/noise{2 * level - (layer == "Conv0_up")}'][0]
                values = values + noise * given[f'{place}/{layer}/noise_strength']
                values = lrelu(over(values, given[f'{place}/{layer}/bias']))
            colors = over(same(values, _modulated(given, f'{place}/ToRGB', each, False)),
                          given[f'{place}/ToRGB/bias'])
            image = colors if image is None else enlarged(image) + colors
        images.append(image)
    return np.stack(images)


def discriminator(given, images, sides):
    """[B, 3, R, R] -> [B, 1], all images one group."""
    top = max(sides)
    maps = []
    for image in np.float64(images):
        place = f'{top}x{top}/FromRGB'
        values = lrelu(over(same(image, equalised(given[f'{place}/weight'])),
                            given[f'{place}/bias']))
        for side in sorted(sides)[:0:-1]:
            place, skipped = f'{side}x{side}', values
            values = lrelu(over(same(values, equalised(given[f'{place}/Conv0/weight'])),
                                given[f'{place}/Conv0/bias']))
            values = lrelu(over(shrinking(values, equalised(given[f'{place}/Conv1_down/weight'])),
                                given[f'{place}/Conv1_down/bias']))
            skipped = shrinking(skipped, equalised(given[f'{place}/Skip/weight']))
            values = (values + skipped) / np.sqrt(2)
        maps.append(values)
    maps = np.stack(maps)
    deviation = np.sqrt(maps.var(axis=0) + 1e-8).mean()
    scores = []
    for values in maps:
        values = np.concatenate([values, np.full([1, 4, 4], deviation)])
        values = lrelu(over(same(values, equalised(given['4x4/Conv/weight'])),
                            given['4x4/Conv/bias']))
        values = lrelu(values.ravel() @ equalised(given['4x4/Dense0/weight'])
                       + given['4x4/Dense0/bias'])
        scores.append(values @ equalised(given['Output/weight']) + given['Output/bias'])
    return np.stack(scores)
