"""Reads ICT Face Model Light: the published OBJ folder, or the same data in one .npz."""

import collections
import json
import os
import zipfile

import numpy as np

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
    try:
        with open(path, encoding='utf-8') as file:
            table = json.load(file)
        names = [str(name) for name in table['expressions']]
        landmarks = table['idx_to_landmark_verts']
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path}: expected JSON with "expressions" and "idx_to_landmark_verts", '
                         f'got {error!r}; {WHERE}') from error
    if not isinstance(landmarks, list) or tuple(landmarks) != ict_tables.LANDMARKS:
        raise ValueError(f'{path}: expected the landmarks of the current release (first '
                         f'{ict_tables.LANDMARKS[0]}), got others: an early release numbers its '
                         f'vertices in another order; {WHERE}')
    unsafe = [name for name in names if os.path.basename(name) != name or not name]
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
    names = ('neutral_vertices', 'triangles', 'identity_deltas', 'identity_scale',
             'expression_deltas', 'expression_scale', 'expression_names', 'landmarks68', 'source',
             'licence')
    try:
        with np.load(path, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in names}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError,
            zipfile.BadZipFile) as error:
        raise ValueError(f'{path}: expected an .npz of ICT Face Model Light with {list(names)}, '
                         f'got {error}; or {WHERE}') from error
    count, modes = ict_tables.VERTICES, ict_tables.IDENTITY_MODES
    expressions = len(stored['expression_names'])
    wanted = {'neutral_vertices': (count, 3), 'identity_deltas': (modes, count, 3),
              'identity_scale': (modes,), 'expression_deltas': (expressions, count, 3),
              'expression_scale': (expressions,), 'landmarks68': (68,)}
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise ValueError(f'{path}: {name}: expected shape {list(shape)}, got '
                             f'{list(stored[name].shape)}')
    triangles = stored['triangles']
    if (triangles.ndim != 2 or triangles.shape[1] != 3 or triangles.dtype.kind not in 'iu'
            or not triangles.size or triangles.min() < 0 or triangles.max() >= count):
        raise ValueError(f'{path}: triangles: expected [T, 3] integers from 0 to {count - 1}, got '
                         f'{triangles.dtype} {list(triangles.shape)} or other numbers')
    if tuple(stored['landmarks68'].tolist()) != ict_tables.LANDMARKS:
        raise ValueError(f'{path}: landmarks68: expected those of the published model, got others')

    def offsets(kind):
        scale = stored[kind + '_scale'].astype(np.float32)
        return stored[kind + '_deltas'].astype(np.float32) * scale[:, None, None]

    return Source(stored['neutral_vertices'].astype(np.float64),
                  triangles.astype(np.int32), offsets('identity'), offsets('expression'),
                  [str(name) for name in stored['expression_names']],
                  # Texts may be stored as one-element arrays.
                  str(stored['source'].reshape(-1)[0]), str(stored['licence'].reshape(-1)[0]))
