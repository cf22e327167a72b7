"""The file format of a morphable model: one versioned .npz, read without pickle.

| array | shape, type | content |
| --- | --- | --- |
| format, version | str, int | `FORMAT`, `VERSION` |
| name, source, licence | str | what it is, where it comes from, the terms of use |
| mean_shape | [V, 3] float32 | mean face, decimetres, +x the subject's left, +y up, +z forward |
| identity_basis | [Ks, V, 3] | one mode a row, for a coefficient of 1 standard deviation |
| expression_basis | [Ke, V, 3] | likewise; coefficient 0 is the neutral face |
| mean_albedo | [V, 3] float32 | 0 to 255, display space |
| albedo_basis | [Kt, V, 3] | likewise |
| triangles | [T, 3] integer | vertex indices from 0, counter-clockwise from outside |
| landmarks | [68] integer | vertex of each landmark, iBUG order |
| face_mask | [V] bool | the paper's face region: skin of the face |
| expression_unit_names | [N] str | named expressions |
| expression_units | [N, Ke] float32 | and their coefficients |

and, optionally, `region_names` [R] str with `vertex_regions` [V] uint8;
`mirror_vertex` [V], the vertex at the mirrored place, with `identity_parity`,
`expression_parity` and `albedo_parity`, +1 or -1 a mode, what mirroring does to
the coefficient; `identity_exemplars` [N, Ks + Kt] and `expression_exemplars`
[N, Ke], coefficients of plausible people, with `exemplar_bandwidth` [2], the
smoothing of each when people are drawn from them.

A basis or an exemplar table may be stored as int8 or int16 beside
`NAME_scale` (one factor a mode); `read` returns float32.
"""

import functools
import os
import zipfile

import numpy as np

from tfdisco import files

FORMAT = 'tfdisco-morphable-model'
VERSION = 1

TEXTS = ('name', 'source', 'licence')
BASES = ('identity_basis', 'expression_basis', 'albedo_basis')
REQUIRED = TEXTS + BASES + ('mean_shape', 'mean_albedo', 'triangles', 'landmarks', 'face_mask',
                            'expression_unit_names', 'expression_units')
PARITIES = {'identity_parity': 'identity_basis', 'expression_parity': 'expression_basis',
            'albedo_parity': 'albedo_basis'}
EXEMPLARS = ('identity_exemplars', 'expression_exemplars')
OPTIONAL = tuple(PARITIES) + EXEMPLARS + ('region_names', 'vertex_regions', 'mirror_vertex',
                                          'exemplar_bandwidth')
LANDMARK_COUNT = 68


def _stored():
    """{name: `files.Array`}, the table above."""
    def numbers(*shape, dtype=np.float32, kind=files.NUMBERS, optional=False):
        return files.Array(kind, shape, dtype, optional)

    integers = functools.partial(numbers, kind=files.INTEGERS, dtype=np.int32)
    text = functools.partial(numbers, kind=files.TEXT, dtype=None)
    # As they are stored, to be multiplied by their scales.
    levels = functools.partial(numbers, dtype=None)
    optional = {
        'identity_basis_scale': numbers('Ks'), 'expression_basis_scale': numbers('Ke'),
        'albedo_basis_scale': numbers('Kt'), 'identity_exemplars': levels('Ni', 'Ks + Kt'),
        'identity_exemplars_scale': numbers('Ks + Kt'),
        'expression_exemplars': levels('Nx', 'Ke'), 'expression_exemplars_scale': numbers('Ke'),
        'exemplar_bandwidth': numbers(2), 'region_names': text('R'),
        'vertex_regions': integers('V', dtype=None), 'mirror_vertex': integers('V'),
        'identity_parity': levels('Ks'), 'expression_parity': levels('Ke'),
        'albedo_parity': levels('Kt')}
    return {
        **{name: text() for name in TEXTS}, 'mean_shape': numbers('V', 3),
        'identity_basis': levels('Ks', 'V', 3), 'expression_basis': levels('Ke', 'V', 3),
        'mean_albedo': numbers('V', 3), 'albedo_basis': levels('Kt', 'V', 3),
        'triangles': integers('T', 3), 'landmarks': integers(LANDMARK_COUNT),
        'face_mask': numbers('V', dtype=None, kind=files.TRUTH),
        'expression_unit_names': text('N'), 'expression_units': numbers('N', 'Ke'),
        **{name: array._replace(optional=True) for name, array in optional.items()}}


def read(path):
    """Reads and checks a model file.

    Args:
      path: a path, or an open binary file.

    Returns:
      {array name: array}; bases float32, triangles and landmarks int32, texts str.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if it is not a model file, of another version, or inconsistent.
    """
    label = os.fspath(path) if not hasattr(path, 'read') else getattr(path, 'name', 'model file')
    stored = files.read_npz(path, 'morphable model', FORMAT, VERSION,
                            'make one with scripts/import_morphable_model.py', _stored())
    arrays = {key: _restore(key, stored, label) for key in REQUIRED + OPTIONAL if key in stored}
    check(arrays, label)
    return arrays


def write(path, arrays, steps=None):
    """Checks `arrays` and writes them; the file appears whole or not at all.

    The same arrays give the same bytes: members are sorted and carry no time.

    Args:
      path: where to; an existing file is replaced.
      arrays: as `read` returns them.
      steps: {name: step}, for bases and exemplar tables to be stored as integers
        times `step` (a number or one a mode), which keeps the file small.

    Raises:
      ValueError: if the arrays are inconsistent or a step is too small for int16.
    """
    arrays = {key: np.asarray(value) for key, value in arrays.items()}
    unknown = sorted(set(arrays) - set(REQUIRED + OPTIONAL))
    missing = sorted(set(REQUIRED) - set(arrays))
    if unknown or missing:
        raise ValueError(f'{path}: expected arrays {list(REQUIRED)} and optionally '
                         f'{list(OPTIONAL)}, got unknown {unknown}, missing {missing}')
    check(arrays, path)
    stored = {'format': np.array(FORMAT), 'version': np.array(VERSION, np.int32), **arrays}
    for name, step in (steps or {}).items():
        stored.update(_quantize(name, arrays[name], step))
    # A fifth smaller than deflate here.
    files.write_npz(path, stored, zipfile.ZIP_LZMA)


def check(arrays, label):
    """Raises ValueError, naming `label` and the array, if the arrays do not fit together."""
    def expect(name, ok, wanted):
        if not ok:
            raise ValueError(f'{label}: {name}: expected {wanted}, got {arrays[name].dtype} '
                             f'{list(arrays[name].shape)}')

    vertices = len(arrays['mean_shape']) if np.ndim(arrays['mean_shape']) else 0
    for name in ('mean_shape', 'mean_albedo'):
        expect(name, arrays[name].shape == (vertices, 3) and vertices > 0, '[V, 3], V > 0')
    for name in BASES:
        expect(name, np.ndim(arrays[name]) == 3 and arrays[name].shape[1:] == (vertices, 3),
               f'[K, {vertices}, 3]')
    modes = {name: len(arrays[name]) for name in BASES}
    expect('triangles', np.ndim(arrays['triangles']) == 2 and arrays['triangles'].shape[1] == 3,
           '[T, 3]')
    expect('landmarks', arrays['landmarks'].shape == (LANDMARK_COUNT,), f'[{LANDMARK_COUNT}]')
    expect('face_mask', arrays['face_mask'].shape == (vertices,)
           and arrays['face_mask'].dtype == bool, f'bool [{vertices}]')
    expect('expression_unit_names', np.ndim(arrays['expression_unit_names']) == 1, '[N]')
    expect('expression_units',
           arrays['expression_units'].shape == (len(arrays['expression_unit_names']),
                                                modes['expression_basis']),
           f'[{len(arrays["expression_unit_names"])}, {modes["expression_basis"]}]')
    for name, basis in PARITIES.items():
        if name in arrays:
            expect(name, arrays[name].shape == (modes[basis],), f'[{modes[basis]}]')
    widths = {'identity_exemplars': modes['identity_basis'] + modes['albedo_basis'],
              'expression_exemplars': modes['expression_basis']}
    for name, width in widths.items():
        if name in arrays:
            expect(name, np.ndim(arrays[name]) == 2 and arrays[name].shape[1] == width
                   and len(arrays[name]) > 0, f'[N, {width}], N > 0')
            if 'exemplar_bandwidth' not in arrays:
                raise ValueError(f'{label}: {name} needs exemplar_bandwidth [2], got none')
    if 'exemplar_bandwidth' in arrays:
        expect('exemplar_bandwidth', arrays['exemplar_bandwidth'].shape == (2,), '[2]')
    for name in ('vertex_regions', 'mirror_vertex'):
        if name in arrays:
            expect(name, arrays[name].shape == (vertices,), f'[{vertices}]')
    limits = {'triangles': vertices, 'landmarks': vertices, 'mirror_vertex': vertices}
    if 'vertex_regions' in arrays:
        if 'region_names' not in arrays:
            raise ValueError(f'{label}: vertex_regions needs region_names, got none')
        limits['vertex_regions'] = len(arrays['region_names'])
    for name, limit in limits.items():
        values = arrays.get(name)
        if values is None:
            continue
        expect(name, np.issubdtype(values.dtype, np.integer), 'an integer type')
        if values.size and (values.min() < 0 or values.max() >= limit):
            raise ValueError(f'{label}: {name}: expected indices from 0 to {limit - 1}, got '
                             f'{values.min()} to {values.max()}')
    for name, values in arrays.items():
        if np.issubdtype(np.asarray(values).dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(f'{label}: {name}: expected finite numbers, got NaN or infinity')


def _restore(name, stored, label):
    value = stored[name]
    if name in TEXTS:
        return str(value)
    if name in BASES + EXEMPLARS:
        if np.issubdtype(value.dtype, np.integer):
            modes_axis = 0 if name in BASES else -1
            scale = stored.get(name + '_scale')
            if scale is None or scale.shape != (value.shape[modes_axis],):
                raise ValueError(f'{label}: {name}: expected {name}_scale, one factor a mode, got '
                                 + ('none' if scale is None else f'{list(scale.shape)}'))
            # What overflows is infinite, and refused with all that is.
            with np.errstate(over='ignore'):
                return value * (scale[:, None, None] if name in BASES else scale)
        with np.errstate(over='ignore'):
            return value.astype(np.float32)
    return value


def _quantize(name, values, step):
    if name not in BASES + EXEMPLARS:
        raise ValueError(f'steps: expected one of {BASES + EXEMPLARS}, got {name!r}')
    modes = len(values) if name in BASES else values.shape[-1]
    scale = np.broadcast_to(np.asarray(step, np.float32), (modes,))
    levels = np.rint(values / (scale[:, None, None] if name in BASES else scale))
    peak = np.abs(levels).max(initial=0)
    if peak > np.iinfo(np.int16).max:
        raise ValueError(f'steps: {name}: expected at most 32767 steps, got {int(peak)}; '
                         'take a larger step')
    kind = np.int8 if peak <= np.iinfo(np.int8).max else np.int16
    return {name: levels.astype(kind), name + '_scale': scale}
