"""Wavefront OBJ: vertex positions and triangles, nothing else."""

import numpy as np


def read_vertices(path, count):
    """Positions of the `v` lines, [count, 3] float64.

    Args:
      path: an OBJ file.
      count: the number of vertices it must have.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: if a number cannot be read or the count differs.
    """
    # One split of the joined text: a hundred and fifty of these files are read in a row.
    return _positions(path, _lines(path, 'v '), count)


def read_mesh(path, count):
    """Positions and triangles; quads are split along their shorter diagonal.

    Args:
      path: an OBJ file of triangles and quads.
      count: the number of vertices it must have.

    Returns:
      [count, 3] float64 and [T, 3] int32 from 0, in the file's order and winding.

    Raises:
      FileNotFoundError: if there is no such file.
      ValueError: as `read_vertices`, or if a face is neither triangle nor quad or
        names a vertex that is not there.
    """
    vertices = read_vertices(path, count)
    faces = []
    for line in _lines(path, 'f '):
        try:
            corners = [int(corner.split('/')[0]) - 1 for corner in line.split()]
        except ValueError as error:
            raise ValueError(f'{path}: expected faces of vertex numbers, got "f {line}"') from error
        # Numbers relative to the end (negative) are legal OBJ, but no model here has them.
        if len(corners) not in (3, 4) or not all(0 <= corner < count for corner in corners):
            raise ValueError(f'{path}: expected faces of 3 or 4 vertices from 1 to {count}, got '
                             f'"f {line}"')
        faces.append(corners)
    if not faces:
        raise ValueError(f'{path}: expected a mesh with faces, got none')
    order = np.argsort([len(face) for face in faces], kind='stable')
    triangles = [faces[i] for i in order if len(faces[i]) == 3]
    quads = [faces[i] for i in order if len(faces[i]) == 4]
    split = np.concatenate([np.reshape(triangles, [-1, 3]).astype(np.int32),
                            _split_quads(vertices, np.reshape(quads, [-1, 4]).astype(np.int32))])
    # Back to the file's order: the two halves of a quad stay together.
    position = np.concatenate([order[:len(triangles)], np.repeat(order[len(triangles):], 2)])
    return vertices, split[np.argsort(position, kind='stable')]


def _split_quads(vertices, quads):
    a, b, c, d = (vertices[quads[:, k]] for k in range(4))
    shorter = np.linalg.norm(a - c, axis=1) <= np.linalg.norm(b - d, axis=1)

    def agree(first, second):  # do both halves face the same way?
        return np.sum(np.cross(*first) * np.cross(*second), axis=1) > 0

    ac_flat = agree((b - a, c - a), (c - a, d - a))
    bd_flat = agree((b - a, d - a), (c - b, d - b))
    # A concave quad folds along one of its diagonals: then the other is taken.
    use_ac = np.where(ac_flat == bd_flat, shorter, ac_flat)
    by_ac = quads[:, [0, 1, 2, 0, 2, 3]]
    by_bd = quads[:, [0, 1, 3, 1, 2, 3]]
    return np.where(use_ac[:, None], by_ac, by_bd).reshape(-1, 3)


def _lines(path, prefix):
    try:
        with open(path, encoding='ascii') as file:
            return [line[len(prefix):] for line in map(str.strip, file) if line.startswith(prefix)]
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: expected an OBJ text file, got other bytes ({error})') from error


def _positions(path, lines, count):
    try:
        values = np.array(' '.join(lines).split(), np.float64)
    except ValueError as error:
        raise ValueError(f'{path}: expected "v x y z" lines of numbers, got {error}') from error
    if len(lines) != count or values.size != 3 * count:
        raise ValueError(f'{path}: expected {count} vertices of 3 numbers, got {len(lines)} '
                         f'vertices and {values.size} numbers')
    if not np.isfinite(values).all():
        raise ValueError(f'{path}: expected finite numbers, got NaN or infinity')
    return values.reshape(count, 3)
