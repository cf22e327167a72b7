"""Reads ICT Face Model Light: the published OBJ folder, or the same data in one .npz."""

import collections
import os

import numpy as np

from tfdisco import files
from tfdisco.face3d.importers import ict_tables, licences, obj

WHERE = 'git clone https://github.com/ICT-VGL/ICT-FaceKit and give its folder FaceXModel'

Source = collections.namedtuple(
    'Source', ('vertices', 'triangles', 'identity', 'expression', 'expression_names', 'origin',
               'licence'))
Source.__doc__ = """The model as published: source units (about centimetres), all vertices.

vertices [26719, 3] float64 and triangles [T, 3] int32; identity [100, 26719, 3] and
expression [N, 26719, 3] float32, offsets from `vertices`; expression_names [N] as the
source spells them (`browDown_L`); origin and licence are texts.
"""


def read(source):
    """Reads `source`: FaceXModel, the repository that holds it, or an .npz of the same data.

    Returns:
      A `Source`.

    Raises:
      FileNotFoundError: naming what is missing and where to get it.
      ValueError: if the files are not those of the published model.
    """
    if os.path.isfile(source):
        return _read_npz(source)
    nested = os.path.join(source, 'FaceXModel')
    return _read_folder(nested if os.path.isdir(nested) else source)


def _read_folder(folder):
    index_path = os.path.join(folder, 'vertex_indices.json')
    neutral_path = os.path.join(folder, 'generic_neutral_mesh.obj')
    _expect_files(folder, [index_path, neutral_path])
    names = _expression_names(index_path)
    identity_paths = [os.path.join(folder, f'identity{mode:03d}.obj')
                      for mode in range(ict_tables.IDENTITY_MODES)]
    expression_paths = [os.path.join(folder, name + '.obj') for name in names]
    _expect_files(folder, identity_paths + expression_paths)

    vertices, triangles = obj.read_mesh(neutral_path, ict_tables.VERTICES)

    def offsets(paths):
        return np.stack([(obj.read_vertices(path, ict_tables.VERTICES) - vertices)
                         .astype(np.float32) for path in paths])

    return Source(vertices, triangles, offsets(identity_paths), offsets(expression_paths), names,
                  'ICT Face Model Light, https://github.com/ICT-VGL/ICT-FaceKit', licences.ICT)


def _expression_names(path):
    """The `expressions` of vertex_indices.json, whose landmarks also tell the vertex order."""
    table = files.read_json(path, WHERE)
    missing = [name for name in ('expressions', 'idx_to_landmark_verts')
               if not isinstance(table.get(name), list)]
    if missing:
        raise ValueError(f'{path}: expected lists "expressions" and "idx_to_landmark_verts", got '
                         f'no {missing}; {WHERE}')
    names = [str(name) for name in table['expressions']]
    landmarks = table['idx_to_landmark_verts']
    if tuple(landmarks) != ict_tables.LANDMARKS:
        raise ValueError(f'{path}: expected the landmarks of the current release (first '
                         f'{ict_tables.LANDMARKS[0]}), got others: an early release numbers its '
                         f'vertices in another order; {WHERE}')
    unsafe = [name for name in names if os.path.basename(name) != name or not name or '\0' in name]
    if unsafe or not names:
        raise ValueError(f'{path}: expected names of OBJ files in "expressions", got '
                         f'{unsafe or "none"}')
    return names


def _expect_files(folder, paths):
    missing = [os.path.basename(path) for path in paths if not os.path.isfile(path)]
    if missing:
        shown = ', '.join(missing[:4]) + (f' and {len(missing) - 4} more' * (len(missing) > 4))
        raise FileNotFoundError(f'{folder}: expected a folder with the OBJ files of ICT Face Model '
                                f'Light, missing {shown}; {WHERE}')


def _read_npz(path):
    count, modes = ict_tables.VERTICES, ict_tables.IDENTITY_MODES
    text = files.Array(files.TEXT)  # which may be stored as one-element arrays
    stored = files.read_npz(path, 'Face Model Light', advice=f'take another, or {WHERE}', arrays={
        'neutral_vertices': files.Array(files.NUMBERS, [count, 3], np.float64),
        'triangles': files.Array(files.INTEGERS, ['T', 3]),
        'identity_deltas': files.Array(files.NUMBERS, [modes, count, 3], np.float32),
        'identity_scale': files.Array(files.NUMBERS, [modes], np.float32),
        'expression_names': files.Array(files.TEXT, ['E']),
        'expression_deltas': files.Array(files.NUMBERS, ['E', count, 3], np.float32),
        'expression_scale': files.Array(files.NUMBERS, ['E'], np.float32),
        'landmarks68': files.Array(files.INTEGERS, [68]), 'source': text, 'licence': text})
    triangles = stored['triangles']
    if not triangles.size or triangles.min() < 0 or triangles.max() >= count:
        raise ValueError(f'{path}: triangles: expected [T, 3] integers from 0 to {count - 1}, got '
                         f'{list(triangles.shape)} of other numbers')
    if tuple(stored['landmarks68'].tolist()) != ict_tables.LANDMARKS:
        raise ValueError(f'{path}: landmarks68: expected those of the published model, got others')
    for name in ('source', 'licence'):
        if stored[name].size != 1:
            raise ValueError(f'{path}: {name}: expected one text, got {stored[name].size}')

    def offsets(kind):
        result = stored[kind + '_deltas']
        with np.errstate(over='ignore'):
            result *= stored[kind + '_scale'][:, None, None]
        if not np.isfinite(result).all():
            raise ValueError(f'{path}: {kind}_deltas: expected finite numbers times '
                             f'{kind}_scale, got an overflow')
        return result

    return Source(stored['neutral_vertices'], triangles.astype(np.int32), offsets('identity'),
                  offsets('expression'), stored['expression_names'].tolist(),
                  *(stored[name].item() for name in ('source', 'licence')))
