"""Pictures of what coefficient VAEs learned, beside the data."""

import os

import numpy as np
import tensorflow as tf

from tfdisco import images
from tfdisco.face3d import sheets
from tfdisco.face3d.visibility import visibility
from tfdisco.networks.vae import CoefficientVAE

SCATTER = 240  # edge of a scatter plot, pixels
LIMIT = 4.0  # its half width in standard deviations of the data
POINTS = 20000
DATA_COLOR, DECODED_COLOR = (30, 60, 150), (180, 70, 20)
FACE, FACES = 128, 12  # edge of a rendered face, faces of each kind


def write(folder, stored, model, people, seed):
    """Writes scatter.png and faces.png.

    Args:
      folder: where to.
      stored: `vae_file.StoredVAEs`.
      model: the `MorphableModel`.
      people: [N, layout.size], the data.
      seed: of the people shown and of z.
    """
    vaes = {factor: CoefficientVAE.from_arrays(arrays, name=factor)
            for factor, arrays in stored.weights.items()}
    images.write_png(os.path.join(folder, 'scatter.png'), scatter(vaes, model, people, seed))
    images.write_png(os.path.join(folder, 'faces.png'), faces(vaes, model, people, seed))


def scatter(vaes, model, people, seed):
    """Data and decoded z ~ N(0, 1) of each factor on the data's first two principal axes.

    Coefficients are weighted by what they change of the face, as in training; one
    factor a column.

    Returns:
      uint8 [height, width, 3].
    """
    people = people[:POINTS]
    weight = visibility(model)
    top, bottom = [], []
    for index, (factor, vae) in enumerate(vaes.items()):
        part = model.layout.factor_slice(factor)
        data = people[:, part]
        unit = np.maximum(data.std(axis=0), 1e-12) / weight[part]
        standard = (data - data.mean(axis=0)) / unit
        axes = np.linalg.svd(standard[:2000], full_matrices=False)[2][:2].T  # [K, 2]
        decoded = (vae.decode(_latents(vae, len(data), [seed, index])).numpy()
                   - data.mean(axis=0)) / unit
        spread = np.maximum((standard @ axes).std(axis=0), 1e-12)
        top.append(_density(standard @ axes / spread, DATA_COLOR))
        bottom.append(_density(decoded @ axes / spread, DECODED_COLOR))
    labels = [f'{factor}: {kind}' for kind in ('data', 'decoded z') for factor in vaes]
    return images.contact_sheet(top + bottom, len(vaes), labels,
                                f'principal axes 1 and 2, +-{LIMIT:.0f} standard deviations')


def faces(vaes, model, people, seed):
    """Rendered people: data above, decoded z ~ N(0, 1) below; untrained factors are neutral."""
    studio = sheets.Studio(model, FACE, seed)
    count = min(FACES, len(people))
    chosen = np.random.default_rng(seed).choice(len(people), count, replace=False)
    data, decoded = studio.coefficients(count), studio.coefficients(count)
    for index, (factor, vae) in enumerate(vaes.items()):
        part = model.layout.factor_slice(factor)
        data[:, part] = people[chosen][:, part]
        decoded[:, part] = vae.decode(_latents(vae, count, [seed, index])).numpy()
    tiles = studio.tiles(np.concatenate([data, decoded]))
    return images.contact_sheet(tiles, -(-count // 2), ['data'] * count + ['decoded z'] * count,
                                f'{", ".join(vaes)} of {model.name}')


def _latents(vae, count, seed):
    drawn = np.random.default_rng(seed).standard_normal((count, vae.latents))
    return tf.constant(drawn, tf.float32)


def _density(points, color):
    """Points [N, 2] as a picture: the more in a pixel, the nearer to `color`."""
    counts, _, _ = np.histogram2d(-points[:, 1], points[:, 0], SCATTER // 2,
                                  [[-LIMIT, LIMIT]] * 2)
    share = np.sqrt(counts / max(np.percentile(counts[counts > 0], 99) if counts.any() else 1, 1))
    share = np.clip(share, 0.0, 1.0)[..., np.newaxis].repeat(2, axis=0).repeat(2, axis=1)
    return np.rint(244 * (1 - share) + np.array(color) * share).astype(np.uint8)
