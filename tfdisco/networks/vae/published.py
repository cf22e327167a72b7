"""Converts published weights into this project's files."""

import glob
import os

import numpy as np
import tensorflow as tf

from tfdisco import factors, files
from tfdisco.networks.vae import file
from tfdisco.shapes import check_choice

# The authors' names of the factors and of the layers that are not called alike.
PUBLISHED_FACTORS = {factors.IDENTITY: 'id', factors.EXPRESSION: 'exp',
                     factors.ILLUMINATION: 'gamma', factors.POSE: 'rot'}
PUBLISHED_LAYERS = {'encoder/mean': 'encoder/dense', 'encoder/log_std': 'encoder/dense_1'}
TEXTS = {'source': 'microsoft/DiscoFaceGAN, vae/weights',
         'licence': 'MIT, Copyright (c) Microsoft Corporation'}
LAYOUT = factors.CoefficientLayout(80, 80, 64)  # of the authors' coefficients


def load_published_vae(source, factor):
    """Reads a TensorFlow 1 checkpoint of the authors' coefficient VAE.

    It has no normalisation: mean 0, scale 1. Widths and latents are those stored.

    Args:
      source: the folder with the checkpoint, or its path without `.index`.
      factor: 'identity', 'expression', 'illumination' or 'pose'.

    Returns:
      {name: float32 array}, see `file`.

    Raises:
      FileNotFoundError: if there is no checkpoint.
      ValueError: if it is not one of that VAE.
    """
    check_choice('factor', factor, PUBLISHED_FACTORS)
    prefix = _checkpoint(source)
    try:
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
        root = f'{PUBLISHED_FACTORS[factor]}/stage1/'
        if not any(name.startswith(root) for name in shapes):
            known = {name.split('/')[0] for name in shapes}
            other = [key for key, value in PUBLISHED_FACTORS.items() if value in known]
            raise ValueError(f'{prefix}: expected variables {root}..., got '
                             + (f'the VAE of {other[0]}; pass --factor={other[0]}' if other
                                else f'{sorted(shapes)[:5]}'))

        def value(name):
            if root + name not in shapes:
                raise ValueError(f'{prefix}: expected a variable {root}{name}, got none')
            stored = np.asarray(reader.get_tensor(root + name))
            if stored.dtype.kind != 'f' or name.endswith('kernel') != (stored.ndim == 2):
                raise ValueError(f'{prefix}: {root}{name}: expected floats, kernels of two axes, '
                                 f'got {stored.dtype} {list(stored.shape)}')
            return stored.astype(np.float32)

        size, latents, width = (*reversed(value('decoder/x_hat/kernel').shape[1:]),
                                *value('decoder/fc0/kernel').shape)
        weights = {'log_gamma': value('decoder/loggamma_x'),
                   'mean': np.zeros(size, np.float32), 'scale': np.ones(size, np.float32)}
        for half, layer in file.kernel_shapes(size, latents, width):
            name = f'{half}/{layer}'
            for kind in ('kernel', 'bias'):
                weights[f'{name}/{kind}'] = value(f'{PUBLISHED_LAYERS.get(name, name)}/{kind}')
    except (tf.errors.OpError, IndexError) as error:  # the latter of files that are cut off
        raise ValueError(f'{prefix}: expected a TensorFlow checkpoint with its .data file beside '
                         f'it, got one that cannot be read ({error})') from error
    file.check(weights, prefix)
    return weights


def load_folder(source):
    """Reads the authors' folder vae/weights: id, exp, gamma and rot, a checkpoint in each.

    Args:
      source: the folder.

    Returns:
      `file.StoredVAEs` with the layout of the authors' coefficients.

    Raises:
      FileNotFoundError: if one is missing.
      ValueError: if one is not of that VAE.
    """
    weights = {factor: load_published_vae(os.path.join(source, name), factor)
               for factor, name in PUBLISHED_FACTORS.items()}
    file.check_fit(file.StoredVAEs(weights, {}), source, LAYOUT, weights)
    return file.StoredVAEs(weights, {factor: TEXTS for factor in weights}, LAYOUT)


def import_vae(source, factor, out):
    """Writes the VAE of one factor to `out`, as float32; VAEs of other factors in it stay.

    Returns:
      `out`.

    Raises:
      FileNotFoundError: if there is no checkpoint or no folder for `out`.
      ValueError: if `out` exists and is no VAE file, or the checkpoint is not as expected.
    """
    check_choice('factor', factor, PUBLISHED_FACTORS)
    files.check_target(out, '.npz')
    there = file.read(out) if os.path.exists(out) else file.StoredVAEs({}, {})
    weights = load_published_vae(source, factor)
    file.write(out, file.StoredVAEs({**there.weights, factor: weights},
                                    {**there.texts, factor: TEXTS}, there.layout),
               dtype='float32')
    return out


def _checkpoint(source):
    if os.path.isfile(f'{source}.index'):
        return str(source)
    if not os.path.isdir(source):
        raise FileNotFoundError(f'source: expected a folder with a checkpoint, got {source!r}')
    found = sorted(glob.glob(os.path.join(glob.escape(str(source)), '*.index')))
    if not found:
        raise FileNotFoundError(f'source: expected a checkpoint (*.index) in {source!r}, got none')
    if len(found) > 1:
        raise ValueError(f'source: expected one checkpoint in {source!r}, got {len(found)}; pass '
                         'the path of one without .index')
    return found[0][:-len('.index')]
