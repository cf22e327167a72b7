"""A published snapshot as what a training starts from."""

import os

from tfdisco.networks.stylegan import snapshot
from tfdisco.training.run import folder as run_folder


def import_run(source, out):
    """Writes the networks of a snapshot to a folder that `--start` of a training takes.

    The training has to be of the same networks: `--arch=stylegan`, the same resolution and
    channels (`fmap_base` twice the published one), and the noise that the inputs have.

    Args:
      source: network-snapshot-NNN.pkl, see `snapshot.load`.
      out: the folder to write.

    Returns:
      `out`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not as expected, or the folder holds a run.
      OSError: if the folder cannot be written.
    """
    if not os.path.isdir(os.path.dirname(os.path.abspath(out))):
        raise FileNotFoundError(f'out: expected an existing folder to make {out} in, got none')
    networks = snapshot.load(source)
    run_folder.write_weights(out, **networks._asdict())
    return out
