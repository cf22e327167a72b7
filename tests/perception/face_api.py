"""A package like @vladmandic/face-api, with random weights."""

import io
import json
import tarfile

import numpy as np

MANIFEST = 'package/model/face_recognition_model-weights_manifest.json'
PLAIN = 'conv64_'  # filters of these blocks are not quantised in the published package
WIDTHS = {'conv32': 32, 'conv64': 64, 'conv128': 128, 'conv256': 256}
BLOCKS = ('conv32_1', 'conv32_2', 'conv32_3', 'conv64_down', 'conv64_1', 'conv64_2', 'conv64_3',
          'conv128_down', 'conv128_1', 'conv128_2', 'conv256_down', 'conv256_1', 'conv256_2',
          'conv256_down_out')


def shapes():
    """{published name: shape}, in the published order."""
    result, inputs = {}, 3

    def layer(name, size, outputs):
        result[f'{name}/conv/filters'] = [size, size, inputs, outputs]
        for part in ('conv/bias', 'scale/weights', 'scale/biases'):
            result[f'{name}/{part}'] = [outputs]

    layer('conv32_down', 7, 32)
    for block in BLOCKS:
        inputs, outputs = inputs if inputs > 3 else 32, WIDTHS[block.split('_')[0]]
        layer(f'{block}/conv1', 3, outputs)
        inputs = outputs
        layer(f'{block}/conv2', 3, outputs)
    result['fc'] = [256, 128]
    return result


def weights(seed=0):
    """{published name: float64 array} as a reader should see them, and the stored form.

    Returns:
      {name: array}, manifest entries, and the bytes of the weights.
    """
    rng = np.random.default_rng(seed)
    values, entries, data = {}, [], b''
    for name, shape in shapes().items():
        entry = {'name': name, 'shape': shape, 'dtype': 'float32'}
        if name.startswith(PLAIN) and name.endswith('filters'):
            stored = (rng.normal(size=shape) * np.sqrt(1 / np.prod(shape[:-1]))).astype('<f4')
            values[name] = stored.astype(np.float64)
        else:
            spread = np.sqrt(1 / np.prod(shape[:-1])) if len(shape) > 1 else 0.1
            low, high = (0.7, 1.3) if name.endswith('scale/weights') else (-2 * spread, 2 * spread)
            stored = rng.integers(0, 256, size=shape).astype('|u1')
            entry['quantization'] = {'dtype': 'uint8', 'scale': (high - low) / 255, 'min': low}
            values[name] = stored * ((high - low) / 255) + low
        entries.append(entry)
        data += stored.tobytes()
    return values, entries, data


def write(path, entries, data, **changes):
    """Writes the package; `changes` replace members (bytes) or, if None, leave them out."""
    half = len(data) // 2  # in two shards, to be joined
    members = {
        'package/package.json': json.dumps({'name': '@vladmandic/face-api',
                                            'version': '1.2.3'}).encode(),
        'package/README.md': b'not looked at',
        MANIFEST: json.dumps([{'paths': ['a.bin', 'b.bin'], 'weights': entries}]).encode(),
        'package/model/a.bin': data[:half], 'package/model/b.bin': data[half:],
        **changes}
    with tarfile.open(path, 'w:gz', compresslevel=1) as archive:
        for name, content in members.items():
            if content is not None:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
