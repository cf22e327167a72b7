"""The folder a command writes records to: whose it is, so that the command can go on."""

import os

from tfdisco import files

CONFIG = 'config.json'


def claim(out, config, may_differ=()):
    """Writes config.json, or checks that the one there is the same.

    Args:
      out: the folder; made if need be.
      config: {name: value} as JSON gives it back.
      may_differ: names whose values do not matter.

    Raises:
      ValueError: if the folder holds other data, or something else.
    """
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, CONFIG)
    if not os.path.exists(path):
        if os.listdir(out):
            raise ValueError(f'out: expected an empty folder, or one of a run to go on with, '
                             f'got {out} with {sorted(os.listdir(out))[:3]}')
        files.write_json(path, config)
        return
    there = files.read_json(path, 'pass another --out')
    differ = {name: there.get(name) for name, value in config.items()
              if name not in may_differ and there.get(name) != value}
    if differ:
        raise ValueError(f'out: {out} holds what was made with '
                         + ', '.join(f'{name}={value}' for name, value in differ.items())
                         + '; pass the same flags to go on with it, or another --out')
