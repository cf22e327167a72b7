"""The file format of coefficient VAEs: one versioned .npz, read without pickle.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| factors | [F] str | which factors the file has |
| layout | [5] int | optional: sizes of `factors.COEFFICIENT_PARTS` |
| FACTOR/source, FACTOR/licence | str | where the weights come from, the terms of use |
| FACTOR/encoder/fc0 .. fc2, mean, log_std | kernel [I, O], bias [O] | float16 or float32 |
| FACTOR/decoder/fc0 .. fc2, x_hat | likewise | |
| FACTOR/log_gamma | [] float32 | logarithm of the likelihood's deviation |
| FACTOR/mean, FACTOR/scale | [K] float32 | x = (coefficients - mean) / scale |
"""

import dataclasses
import os
import pathlib

import numpy as np

from tfdisco import factors, files
from tfdisco.shapes import check_choice

FORMAT = 'tfdisco-coefficient-vae'
VERSION = 1
BUILT_IN = 'built-in'
HIDDEN_LAYERS = 3
TEXTS = ('source', 'licence')
EXACT = ('log_gamma', 'mean', 'scale')  # always float32: they set the units
_STORED = {'factors': files.Array(files.TEXT, ['F']),
           'layout': files.Array(files.INTEGERS, [len(factors.COEFFICIENT_PARTS)], optional=True),
           **{f'*/{name}': files.Array(files.TEXT, []) for name in TEXTS},
           '*/*': files.Array(files.FLOATS, dtype=np.float32)}
_PRETRAINED = pathlib.Path(__file__).resolve().parents[2] / 'pretrained' / 'coefficient_vae.npz'


@dataclasses.dataclass(frozen=True)
class StoredVAEs:
    """What a file holds.

    Attributes:
      weights: {factor: {name: float32 array}}.
      texts: {factor: {'source': str, 'licence': str}}.
      layout: `factors.CoefficientLayout` or None.
    """

    weights: dict
    texts: dict
    layout: factors.CoefficientLayout = None


def kernel_shapes(size, latents, width):
    """{(half, layer): (inputs, outputs)} of every dense layer."""
    result = {}
    for half, inputs, outputs in (('encoder', size, {'mean': latents, 'log_std': latents}),
                                  ('decoder', latents, {'x_hat': size})):
        for index in range(HIDDEN_LAYERS):
            result[half, f'fc{index}'] = (inputs if index == 0 else width, width)
        result.update({(half, layer): (width, units) for layer, units in outputs.items()})
    return result


def weight_shapes(size, latents, width):
    """{name: shape} of every array of a VAE."""
    result = {}
    for (half, layer), shape in kernel_shapes(size, latents, width).items():
        result[f'{half}/{layer}/kernel'], result[f'{half}/{layer}/bias'] = shape, shape[1:]
    return {**result, 'log_gamma': (), 'mean': (size,), 'scale': (size,)}


def sizes(weights):
    """(coefficients K, latents L, width) of a VAE's arrays."""
    latents, width = weights['decoder/fc0/kernel'].shape
    return weights['decoder/x_hat/kernel'].shape[1], latents, width


def layout_fields(layout):
    """{part: size} of a `CoefficientLayout`."""
    return {part: int(getattr(layout, part)) for part in factors.COEFFICIENT_PARTS}


def read(path):
    """Reads and checks a file.

    Args:
      path: 'built-in' or a path.

    Returns:
      `StoredVAEs`.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, of another version, or inconsistent.
    """
    label = os.fspath(path)
    stored = files.read_npz(_PRETRAINED if label == BUILT_IN else path, 'coefficient VAE', FORMAT,
                            VERSION, 'make one with scripts/train_vae.py or '
                            'scripts/import_weights.py', _STORED)
    weights, texts = {}, {}
    for factor in stored['factors'].tolist():
        check_choice(f'{label}: factors', factor, factors.PARTS_OF_FACTOR)
        inside = {key[len(factor) + 1:]: value for key, value in stored.items()
                  if key.startswith(factor + '/')}
        texts[factor] = {name: str(inside.pop(name, '')) for name in TEXTS}
        check(inside, f'{label}: {factor}')
        weights[factor] = inside
    layout = stored.get('layout')
    if layout is not None:
        if (layout < 0).any():
            raise ValueError(f'{label}: layout: expected sizes of 0 or more, got {layout.tolist()}')
        layout = factors.CoefficientLayout(*layout.tolist())
    result = StoredVAEs(weights, texts, layout)
    if layout is not None:
        check_fit(result, label, layout, weights)
    return result


def write(path, stored, dtype='float16'):
    """Checks `stored` and writes it; the file appears whole or not at all.

    The same weights give the same bytes: members are sorted and carry no time.

    Args:
      path: where to; an existing file is replaced.
      stored: `StoredVAEs`.
      dtype: 'float16' or 'float32', of kernels and biases.

    Raises:
      ValueError: if weights are inconsistent or do not fit the type.
    """
    if dtype not in ('float16', 'float32'):
        raise ValueError(f"dtype: expected 'float16' or 'float32', got {dtype!r}")
    arrays = {'format': np.array(FORMAT), 'version': np.array(VERSION, np.int32),
              'factors': np.array(list(stored.weights))}
    if stored.layout is not None:
        check_fit(stored, path, stored.layout, stored.weights)
        arrays['layout'] = np.array(list(layout_fields(stored.layout).values()), np.int32)
    for factor, weights in stored.weights.items():
        with np.errstate(over='ignore'):  # what overflows is infinite, and fails the check
            kept = {name: np.asarray(value).astype(np.float32 if name in EXACT else dtype)
                    for name, value in weights.items()}
        check(kept, f'{path}: {factor}')
        texts = {name: np.array(stored.texts[factor][name]) for name in TEXTS}
        arrays.update({f'{factor}/{name}': value for name, value in {**kept, **texts}.items()})
    files.write_npz(path, arrays)


def check(weights, label):
    """Raises ValueError, naming `label` and the array, unless the arrays make one VAE."""
    for name in ('decoder/x_hat/kernel', 'decoder/fc0/kernel'):
        if name not in weights or np.ndim(weights[name]) != 2:
            raise ValueError(f'{label}: expected a matrix {name}, got none')
    expected = weight_shapes(*sizes(weights))
    if set(weights) != set(expected):
        raise ValueError(f'{label}: expected arrays {sorted(expected)}, got missing '
                         f'{sorted(set(expected) - set(weights))}, unknown '
                         f'{sorted(set(weights) - set(expected))}')
    for name, shape in expected.items():
        value = weights[name]
        if value.shape != shape or not np.issubdtype(value.dtype, np.floating):
            raise ValueError(f'{label}: {name}: expected floats {list(shape)}, got {value.dtype} '
                             f'{list(value.shape)}')
        if not np.isfinite(value).all():
            raise ValueError(f'{label}: {name}: expected finite numbers, got NaN or infinity')
    if not (weights['scale'] > 0).all():
        raise ValueError(f'{label}: scale: expected numbers above 0, got {weights["scale"].min()}')


def check_complete(stored, label, layout, wanted):
    """The layout to use for all factors of `wanted`.

    Raises:
      ValueError: if a factor is missing, no layout is known, or sizes differ from it.
    """
    missing = sorted(set(wanted) - set(stored.weights))
    if missing:
        raise ValueError(f'{label}: expected VAEs of {list(wanted)}, got none of {missing}')
    layout = layout or stored.layout
    if layout is None:
        raise ValueError(f'{label}: expected a layout, got none: the file does not say which '
                         "morphable model it is for; pass the model's layout")
    check_fit(stored, label, layout, wanted)
    return layout


def check_fit(stored, label, layout, wanted):
    """Raises ValueError, naming `label`, unless the factors of `wanted` fit the layout."""
    for factor in wanted:
        part = layout.factor_slice(factor)
        have = sizes(stored.weights[factor])[0]
        if have != part.stop - part.start:
            raise ValueError(f'{label}: {factor}: expected {part.stop - part.start} coefficients '
                             f'as the morphable model has, got {have}; train VAEs for this model '
                             'with scripts/train_vae.py')
