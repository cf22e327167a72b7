"""StyleGAN's published networks in float64 NumPy: channels first, loops, nothing of tfdisco.

Written after the published code's operations in their published order, so that the layers
under test, which join some of them, have something to be compared with. `variables` are
{published name: array}, without the network's own name in front.
"""

import numpy as np

GAIN = np.sqrt(2)  # of weights before a leaky ReLU
FUSED_FROM = 128  # pixels of the larger image ('fused_scale=auto')


def lrelu(values):
    return np.where(values > 0, values, 0.2 * values)


def convolve(values, weight, stride=1):
    """[B, I, H, W], [K, K, I, O]; zeros around, as much as 'SAME' takes."""
    size, height = weight.shape[0], values.shape[2]
    out = -(-height // stride)
    total = max((out - 1) * stride + size - height, 0)
    before = total // 2
    values = np.pad(values, [(0, 0), (0, 0), *[(before, total - before)] * 2])
    result = np.zeros([len(values), weight.shape[3], out, out])
    for y in range(size):
        for x in range(size):
            part = values[:, :, y:y + (out - 1) * stride + 1:stride,
                          x:x + (out - 1) * stride + 1:stride]
            result += np.einsum('bihw,io->bohw', part, weight[y, x])
    return result


def convolve_transposed(values, weight):
    """[B, I, H, W], [4, 4, I, O] -> [B, O, 2 H, 2 W]: each pixel leaves its kernel behind."""
    batch, _, height, width = values.shape
    result = np.zeros([batch, weight.shape[3], 2 * height + 2, 2 * width + 2])
    for y in range(4):
        for x in range(4):
            result[:, :, y:y + 2 * height:2, x:x + 2 * width:2] += np.einsum(
                'bihw,io->bohw', values, weight[y, x])
    return result[:, :, 1:-1, 1:-1]


def upscale(values):
    return values.repeat(2, axis=2).repeat(2, axis=3)


def downscale(values):
    batch, channels, height, width = values.shape
    return values.reshape(batch, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def blur(values):
    taps = np.outer([1, 2, 1], [1, 2, 1]) / 16
    return convolve(values, taps[:, :, None, None] * np.eye(values.shape[1]))


def equalised(weight, gain=GAIN, speed=1.0):
    return np.float64(weight) * gain * speed / np.sqrt(np.prod(weight.shape[:-1]))


def four_shifts(weight):
    padded = np.pad(weight, [(1, 1), (1, 1), (0, 0), (0, 0)])
    return padded[1:, 1:] + padded[:-1, 1:] + padded[1:, :-1] + padded[:-1, :-1]


def blend(after, before, lod):
    return after + (before - after) * np.clip(lod, 0, 1)


def add_bias(values, bias):
    return values + np.reshape(bias, [1, -1, 1, 1])


def mapping(variables, latents, layers, speed=0.01):
    """w [B, w_size]."""
    values = np.float64(latents)
    for index in range(layers):
        name = f'G_mapping/Dense{index}'
        values = lrelu(values @ equalised(variables[f'{name}/weight'], speed=speed)
                       + speed * variables[f'{name}/bias'])
    return values


def epilogue(variables, name, values, w, noise):
    """Noise, bias, leaky ReLU, instance normalisation, style."""
    values = values + noise * np.reshape(variables[f'{name}/Noise/weight'], [1, -1, 1, 1])
    values = lrelu(add_bias(values, variables[f'{name}/bias']))
    values = values - values.mean(axis=(2, 3), keepdims=True)
    values = values / np.sqrt((values ** 2).mean(axis=(2, 3), keepdims=True) + 1e-8)
    style = (w @ equalised(variables[f'{name}/StyleMod/weight'], gain=1)
             + variables[f'{name}/StyleMod/bias'])
    style = style.reshape(len(w), 2, -1, 1, 1)
    return values * (style[:, 0] + 1) + style[:, 1]


def synthesis(variables, w, resolution, lod=0.0):
    """[B, 3, R, R] of the stored noise, enlarged to `resolution` while it grows."""
    w, top = np.float64(w), int(np.log2(resolution))
    noise = iter(np.float64(variables[f'G_synthesis/noise{index}'])
                 for index in range(2 * (top - 1)))

    def colours(values, level):
        name = f'G_synthesis/ToRGB_lod{top - level}'
        return add_bias(convolve(values, equalised(variables[f'{name}/weight'], gain=1)),
                        variables[f'{name}/bias'])

    image = None
    for level in range(2, top + 1):
        name = f'G_synthesis/{2 ** level}x{2 ** level}'
        if level == 2:
            values = np.tile(np.float64(variables[f'{name}/Const/const']), [len(w), 1, 1, 1])
            first, second = f'{name}/Const', f'{name}/Conv'
        else:
            first, second = f'{name}/Conv0_up', f'{name}/Conv1'
            weight = equalised(variables[f'{first}/weight'])
            if 2 ** level >= FUSED_FROM:
                values = convolve_transposed(values, four_shifts(weight))
            else:
                values = convolve(upscale(values), weight)
            values = blur(values)
        values = epilogue(variables, first, values, w, next(noise))
        values = convolve(values, equalised(variables[f'{second}/weight']))
        values = epilogue(variables, second, values, w, next(noise))
        image = colours(values, level) if image is None else blend(
            colours(values, level), upscale(image), lod - (top - level))
    return image


def discriminator(variables, images, lod=0.0, group=4):
    """[B, 1] logits of [B, 3, R, R]."""
    images, top = np.float64(images), int(np.log2(images.shape[2]))

    def layer(name, values):
        return lrelu(add_bias(convolve(values, equalised(variables[f'{name}/weight'])),
                              variables[f'{name}/bias']))

    values = layer('FromRGB_lod0', images)
    for level in range(top, 2, -1):
        side = 2 ** level
        name = f'{side}x{side}/Conv1_down'
        values = blur(layer(f'{side}x{side}/Conv0', values))
        weight = equalised(variables[f'{name}/weight'])
        if side >= FUSED_FROM:
            values = convolve(values, four_shifts(weight) / 4, stride=2)
        else:
            values = downscale(convolve(values, weight))
        values = lrelu(add_bias(values, variables[f'{name}/bias']))
        images = downscale(images)
        values = blend(values, layer(f'FromRGB_lod{top - level + 1}', images),
                       lod - (top - level))
    group = max(size for size in range(1, group + 1) if len(values) % size == 0)
    groups = values.reshape(group, -1, *values.shape[1:])
    deviation = np.sqrt(groups.var(axis=0) + 1e-8).mean(axis=(1, 2, 3))
    deviation = np.tile(deviation, group)[:, None, None, None] * np.ones([1, 1, 4, 4])
    values = layer('4x4/Conv', np.concatenate([values, deviation], axis=1))
    values = lrelu(values.reshape(len(values), -1) @ equalised(variables['4x4/Dense0/weight'])
                   + variables['4x4/Dense0/bias'])
    return values @ equalised(variables['4x4/Dense1/weight'], gain=1) + variables[
        '4x4/Dense1/bias']
