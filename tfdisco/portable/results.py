"""What the runner leaves beside snapshots: networks' files, cards, a sheet; no TensorFlow."""

import json
import os

import jax
import numpy as np
from PIL import Image

from tfdisco import files
from tfdisco.portable.package import STATE

CURVES, SHEET = 'metrics.jsonl', 'samples.png'
LOD = 'weights/lod'  # of `networks.stylegan`: halvings of the side that have yet to grow
LOSSES = ('discriminator/real', 'discriminator/fake', 'discriminator/r1')


def write_networks(package, snapshot, last, grown):
    """Writes generator.npz and discriminator.npz, as `networks` reads them, and their cards.

    Args:
      package: `package.Package`.
      snapshot: `package.Snapshot`.
      last: the last line of the curves, a dict.
      grown: (resolution, fade) of the last step, which networks that grow keep.
    """
    device = jax.devices()[0]
    for name, texts in package.card['files'].items():
        network, path = texts['weights'], package.file(name)
        texts = {key: value for key, value in texts.items() if key != 'weights'}
        prefix = f'{network}/'
        arrays = {f'weights/{key[len(prefix):]}': value for key, value in snapshot.arrays.items()
                  if key.startswith(prefix)}
        if LOD in arrays:
            side, (resolution, fade) = json.loads(texts['config'])['resolution'], grown
            arrays[LOD] = np.float32(np.log2(side / resolution) + 1.0 - fade)
        files.write_npz(path, {
            **{key: np.array(value, np.int32 if isinstance(value, int) else None)
               for key, value in texts.items()}, **arrays})
        stem, card = os.path.splitext(name)[0], package.card['card']
        files.write_json(package.file(f'{stem}.json'), {
            'file': name, 'command': card['command'], 'seconds': round(snapshot.seconds, 1),
            'images': snapshot.counters['images_seen'], 'licence': card['licence'],
            'data': card['data'], 'bytes': os.path.getsize(path),
            'tensorflow': package.card['tensorflow'], 'jax': jax.__version__,
            'device': f'{device.platform}: {device.device_kind}', 'before': card['before'][stem],
            **({'figures': {key: last[key] for key in LOSSES if key in last}}
               if network == 'discriminator' else {})})


def write_sheet(path, faces, columns):
    """Writes faces [N, R, R, 3] uint8 as one PNG, so many a row."""
    count, side = faces.shape[:2]
    sheet = faces.reshape(count // columns, columns, side, side, 3).transpose(0, 2, 1, 3, 4)
    with files.replacing(path) as file:
        Image.fromarray(sheet.reshape(-1, columns * side, 3)).save(file, 'png')


def add_line(path, step, seconds, means):
    """Adds a point to the curves, as `training.run` has them; returns it."""
    point = {'step': step, 'seconds': round(seconds, 3), **means}
    with open(path, 'a', encoding='utf-8') as file:
        file.write(json.dumps(point) + '\n')
    return point


def forget_after(path, step):
    """Drops points after a step, and what was written by half; returns the last one or {}.

    Raises:
      ValueError: if the file is of something else.
    """
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        lines = [line for line in file if line.endswith('}\n')]
    try:
        points = [json.loads(line) for line in lines]
        points = [point for point in points if point['step'] <= step]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path}: expected a JSON object with a step in each line, got another '
                         f'one ({error!r}); delete it') from error
    with files.replacing(path) as file:
        file.write(''.join(json.dumps(point) + '\n' for point in points).encode())
    return points[-1] if points else {}


def as_snapshot_arrays(values):
    """{name: array of the host} of the state among a device's values."""
    return {name[len(STATE):]: np.asarray(value) for name, value in values.items()
            if name.startswith(STATE)}
