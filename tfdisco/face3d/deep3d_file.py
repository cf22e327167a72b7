"""Coefficients in MATLAB files, as Deep3D's and DiscoFaceGAN's code writes them.

| code | variables | order |
| --- | --- | --- |
| Deep3DFaceReconstruction (TensorFlow) | coeff [N, 257] | id, exp, tex, angle, gamma, trans |
| DiscoFaceGAN, preprocess_data.py | coeff [N, 257] | id, tex, exp, angle, gamma, trans |
| Deep3DFaceRecon_pytorch | id, exp, tex, angle, gamma, trans, [N, size] each | |

Numbers mean the same in all three and here; `trans` has no place in our coefficients, whose
faces are aligned so that it is zero.
"""

import glob
import os

import numpy as np
import scipy.io

from tfdisco import factors, files, progress
from tfdisco.face3d import coefficient_file
from tfdisco.face3d.importers import matlab
from tfdisco.shapes import check_choice, check_shape

LAYOUT = factors.CoefficientLayout(80, 80, 64)
# {variable: part}, in Deep3D's order.
PARTS = {'id': 'identity_shape', 'exp': 'expression', 'tex': 'identity_texture', 'angle': 'pose',
         'gamma': 'illumination'}
TOGETHER, TRANSLATION = 'coeff', 'trans'
OF_DEEP3D = 'face_shape'  # which Deep3D's demo stores beside them
DEEP3D, DISCOFACEGAN, PYTORCH = 'deep3d', 'discofacegan', 'pytorch'
ORDERS = {DEEP3D: tuple(PARTS), DISCOFACEGAN: ('id', 'tex', 'exp', 'angle', 'gamma')}
# Of photographs' faces the last 16 expressions deviate by 0.03 from the mean, other parts by
# ten times as much: enough to tell which of two places they stand at.
FAINT, RATIO = 16, 2.5
SECONDS = 3.0  # before a bar appears
LARGEST_ANGLE = 2.0  # radians; nobody is seen from behind
HINT = 'Deep3DFaceReconstruction, Deep3DFaceRecon_pytorch and DiscoFaceGAN write such files'


def read(path):
    """Reads a file, or all .mat files of a folder by name.

    Args:
      path: a .mat file, or a folder of them.

    Returns:
      coefficients float32 [N, 254] in the order of `factors`, and translation float32
      [N, 3] in decimetres, zeros where none is stored.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not such a file, is in another order, or in one that its numbers
        do not tell.
    """
    if os.path.isdir(path):
        found = sorted(glob.glob(os.path.join(glob.escape(os.fspath(path)), '*.mat')))
        if not found:
            raise ValueError(f'{os.fspath(path)}: expected .mat files in the folder, got none')
        with progress.bar(found, unit='file', delay=SECONDS) as bar:
            parts = [_variables(name) for name in bar]
    else:
        parts = [_variables(path)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if (
        len({tuple(part) for part in parts}) == 1) else None
    if rows is None:
        raise ValueError(f'{os.fspath(path)}: expected files of one kind, got several')
    if TOGETHER in rows:  # all together, which tells the order better than one
        options = _options(rows[TOGETHER])
        rows = options[_order(options, os.fspath(path))]
    if np.abs(rows['angle']).max() > LARGEST_ANGLE:
        raise ValueError(f'{os.fspath(path)}: angle: expected radians below {LARGEST_ANGLE}, got '
                         f'{np.abs(rows["angle"]).max():.3g}; are they degrees, or in another '
                         f'order than {", ".join(PARTS)}?')
    ours = {part: rows[name] for name, part in PARTS.items()}
    return (np.concatenate([ours[part] for part in factors.COEFFICIENT_PARTS], axis=1),
            rows[TRANSLATION])


def check_model(model, label):
    """Raises ValueError, naming `label`, unless the model has the published coefficients."""
    if not _is_published(model):
        raise ValueError(f'{label}: expected a generator or data of the Basel Face Model, whose '
                         f'coefficients these are, got those of {model.name}; pass a --snapshot '
                         'or --model of it')


def check_order(coefficients, model, label):
    """Checks coefficients that should be in our order, which DiscoFaceGAN's is as well.

    Args:
      coefficients: [N, K].
      model: that they belong to; of other models than the published nothing is known.
      label: for the message.

    Raises:
      ValueError: if they are Deep3D's: with a translation, or with texture last.
    """
    if not _is_published(model):
        return
    size = coefficients.shape[-1]
    if size == LAYOUT.size + 3:
        raise ValueError(f'{label}: expected [N, {LAYOUT.size}] coefficients, got [N, {size}]: '
                         'those of Deep3D have a translation; pass its .mat files')
    if size == LAYOUT.size:
        tails = {order: np.sqrt(np.mean(parts['exp'][:, -FAINT:] ** 2))
                 for order, parts in _options(coefficients).items()}
        if tails[DISCOFACEGAN] > RATIO * tails[DEEP3D] and tails[DEEP3D]:
            raise ValueError(f'{label}: expected coefficients in the order '
                             f'{", ".join(factors.COEFFICIENT_PARTS)}, got numbers that look like '
                             f"Deep3D's {', '.join(PARTS)}: its last {FAINT} expressions would be "
                             f'{tails[DISCOFACEGAN]:.2g}; pass its .mat files')


def _is_published(model):
    # Its modes are statistical and have no names.
    return model.layout == LAYOUT and not model.expression_names


def write(path, coefficients, translation=None, order=DEEP3D):
    """Writes a file; it appears whole or not at all.

    Args:
      path: the .mat to write; an existing file is replaced.
      coefficients: [N, 254] in the order of `factors`.
      translation: [N, 3] decimetres, or None for zeros.
      order: 'deep3d', 'discofacegan' or 'pytorch', see the module. The first two hold the
        parts as well, so that `read` need not guess.

    Raises:
      ValueError: on a wrong shape or order.
    """
    check_choice('order', order, [*ORDERS, PYTORCH])
    coefficients = np.asarray(coefficients, np.float32)
    check_shape('coefficients', coefficients, ['N', LAYOUT.size])
    translation = (np.zeros([len(coefficients), 3]) if translation is None else translation)
    check_shape('translation', translation, [len(coefficients), 3])
    split = LAYOUT.split(coefficients)._asdict()
    rows = {name: split[part] for name, part in PARTS.items()}
    rows[TRANSLATION] = np.asarray(translation, np.float32)
    if order != PYTORCH:
        rows[TOGETHER] = np.concatenate([rows[name] for name in (*ORDERS[order], TRANSLATION)],
                                        axis=1)
    with files.replacing(path) as file:
        scipy.io.savemat(file, rows)


def _variables(path):
    """{name: float32 [N, size]} of one file, 'coeff' or PyTorch's."""
    label = os.fspath(path)
    known = matlab.names(path, HINT)
    if TOGETHER in known and not known.issuperset(PARTS):
        rows = np.atleast_2d(matlab.read(path, TOGETHER, None, HINT))
        sizes = LAYOUT.size, LAYOUT.size + 3
        if rows.ndim != 2 or rows.shape[1] not in sizes:
            raise ValueError(f'{label}: {TOGETHER}: expected [N, {sizes[0]}] or [N, {sizes[1]}], '
                             f'got {list(rows.shape)}; {HINT}')
        result = {TOGETHER: np.concatenate([rows, np.zeros([len(rows), sizes[1] - rows.shape[1]])],
                                           axis=1)}
        if OF_DEEP3D in known:
            result = _options(result[TOGETHER])[DEEP3D]
    else:
        result = {name: matlab.read(path, name, None, HINT) for name in (*PARTS, TRANSLATION)}
        for name, part in (*PARTS.items(), (TRANSLATION, None)):
            check_shape(f'{label}: {name}', result[name],
                        [len(result['id']), getattr(LAYOUT, part) if part else 3])
    result = {name: values.astype(np.float32) for name, values in result.items()}
    for name, values in result.items():
        if not values.size or not np.isfinite(values).all():
            raise ValueError(f'{label}: {name}: expected finite numbers, got '
                             f'{"NaN or infinity" if values.size else "none"}')
    return result


def _options(rows):
    """{order: {name: [N, size]}} of [N, 257]."""
    options = {}
    for order, names in ORDERS.items():
        stops = np.cumsum([getattr(LAYOUT, PARTS[name]) for name in names])
        options[order] = dict(zip((*names, TRANSLATION), np.split(rows, stops, axis=1)))
    return options


def _order(options, label):
    """The order by which the last expressions are faint."""
    faint = {order: np.sqrt(np.mean(parts['exp'][:, -FAINT:] ** 2))
             for order, parts in options.items()}
    best, other = sorted(faint, key=faint.get)
    if not any(parts[name].any() for parts in options.values() for name in ('exp', 'tex')):
        return DEEP3D  # where both are zero, both orders say the same
    if not faint[other] > RATIO * faint[best]:
        raise ValueError(
            f'{label}: {TOGETHER}: expected coefficients in the order of Deep3D ('
            f'{", ".join(ORDERS[DEEP3D])}) or DiscoFaceGAN ({", ".join(ORDERS[DISCOFACEGAN])}), '
            f'got numbers that tell neither: the last {FAINT} expressions, which are faint in '
            f'faces, would be about {faint[DEEP3D]:.2g} or {faint[DISCOFACEGAN]:.2g}; store them '
            f'as {", ".join(PARTS)} and {TRANSLATION} apart')
    return best


def convert(source, out, order=DEEP3D):
    """Writes the coefficients of a file as another.

    Args:
      source: an .npz of `coefficient_file`, or what `read` takes.
      out: .mat or .npz; the latter has `translation` [N, 3] as well.
      order: of a .mat, see `write`.

    Returns:
      The number of faces.

    Raises:
      FileNotFoundError: if there is no such file or no folder for `out`.
      ValueError: if it is not such a file.
    """
    ending = os.path.splitext(out)[1]
    check_choice("out's ending", ending, ['.mat', '.npz'])
    files.check_target(out, ending)
    if os.fspath(source).endswith('.npz'):
        coefficients, translation = coefficient_file.read(source), None
    else:
        coefficients, translation = read(source)
    if ending == '.mat':
        write(out, coefficients, translation, order)
    else:
        files.write_npz(out, {'coefficients': coefficients, 'translation': (
            np.zeros([len(coefficients), 3], np.float32) if translation is None else translation)})
    return len(coefficients)
